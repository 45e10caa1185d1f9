# For integration tests with a real Open vSwitch: sourced first, before anything else. Runs the test
# again in network, mount and process namespaces of its own, so that nothing of the host is touched
# and everything ends with the test, then gives it lib.sh and a private switch.
# shellcheck shell=bash
set -euo pipefail

if [[ -z ${TAPIARY_TEST_PRIVATE:-} ]]; then
  private=(unshare --net --mount --pid --fork --kill-child --mount-proc)
  if ((EUID != 0)) || ! "${private[@]}" true 2>/dev/null; then
    echo 'SKIPPED: needs root and the right to make namespaces'
    exit 77
  fi
  export TAPIARY_TEST_PRIVATE=1
  exec "${private[@]}" bash "$0" "$@"
fi

# shellcheck source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
for program in ovs-vswitchd ovs-vsctl ip tcpdump; do need "$program"; done
mkdir -p /run/netns
mount -t tmpfs tmpfs /run/netns
mount -t sysfs sysfs /sys
ip link set dev lo up

export OVS_RUNDIR=$work/ovs OVS_DBDIR=$work/ovs OVS_LOGDIR=$work/ovs TAPIARY_STATE_DIR=$work/state
ovs_start=$source_dir/scripts/ovs-start.sh
# shellcheck disable=SC2034,SC2154  # for the tests; from lib.sh
tapiary=$bin/tapiary

start_ovs() {
  "$ovs_start" start 2>>"$work/ovs-start.log" || fail 'Open vSwitch does not start'
  on_exit "$ovs_start stop 2>/dev/null"
}

# expect CODE TEXT COMMAND...: runs it, and looks at exit code and output (both streams).
expect() {
  local code=0 wanted=$1 text=$2
  shift 2
  "$@" >"$work/output" 2>&1 || code=$?
  [[ $code == "$wanted" ]] || fail "exit $code instead of $wanted: $*: $(cat "$work/output")"
  [[ -z $text ]] || grep -qF -- "$text" "$work/output" || fail "no \"$text\" from $*: $(cat "$work/output")"
}

# capture INTERFACE FILE [NAMESPACE]: records until stop_captures.
captures=()
capture() {
  local prefix=()
  [[ -z ${3:-} ]] || prefix=(ip netns exec "$3")
  "${prefix[@]}" tcpdump -i "$1" --immediate-mode --time-stamp-precision=nano -B 16384 -s 0 -U -w "$2" 2>"$2.log" &
  captures+=($!)
  wait_for 10 "tcpdump on $1" grep -q 'listening on' "$2.log"
}
stop_captures() {
  sleep 0.5 # what is on its way
  for pid in "${captures[@]}"; do stop_pid "$pid" INT; done
  captures=()
}

# send_marked NAMESPACE INTERFACE DESTINATION_MAC TEXT [COUNT]: Ethernet frames of type 0x88b5
# (local experiments) that carry TEXT.
send_marked() {
  ip netns exec "$1" /usr/bin/python3 - "${@:2}" <<'PY'
import socket, sys
interface, destination, text, count = sys.argv[1], sys.argv[2], sys.argv[3], int((sys.argv[4:] or ["1"])[0])
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((interface, 0))
source = s.getsockname()[4]
frame = bytes.fromhex(destination.replace(":", "")) + source + b"\x88\xb5" + text.encode()
for _ in range(count):
    s.send(frame.ljust(60, b"\0"))
PY
}
# count_marked FILE TEXT
count_marked() {
  /usr/bin/python3 - "$@" <<'PY'
import sys
print(open(sys.argv[1], "rb").read().count(sys.argv[2].encode()))
PY
}
