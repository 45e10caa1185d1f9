# Shared by the integration tests; sourced, not run. Each test works in its own folder and names, and
# cleans up whatever happens. Exit 77 says "cannot run here" and why.
# shellcheck shell=bash
set -euo pipefail

bin=${TAPIARY_BIN:?folder of the built programs}
# shellcheck disable=SC2034  # for the tests
source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d /tmp/tapiary-test.XXXXXX)
cleanups=()

say() { printf '%(%H:%M:%S)T %s\n' -1 "$*"; }
fail() {
  say "FAILED: $*"
  exit 1
}
skip() {
  say "SKIPPED: $*"
  exit 77
}
on_exit() { cleanups=("$1" "${cleanups[@]}"); } # run in reverse order

finish() {
  local code=$? command
  set +e
  for command in "${cleanups[@]}"; do eval "$command"; done
  if ((code != 0 && code != 77)); then
    for log in "$work"/*.log; do
      echo "--- ${log##*/}"
      tail -n 30 "$log"
    done
  fi
  rm -rf "$work"
  exit "$code"
}
trap finish EXIT

need_root() { ((EUID == 0)) || skip 'needs root for network namespaces'; }
need() { command -v "$1" >/dev/null || skip "$1 is not installed"; }

# in_own_network SCRIPT: starts the test anew in a network namespace of its own and ends with it;
# inside it goes on.
in_own_network() {
  local status=0
  if [[ ${TAPIARY_INSIDE:-} == 1 ]]; then
    ip link set lo up
    return
  fi
  need_root
  need unshare
  TAPIARY_INSIDE=1 unshare --net bash "$1" || status=$?
  exit "$status"
}

wait_for() { # wait_for SECONDS WHAT COMMAND...
  local end=$((SECONDS + $1)) what=$2
  shift 2
  until "$@" >/dev/null 2>&1; do
    ((SECONDS < end)) || fail "not within time: $what"
    sleep 0.2
  done
}

free_port() {
  local port
  for _ in {1..100}; do
    port=$((20000 + RANDOM % 10000))
    (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || {
      echo "$port"
      return
    }
  done
  fail 'no free port'
}

stop_pid() { # stop_pid PID [SIGNAL]: ends a child and waits for it
  kill "-${2:-TERM}" "$1" 2>/dev/null || true
  wait "$1" 2>/dev/null || true
}

# --- a collector ---
# Sets collector_pid, url, ca, and the files $work/sensor.token and $work/viewer.token.
collector_port=''
# shellcheck disable=SC2120  # options are optional
start_collector() {
  collector_port=${collector_port:-$(free_port)}
  url=https://127.0.0.1:$collector_port
  ca=$work/data/tls/collector.crt
  "$bin/tapiary-collector" --data "$work/data" --listen "127.0.0.1:$collector_port" "$@" >>"$work/collector.log" 2>&1 &
  collector_pid=$!
  on_exit "stop_pid $collector_pid"
  wait_for 20 'collector answers' curl -sf --cacert "$ca" "$url/healthz"
}

make_token() { # make_token NAME SCOPE FILE
  "$bin/tapiary" token create "$1" --scope "$2" --catalog "$work/data/catalog.sqlite" >"$3" 2>>"$work/token.log"
  chmod 600 "$3"
}

api() { # api PATH [CURL OPTION...]: as a viewer
  curl -sf --cacert "$ca" -H "Authorization: Bearer $(cat "$work/viewer.token")" "$url/api/v1/${1}" "${@:2}"
}

recorded_pcap() { # recorded_pcap FILE [FILTER]: everything that the collector has, nanoseconds
  api pcap -G --data-urlencode "filter=${2:-}" -d format=pcap -d from=2000-01-01 -o "$1"
}

count_packets() { tcpdump -r "$1" -n 2>/dev/null | wc -l; }
