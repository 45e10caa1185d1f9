#!/usr/bin/env bash
# Checks the style of everything that git tracks. Needs no network and builds nothing.
set -euo pipefail

usage() {
  cat <<'USAGE'
usage: lint.sh [--tidy BUILD_DIR]

Prints one "file:line: text" for each finding and a summary; exit 1 when there are findings.
  formatting   clang-format on C++, shfmt on shell
  shell        shellcheck
  structure    scripts/lint/check.py: includes, sizes, missing tests, absolute paths
  --tidy DIR   also clang-tidy on base, capture and ovs; DIR holds compile_commands.json
Exceptions: scripts/lint/waivers.txt (long functions) and scripts/lint/untested.txt.
USAGE
}

tidy_dir=
case ${1:-} in
'') ;;
-h | --help)
  usage
  exit 0
  ;;
--tidy)
  [[ -f ${2:-}/compile_commands.json ]] || {
    echo "lint.sh: --tidy needs a build folder with compile_commands.json" >&2
    exit 2
  }
  tidy_dir=$(realpath "$2")
  ;;
*)
  usage >&2
  exit 2
  ;;
esac

cd "$(dirname "$0")/.."
findings=$(mktemp)
trap 'rm -f "$findings"' EXIT

# Tracked files that are still there, with these git path patterns.
tracked() {
  local file
  git ls-files -z -- "$@" | while IFS= read -r -d '' file; do
    [[ -f $file && ! -L $file ]] && printf '%s\0' "$file"
  done || true
}

shell_files() {
  local file first
  tracked | while IFS= read -r -d '' file; do
    first=
    IFS= read -r first <"$file" 2>/dev/null || true
    if [[ $file == *.sh || $first =~ ^'#!'.*[/\ ](ba)?sh($|\ ) ]]; then
      printf '%s\0' "$file"
    fi
  done 2>/dev/null
}

have() {
  command -v "$1" >/dev/null && return
  echo "scripts/lint.sh:1: $1 is not installed" >>"$findings"
  return 1
}

if have clang-format; then
  tracked '*.cc' '*.h' | xargs -0r clang-format --dry-run -Werror 2>&1 |
    sed -nE 's/^([^:]+:[0-9]+):[0-9]+: error:.*/\1: not as clang-format writes it/p' |
    sort -t: -k1,1 -k2,2n | sort -t: -k1,1 -u >>"$findings" || true
fi
if have shellcheck; then
  shell_files | xargs -0r shellcheck -f gcc | sed -E 's/^([^:]+:[0-9]+):[0-9]+:/\1:/' >>"$findings" || true
fi
if have shfmt; then
  shell_files | xargs -0r shfmt -l -i 2 | sed 's/$/:1: not as shfmt -i 2 writes it/' >>"$findings" || true
fi
/usr/bin/python3 scripts/lint/check.py >>"$findings" || [[ $? == 1 ]]
if [[ -n $tidy_dir ]] && have clang-tidy; then
  tracked 'base/*.cc' 'capture/*.cc' 'ovs/*.cc' |
    xargs -0r -n 1 -P 2 clang-tidy -p "$tidy_dir" --quiet 2>/dev/null |
    sed -nE "s#^($PWD/)?([^: ]+:[0-9]+):[0-9]+: (error|warning): #\\2: #p" |
    sort -u >>"$findings" || true
fi

cat "$findings"
count=$(wc -l <"$findings")
if ((count > 0)); then
  echo "lint: $count findings"
  exit 1
fi
echo "lint: clean"
