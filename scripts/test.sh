#!/usr/bin/env bash
# Installs, builds and runs every test: units, integration with real namespaces and a real Open vSwitch,
# the conformance check where the captures are, and the house checks. As root on Debian 12.
#
# A test that cannot run here says why and counts as skipped; skips that scripts/lint/skips.txt does
# not expect are failures. Last line: "N passed, N failed, N skipped".
set -euo pipefail

cd "$(dirname "$0")/.."
preset=${TAPIARY_PRESET:-release}
scripts/install-deps.sh test
scripts/build.sh "$preset"
cmake --build --preset "$preset" --target all_verify_interface_header_sets >&2 # each header alone

log=build/$preset/test.log
status=0
scripts/lint.sh || status=1
ctest --preset "$preset" -j 2 --no-tests=error --output-log "$log" || status=1

count() { grep -cE "^ *[0-9]+/[0-9]+ Test +#[0-9]+: .*$1" "$log" || true; }
passed=$(count ' Passed ') skipped=$(count '\*\*\*Skipped')
failed=$(count '\*\*\*(Failed|Timeout|Exception|Not Run +[0-9])')
while read -r name; do
  grep -qxF "$name" <(sed 's/[[:space:]]*#.*//' scripts/lint/skips.txt) || {
    echo "unexpected skip: $name (see $log for its reason)" >&2
    status=1 failed=$((failed + 1)) skipped=$((skipped - 1))
  }
done < <(sed -nE 's/^ *[0-9]+\/[0-9]+ Test +#[0-9]+: ([^ ]+) \.*\*\*\*Skipped.*/\1/p' "$log")
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"
