#!/usr/bin/env bash
# A live tail of a sensor that would send its packets a minute late: while somebody follows they come
# within seconds, each once, and when nobody does the sensor takes its time again.
# shellcheck disable=SC2119
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need_root
for program in curl ip python3; do need "$program"; done
here=$(dirname "$0")

ns=tapiary-live-$$
ip netns add "$ns"
on_exit "ip netns del $ns"
ip link add liv0 type veth peer name liv1 netns "$ns"
on_exit 'ip link del liv0 2>/dev/null'
ip addr add 10.67.0.1/24 dev liv0 && ip link set liv0 up
ip -n "$ns" addr add 10.67.0.2/24 dev liv1 && ip -n "$ns" link set liv1 up

start_collector
make_token sensor-1 sensor "$work/sensor.token"
make_token viewer viewer "$work/viewer.token"
"$bin/tapiary-sensor" --capture.interfaces liv0 --spool.path "$work/spool" --uplink.url "$url" --uplink.ca_file "$ca" \
  --uplink.token_file "$work/sensor.token" --health.interval 2s >>"$work/sensor.log" 2>&1 &
sensor_pid=$!
on_exit "kill -9 $sensor_pid 2>/dev/null"
segments() {
  python3 -c 'import sqlite3, sys
print(sqlite3.connect(sys.argv[1], timeout=20).execute("SELECT COUNT(*) FROM segments").fetchone()[0])' "$work/data/catalog.sqlite"
}
send() { ip netns exec "$ns" /usr/bin/python3 "$here/numbered.py" send 10.67.0.1 "$1" "$2" --rate 50; }

say 'nobody follows: a segment is not sent before its minute'
sleep 3
send 250 0
sleep 3
[[ $(segments) == 0 ]] || fail "$(segments) segments already"

say 'somebody follows: packets come within seconds'
"$bin/tapiary" pcap 'udp.port == 5099' --follow --format pcap --collector "$url" --ca "$ca" --token-file "$work/viewer.token" \
  2>>"$work/tail.log" >"$work/tail.pcap" &
tail_pid=$!
on_exit "stop_pid $tail_pid"
at_most() { # at_most SECONDS: the newest packet of the tail is so old
  python3 - "$work/tail.pcap" "$1" <<'PY'
import struct, sys, time
data = open(sys.argv[1], "rb").read()
newest, at = 0, 24
while at + 16 <= len(data):
    seconds, nanos, size = struct.unpack_from("<III", data, at)
    newest, at = seconds + nanos / 1e9, at + 16 + size
age = time.time() - newest
print(f"{age:.1f} s")
sys.exit(age > float(sys.argv[2]))
PY
}
send 1500 1000 &
send_pid=$!
wait_for 20 'the sensor has heard of it' at_most 15
for _ in {1..5}; do
  sleep 2
  at_most 15 || fail 'not as quick as a follower wants'
done
wait "$send_pid"
all_there() { python3 "$here/numbered.py" check "$work/tail.pcap" 1000 1500; }
wait_for 20 'all packets in the tail' all_there
all_there

say 'nobody follows any more: the sensor takes its time again'
stop_pid "$tail_pid" INT
sleep 36 # 20 s until the collector forgets, 15 s until the sensor does
before=$(segments)
send 100 5000
sleep 6
[[ $(segments) == "$before" ]] || fail "$(segments) segments, $before before"
say 'good'
