#!/usr/bin/env bash
# Fuzzes every target, or those named, one after the other: run.sh [SECONDS] [TARGET...]
#
# Builds the preset `fuzz`, makes seeds, keeps each target's corpus and findings under FUZZ_DIR
# (default build/fuzz/corpus). Prints a table; exit 1 on any finding. FUZZ_BIN: programs built
# before.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
seconds=60
if [[ ${1:-} =~ ^[0-9]+$ ]]; then
  seconds=$1
  shift
elif [[ ${1:-} == -* ]]; then
  echo "usage: run.sh [SECONDS] [TARGET...]" >&2
  exit 2
fi
bin=${FUZZ_BIN:-build/fuzz/bin}
dir=${FUZZ_DIR:-build/fuzz/corpus}
if [[ -z ${FUZZ_BIN:-} ]]; then
  cmake --preset fuzz >/dev/null
  cmake --build --preset fuzz
fi
mkdir -p "$dir"
tests/fuzz/make-seeds.sh "$bin" "$dir/seeds" ../shared/captures >&2
mapfile -t all < <("$bin/fuzz")
if (($# == 0)); then set -- "${all[@]}"; fi

# A finding is a file: a crash, a broken invariant, a leak, more than 1 GiB of memory, a single
# request for more than 256 MiB, or one input that takes more than 10 s.
limits=(-rss_limit_mb=1024 -malloc_limit_mb=256 -timeout=10 -max_len=16384)
status=0
printf '%-20s %12s %10s %8s  %s\n' target runs runs/s corpus result
for target in "$@"; do
  work=$dir/$target findings=$dir/findings/$target log=$dir/$target.log
  mkdir -p "$work" "$findings" "$dir/seeds/$target"
  result=ok
  "$bin/fuzz" "--target=$target" "${limits[@]}" "-max_total_time=$seconds" -print_final_stats=1 \
    "-artifact_prefix=$findings/" "$work" "$dir/seeds/$target" >"$log" 2>&1 || result="FINDING: $log"
  [[ $result == ok ]] || status=1
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
  speed=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
  printf '%-20s %12s %10s %8s  %s\n' "$target" "${runs:-?}" "${speed:-?}" \
    "$(find "$work" -type f | wc -l)" "$result"
done
exit "$status"
