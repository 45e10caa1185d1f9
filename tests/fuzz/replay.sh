#!/usr/bin/env bash
# The fuzz targets once over all seeds: replay.sh BIN SEEDS [CAPTURES]. Fails when a target has no
# seed; so BIN must have capture_ot_test too, or CAPTURES be there.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
"$here/make-seeds.sh" "$1" "$2" "${3:-}"
"$1/fuzz_replay" --every "$2"
