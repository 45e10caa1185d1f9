#!/usr/bin/env bash
# The demo as its user runs it, with the programs built already; nothing of it is left afterwards.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need_root
for program in ovs-vsctl nmap jq tcpdump; do need "$program"; done
/usr/bin/python3 -c 'import pymodbus' 2>/dev/null || skip 'python3-pymodbus is not installed'

port=$(free_port)
TAPIARY_DEMO_PORT=$port "$source_dir/scripts/demo.sh" --once | tee "$work/demo.log"
grep -q ' 0 lost$' "$work/demo.log" || fail 'the ledger does not say 0 lost'
grep -q '^the same$' "$work/demo.log" || fail 'recorded and done were not compared'
! ip netns list | grep -q '^tapiary-plc' || fail 'a namespace is left'
! ip link show tap-cap0 >/dev/null 2>&1 || fail 'the capture port is left'
! pgrep -f "listen 127.0.0.1:$port" >/dev/null || fail 'the collector is left'
say 'good'
