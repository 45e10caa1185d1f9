#!/usr/bin/env bash
# Fuzzes every target, or those named: run.sh [-j N] [SECONDS] [TARGET...]
#
# SECONDS (60) is the time of each target, N (1) how many run at a time. Builds the preset `fuzz`,
# makes seeds, keeps each target's corpus and findings under FUZZ_DIR (default build/fuzz/corpus).
# Prints a row as a target ends; the table stays in FUZZ_DIR/record.txt. Exit 1 on any finding.
# FUZZ_BIN: programs built before.
set -euo pipefail

usage() {
  echo "usage: run.sh [-j N] [SECONDS] [TARGET...]" >&2
  exit 2
}

jobs=1 seconds=60
if [[ ${1:-} == -j ]]; then
  [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || usage
  jobs=$2
  shift 2
fi
[[ ${1:-} != -* ]] || usage
if [[ ${1:-} =~ ^[0-9]+$ ]]; then
  seconds=$1
  shift
fi

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
bin=${FUZZ_BIN:-build/fuzz/bin}
dir=${FUZZ_DIR:-build/fuzz/corpus}
if [[ -z ${FUZZ_BIN:-} ]]; then
  cmake --preset fuzz >/dev/null
  cmake --build --preset fuzz
fi
mapfile -t all < <("$bin/fuzz")
if (($# == 0)); then set -- "${all[@]}"; fi
for target in "$@"; do
  [[ " ${all[*]} " == *" $target "* ]] || {
    echo "run.sh: no target $target" >&2
    exit 2
  }
done
mkdir -p "$dir"
tests/fuzz/make-seeds.sh "$bin" "$dir/seeds" ../shared/captures >&2

# A finding is a file: a crash, a broken invariant, a leak, more than 1 GiB of memory, a single
# request for more than 256 MiB, or one input that takes more than 10 s.
limits=(-rss_limit_mb=1024 -malloc_limit_mb=256 -timeout=10 -max_len=16384)

record=$dir/record.txt
count() { find "$1" -type f | wc -l; }
row() { printf '%-20s %6s %12s %8s %8s %8s  %s\n' "$@" | tee -a "$record"; }

declare -A running=() # process: its target
status=0 runs_of_all=0 findings_of_all=0

start() {
  local target=$1
  local work=$dir/$target findings=$dir/findings/$target seeds=$dir/seeds/$target
  mkdir -p "$work" "$findings" "$seeds"
  "$bin/fuzz" "--target=$target" "${limits[@]}" "-max_total_time=$seconds" -print_final_stats=1 \
    "-artifact_prefix=$findings/" "$work" "$seeds" >"$dir/$target.log" 2>&1 &
  running[$!]=$target
}

# Waits for one target to end and writes its row.
take() {
  local process code=0
  wait -n -p process "${!running[@]}" || code=$?
  local target=${running[$process]}
  unset "running[$process]"
  local log=$dir/$target.log result=ok
  if ((code != 0)); then
    result="FINDING: $log"
    status=1
    ((++findings_of_all))
  fi
  local runs speed edges
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  speed=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
  edges=$(sed -n 's/^#.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
  ((runs_of_all += ${runs:-0})) || true
  row "$target" "$(count "$dir/seeds/$target")" "${runs:-?}" "${speed:-?}" "${edges:-?}" \
    "$(count "$dir/$target")" "$result"
}

# Whoever stops this also stops what it started.
trap 'kill "${!running[@]}" 2>/dev/null || true' EXIT
trap 'exit 130' INT TERM

begin=$SECONDS
: >"$record"
echo "$(date -u +%FT%TZ) $(git rev-parse --short HEAD 2>/dev/null || echo '-')" \
  "$# targets, $seconds s each, $jobs at a time" | tee -a "$record"
row target seeds runs runs/s edges corpus result
for target in "$@"; do
  while ((${#running[@]} >= jobs)); do take; done
  start "$target"
done
while ((${#running[@]} > 0)); do take; done
echo "$runs_of_all runs in $((SECONDS - begin)) s, $findings_of_all targets with findings" |
  tee -a "$record"
exit "$status"
