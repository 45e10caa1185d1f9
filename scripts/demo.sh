#!/usr/bin/env bash
# The main job once, end to end: a PLC and an attacker in their own namespaces on an Open vSwitch
# bridge, a mirror port, a sensor and a collector. Ends by showing what was seen. Root, Debian 12.
set -euo pipefail

usage() {
  cat <<'USAGE'
usage: demo.sh           install, build, run; leaves it running and says how to stop it
       demo.sh --once    the same, then compare what was recorded with what was done, and tear down;
                         exit 0 only if they are the same
       demo.sh --stop    tear down
Environment: TAPIARY_BIN (folder of built programs; default: build them), TAPIARY_DEMO_PORT (8443).
USAGE
}

cd "$(dirname "$0")/.."
mode=${1:-}
case $mode in
'' | --once | --stop) ;;
-h | --help)
  usage
  exit 0
  ;;
*)
  usage >&2
  exit 2
  ;;
esac
run=/var/tmp/tapiary-demo
bin=${TAPIARY_BIN:-$(cat "$run/bin" 2>/dev/null || echo "$PWD/build/release/bin")}
url=https://127.0.0.1:${TAPIARY_DEMO_PORT:-8443}
testbed=$PWD/scripts/demo/testbed.yaml

step() { printf '\n== %s\n' "$*"; }
die() {
  echo "demo.sh: $*" >&2
  exit 1
}

stop_process() { # stop_process NAME: ends it, and waits until it is gone
  local pid tries
  pid=$(cat "$run/$1.pid" 2>/dev/null) || return 0
  kill "$pid" 2>/dev/null || true
  for ((tries = 0; tries < 50; ++tries)); do
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -9 "$pid" 2>/dev/null || true
  rm -f "$run/$1.pid"
}

stop_all() {
  local name
  for name in witness sensor collector; do stop_process "$name"; done
  if [[ -e $run/testbed-up ]]; then
    "$bin/tapiary" testbed down "$testbed" >>"$run/testbed.log" 2>&1 || die "the testbed is not down: see $run/testbed.log"
    rm -f "$run/testbed-up"
  fi
  if [[ -e $run/ovs-started ]]; then
    scripts/ovs-start.sh stop >>"$run/testbed.log" 2>&1 || true
    rm -f "$run/ovs-started"
  fi
}

background() { # background NAME COMMAND...: its log and process number are in $run
  local name=$1
  shift
  setsid "$@" >"$run/$name.log" 2>&1 </dev/null &
  echo $! >"$run/$name.pid"
}

wait_for() { # wait_for SECONDS WHAT COMMAND...
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || die "not within time: $what"
    sleep 0.2
  done
}

api() { # api PATH [CURL OPTION...]
  curl -sSf --cacert "$run/data/tls/collector.crt" -H "@$run/authorization" "$url/api/v1/$1" "${@:2}"
}

install_and_build() {
  step 'Installing and building (the first time takes some minutes)'
  scripts/install-deps.sh demo
  [[ -n ${TAPIARY_BIN:-} ]] || scripts/build.sh release --programs
}

start_testbed() {
  step 'Open vSwitch, a PLC and an attacker on one bridge, all mirrored to one port'
  if ! scripts/ovs-start.sh status >/dev/null 2>&1; then
    touch "$run/ovs-started"
    scripts/ovs-start.sh >>"$run/testbed.log" 2>&1 || die "Open vSwitch does not start: see $run/testbed.log"
  fi
  touch "$run/testbed-up"
  "$bin/tapiary" testbed up "$testbed"
  "$bin/tapiary" mirror list
}

start_tapiary() {
  step 'Collector and sensor'
  background collector "$bin/tapiary-collector" --data "$run/data" --listen "127.0.0.1:${url##*:}"
  wait_for 20 'the collector answers' curl -sf --cacert "$run/data/tls/collector.crt" "$url/healthz"
  local catalog=$run/data/catalog.sqlite
  (
    umask 077
    "$bin/tapiary" token create demo-sensor --scope sensor --catalog "$catalog" >"$run/sensor.token"
    "$bin/tapiary" token create demo-viewer --scope viewer --catalog "$catalog" >"$run/viewer.token"
    "$bin/tapiary" user create demo --role admin --generate --catalog "$catalog" >"$run/demo.password"
    printf 'Authorization: Bearer %s\n' "$(cat "$run/viewer.token")" >"$run/authorization"
  ) 2>>"$run/token.log" || die "no token: see $run/token.log"
  background sensor "$bin/tapiary-sensor" --capture.interfaces tap-cap0 --spool.path "$run/spool" \
    --spool.segment_age 2s --meter.idle_timeout 10s --meter.active_timeout 5s --meter.closed_timeout 2s \
    --health.interval 1s --uplink.url "$url" --uplink.ca_file "$run/data/tls/collector.crt" \
    --uplink.token_file "$run/sensor.token"
  wait_for 10 'the sensor reports' sensor_reports
}
sensor_reports() { api sensors/demo-sensor/ledger | grep -q tap-cap0; }

attack() {
  step 'Attack: scan, identification, reads, writes'
  # A witness at another place than the sensor: tcpdump on the PLC's own interface.
  background witness ip netns exec tapiary-plc tcpdump -i eth0 -n -U --immediate-mode -B 8192 \
    --time-stamp-precision=nano -Z root -w "$run/witness.pcap"
  wait_for 10 'the witness listens' grep -q 'listening on' "$run/witness.log"
  ip netns exec tapiary-attacker /usr/bin/python3 scripts/demo/attack.py 10.66.0.20 --output "$run/attack.json"
  sleep 1
  stop_process witness
}

fetch() {
  api pcap -G -d last=1h -d format=pcap --data-urlencode "filter=ip.addr == 10.66.0.20 or eth.type == 0x0806" \
    -o "$run/recorded.pcap"
  api transactions -G -d last=1h -d format=ndjson -d limit=1000 -o "$run/transactions.ndjson"
}

same() {
  fetch
  /usr/bin/python3 scripts/demo/check.py frames "$run/witness.pcap" "$run/recorded.pcap" >"$run/check.txt" &&
    /usr/bin/python3 scripts/demo/check.py commands "$run/attack.json" "$run/transactions.ndjson" >>"$run/check.txt"
}

show() {
  step 'Flows'
  api flows -G -d last=1h -d format=ndjson | jq -r '[.start[11:23], .service // .proto, .orig.ip // .orig.mac,
    .orig.port, "->", .resp.ip // .resp.mac, .resp.port, (.orig.packets + .resp.packets), .commands] | @tsv' |
    sort | column -t -s $'\t' -N 'start,service,from,port, ,to,port,packets,commands'
  step 'Commands: what changed the PLC'
  api commands -G -d last=1h -d format=ndjson | jq -r '[.time[11:23], .orig.ip, "->", .resp.ip, .operation,
    "unit \(.unit)", "address \(.address)", (.values | tostring), .status, .attack_technique // "-"] | @tsv' |
    sort | column -t -s $'\t'
  step 'Loss ledger'
  api sensors/demo-sensor/ledger | jq -r '.items[] | "\(.interface): \(.offered) packets offered, " +
    "\(.recorded) recorded, \(.filtered) filtered, \([.lost[]?] | add // 0) lost"'
}

if [[ $mode == --stop ]]; then
  stop_all
  echo "stopped; what was recorded is still in $run"
  exit 0
fi
((EUID == 0)) || die 'it makes namespaces and a bridge: run it as root'
install_and_build
stop_all
rm -rf "$run"
mkdir -m 700 "$run"
echo "$bin" >"$run/bin"
[[ $mode != --once ]] || trap stop_all EXIT
start_testbed
start_tapiary
attack
end=$((SECONDS + 40))
until same || ((SECONDS > end)); do sleep 1; done
show
step 'Recorded against done'
cat "$run/check.txt"
if ! same; then die "what was recorded is not what was done; everything is in $run"; fi
echo 'the same'
step 'Look for yourself'
cat <<END
web page   $url/#token=$(cat "$run/viewer.token")
           (its certificate was made here: $run/data/tls/collector.crt)
           or as administrator: the name is demo, the first password in $run/demo.password
packets    $run/recorded.pcap
stop       $PWD/scripts/demo.sh --stop
END
[[ $mode != --once ]] || echo 'once only: it is stopped and torn down now'
