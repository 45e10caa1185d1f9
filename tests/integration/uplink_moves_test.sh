#!/usr/bin/env bash
# The collector's name moves to another address while the former one still answers: within the age
# that a connection may have, everything goes to the new one (UP-06). The sensor has a hosts file of
# its own, in a mount namespace.
# shellcheck disable=SC2119
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need_root
for program in curl ip unshare python3; do need "$program"; done
unshare -m true 2>/dev/null || skip 'no mount namespaces here'

link=tum$((RANDOM % 10000))
ip link add "$link" type veth peer name "${link}p" || skip 'no veth here'
on_exit "ip link del $link 2>/dev/null"
ip link set "$link" up && ip link set "${link}p" up

collector_port=$(free_port)
start_collector --tls.names collector.test
make_token sensor-1 sensor "$work/sensor.token"
python3 -c 'import sqlite3, sys; sqlite3.connect(sys.argv[1]).execute("PRAGMA wal_checkpoint(TRUNCATE)")' "$work/data/catalog.sqlite"
cp -r "$work/data" "$work/moved" # the same token and certificate
"$bin/tapiary-collector" --data "$work/moved" --listen "127.0.0.2:$collector_port" >>"$work/moved.log" 2>&1 &
second=$!
on_exit "stop_pid $second"
wait_for 20 'the other collector' curl -sf --cacert "$ca" --resolve "collector.test:$collector_port:127.0.0.2" "https://collector.test:$collector_port/healthz"
facts() { # facts FOLDER: items that this collector has
  python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1], timeout=5).execute("SELECT count(*) FROM items WHERE kind = ?", ("facts",)).fetchone()[0])' "$work/$1/catalog.sqlite"
}
has() { (($(facts "$1") >= $2)); }

name_is() { echo "$1 collector.test" >"$work/hosts"; } # written in place: the mount shows it
name_is 127.0.0.1
# shellcheck disable=SC2016
unshare -m bash -c 'mount --make-rprivate / && mount --bind "$1" /etc/hosts && shift && exec "$@"' - "$work/hosts" \
  "$bin/tapiary-sensor" --capture.interfaces "$link" --spool.path "$work/spool" --uplink.url "https://collector.test:$collector_port" \
  --uplink.ca_file "$ca" --uplink.token_file "$work/sensor.token" --uplink.connection_age 4s --health.interval 1s >>"$work/sensor.log" 2>&1 &
sensor=$!
on_exit "stop_pid $sensor"

say 'items arrive at the first address'
wait_for 30 'facts' has data 3
say 'the name moves; the first address still answers'
name_is 127.0.0.2
wait_for 15 'facts at the second address' has moved 1
before=$(facts data)
wait_for 20 'more facts at the second address' has moved 5
[[ $(facts data) == "$before" ]] || fail "the first address still gets items: $before, then $(facts data)"

say 'the second address goes away and the name moves back: a failure resolves anew'
name_is 127.0.0.1
stop_pid "$second" KILL
wait_for 20 'facts at the first address again' has data $((before + 2))
say 'good'
