#!/usr/bin/env bash
# Makes all seeds anew: make-seeds.sh BIN OUT [CAPTURES]. BIN has fuzz_seeds, and capture_ot_test
# where its conversations are to become seeds too.
set -euo pipefail

if (($# < 2)); then
  echo "usage: make-seeds.sh BIN OUT [CAPTURES]" >&2
  exit 2
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=$1 out=$2 captures=${3:-}
rm -rf "$out"
mkdir -p "$out"
python3 -B "$here/seeds.py" "$out"
sources=("$out/reader")
[[ -d $captures ]] && sources+=("$captures")
# It adds to OUT/reader while it reads there; so it gets a list of its own.
own=$(mktemp -d)
trap 'rm -rf "$own"' EXIT
cp "$out"/reader/* "$own/"
sources[0]=$own
"$bin/fuzz_seeds" "$out" "${sources[@]}"
if [[ -x $bin/capture_ot_test ]]; then
  # Its failures are reported where it is the test.
  TAPIARY_FUZZ_SEEDS=$out "$bin/capture_ot_test" --gtest_brief=1 >/dev/null || true
fi
