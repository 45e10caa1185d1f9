#!/usr/bin/env bash
# The fuzz targets once over all seeds: replay.sh BIN SEEDS [CAPTURES]. Fails when a target has no
# seed; without CAPTURES some have none (layer 2, for example), and that is not asked for.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
"$here/make-seeds.sh" "$1" "$2" "${3:-}"
every=()
[[ -d ${3:-} ]] && every=(--every)
"$1/fuzz_replay" "${every[@]}" "$2"
