#!/usr/bin/env bash
# Configures and builds one preset: build.sh [dev|release|asan|tsan] [--programs]. Result:
# build/PRESET/bin. With --programs no tests are built, and GoogleTest is not needed.
set -euo pipefail

cd "$(dirname "$0")/.."
preset=${1:-release}
tests=ON
[[ ${2:-} != --programs ]] || tests=OFF
mkdir -p build
cmake --preset "$preset" -DTAPIARY_TESTS=$tests >"build/$preset.log" 2>&1 || {
  cat "build/$preset.log" >&2
  exit 1
}
cmake --build --preset "$preset" -j "$(nproc)" >&2
