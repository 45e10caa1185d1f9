#!/usr/bin/env bash
# `tapiary testbed` with the demo's file: up, a Modbus attack of which the mirror shows every frame
# once, down without a trace; also after kill -9 at many moments of up, after a failing program, and
# beside foreign things of the same name.
# shellcheck source=ovs_lib.sh
source "$(dirname "$0")/ovs_lib.sh"
need jq
/usr/bin/python3 -c 'import pymodbus.server' 2>/dev/null || skip 'python3-pymodbus is not usable'
start_ovs

demo=$source_dir/scripts/demo
testbed=$demo/testbed.yaml
clean() { # nothing but loopback, the module's default devices and the switch
  [[ -z $(ip netns list) ]] || fail "namespaces left: $(ip netns list)"
  local links
  links=$(ip -j link show | jq -r '.[].ifname' | grep -E '^tap-|^tapiary' || true)
  [[ -z $links ]] || fail "links left: $links"
  [[ -z $(ovs-vsctl --timeout=10 list-br) ]] || fail "bridges left: $(ovs-vsctl list-br)"
  [[ $(ovs-vsctl --timeout=10 --format=json list Mirror | jq '.data | length') == 0 ]] || fail 'mirrors left'
  ! pgrep -f plc.py >/dev/null || fail 'the PLC still runs'
  [[ ! -e $TAPIARY_STATE_DIR/demo ]] || fail 'the state folder is left'
}

say 'up'
"$tapiary" testbed up "$testbed"
expect 0 'userspace datapath' "$tapiary" testbed status "$testbed"
expect 0 'is up already' "$tapiary" testbed up "$testbed"
[[ $("$tapiary" testbed status "$testbed" --format ndjson | jq -r .state | sort -u) == up ]] || fail 'not all up'

say 'every frame between attacker and PLC is at the mirror, once, byte for byte'
capture tap-cap0 "$work/mirror.pcap"
capture eth0 "$work/plc.pcap" tapiary-plc
ip netns exec tapiary-attacker "$demo/attack.py" 10.66.0.20 --no-scan --output "$work/attack.json" 2>"$work/attack.log"
stop_captures
[[ $(jq '[.steps[] | select(.status == "ok")] | length' "$work/attack.json") -ge 10 ]] || fail 'the attack failed'
/usr/bin/python3 "$demo/check.py" frames "$work/plc.pcap" "$work/mirror.pcap" || fail 'the mirror differs from the wire'
! tcpdump -nvr "$work/mirror.pcap" 2>/dev/null | grep -q incorrect || fail 'unfinished checksums were captured'
[[ $(ip -j -s link show dev tap-cap0 | jq '.[0].stats64.tx.packets') == 0 ]] || fail 'the capture port talks'
expect 0 silent "$tapiary" testbed status "$testbed"

say 'down, twice'
"$tapiary" testbed down "$testbed"
clean
expect 0 '' "$tapiary" testbed down "$testbed"
expect 1 absent "$tapiary" testbed status "$testbed"

say 'kill -9 in the middle of up, then down'
for delay in 0.01 0.02 0.03 0.05 0.07 0.09 0.12 0.15 0.2 0.3 0.6 5.2; do
  "$tapiary" testbed up "$testbed" 2>/dev/null &
  pid=$!
  sleep "$delay"
  stop_pid "$pid" KILL
  "$tapiary" testbed down "$testbed" 2>>"$work/down.log" || fail "down after $delay s"
  clean
done
say 'kill -9, then up again'
"$tapiary" testbed up "$testbed" 2>/dev/null &
pid=$!
sleep 0.12
stop_pid "$pid" KILL
"$tapiary" testbed up "$testbed" 2>>"$work/up.log"
expect 0 up "$tapiary" testbed status "$testbed"

say 'a removed port shows in status, and up repairs it'
ovs-vsctl --timeout=10 del-port tapiary0 tap-plc
expect 1 'not in bridge' "$tapiary" testbed status "$testbed"
"$tapiary" testbed up "$testbed" 2>>"$work/up.log"
expect 0 up "$tapiary" testbed status "$testbed"
"$tapiary" testbed down "$testbed"
clean

say 'a program that fails: said with its words, and everything is removed'
sed 's/plc.py\]/-c, "raise SystemExit(\\"no licence\\")"]/' "$testbed" >"$work/failing.yaml"
expect 1 'no licence' "$tapiary" testbed up "$work/failing.yaml"
clean

say "somebody else's things of the same name are refused and stay"
ip netns add tapiary-plc
ip -n tapiary-plc link set dev lo up
expect 1 'tapiary-plc already that is not ours' "$tapiary" testbed up "$testbed"
expect 0 '' "$tapiary" testbed down "$testbed"
[[ $(ip netns list) == tapiary-plc* ]] || fail 'a foreign namespace was removed'
ip netns delete tapiary-plc
ip link add dev tap-plc type veth peer name tap-else
expect 1 'interface tap-plc already' "$tapiary" testbed up "$testbed"
"$tapiary" testbed down "$testbed"
ip link show dev tap-plc >/dev/null || fail 'a foreign link was removed'
ip link delete dev tap-plc
ovs-vsctl --timeout=10 add-br tapiary0 -- set bridge tapiary0 datapath_type=netdev
expect 1 'a bridge tapiary0 already' "$tapiary" testbed up "$testbed"
"$tapiary" testbed down "$testbed"
[[ $(ovs-vsctl --timeout=10 list-br) == tapiary0 ]] || fail 'a foreign bridge was removed'
ovs-vsctl --timeout=10 del-br tapiary0
clean

say 'a second switch in the same network namespace cannot make userspace bridges: said'
ovs-vsctl --timeout=10 add-br first -- set bridge first datapath_type=netdev
(
  export OVS_RUNDIR=$work/ovs2 OVS_DBDIR=$work/ovs2 OVS_LOGDIR=$work/ovs2
  "$ovs_start" start 2>>"$work/ovs-start.log"
  expect 1 'cannot make bridge tapiary0' "$tapiary" testbed up "$testbed"
  "$ovs_start" stop 2>>"$work/ovs-start.log"
)
ovs-vsctl --timeout=10 del-br first
clean

say 'without a switch: said, and what can be removed is removed'
"$tapiary" testbed up "$testbed" 2>/dev/null
"$ovs_start" stop 2>/dev/null
expect 1 'Open vSwitch is not running' "$tapiary" testbed down "$testbed"
[[ -z $(ip netns list) ]] || fail 'namespaces left'
"$ovs_start" start 2>>"$work/ovs-start.log"
"$tapiary" testbed down "$testbed"
clean
say passed
