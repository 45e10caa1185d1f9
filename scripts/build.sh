#!/usr/bin/env bash
# Configures and builds one preset: build.sh [dev|release|asan|tsan]. Result: build/PRESET/bin.
set -euo pipefail

cd "$(dirname "$0")/.."
preset=${1:-release}
cmake --preset "$preset" >"/tmp/tapiary-cmake-$preset.log" 2>&1 || {
  cat "/tmp/tapiary-cmake-$preset.log" >&2
  exit 1
}
cmake --build --preset "$preset" -j "$(nproc)" >&2
