#!/usr/bin/env bash
# The operator's command: help, version, exit codes, and where data and talk go. Needs no privileges.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
export OVS_RUNDIR=$work/nowhere
tapiary=$bin/tapiary

code() { # code EXPECTED COMMAND...: stdout and stderr in $work/out and $work/err
  local wanted=$1 got=0
  shift
  "$@" >"$work/out" 2>"$work/err" || got=$?
  [[ $got == "$wanted" ]] || fail "exit $got instead of $wanted: $*: $(cat "$work/err")"
}

say 'help and version go to stdout, exit 0'
code 0 "$tapiary" --version
grep -q '^tapiary [0-9]' "$work/out" || fail 'no version'
code 0 "$tapiary" --help
"$tapiary" --help >"$work/help"
mapfile -t verbs < <(sed -nE 's/^ *Verb\{"([a-z]+)".*/\1/p' "$source_dir/cli/verbs.cc")
((${#verbs[@]} >= 2)) || fail 'found no verbs in cli/verbs.cc'
for verb in "${verbs[@]}"; do
  grep -q "^  $verb " "$work/help" || fail "--help does not tell $verb"
  code 0 "$tapiary" "$verb" --help
  grep -q 'Examples:' "$work/out" || fail "$verb --help has no examples"
  [[ ! -s $work/err ]] || fail "$verb --help talks on stderr"
done

say 'usage errors exit 2 and go to stderr'
for arguments in '' nonsense 'mirror' 'mirror plan' 'mirror list --format xml' 'testbed up' 'testbed up --nonsense x'; do
  # shellcheck disable=SC2086  # words on purpose
  code 2 "$tapiary" $arguments
  [[ -s $work/err ]] || fail "no message: tapiary $arguments"
done
for arguments in nonsense 'mirror nonsense' 'token nonsense --all'; do
  # shellcheck disable=SC2086  # words on purpose
  code 2 "$tapiary" $arguments
  grep -q "no verb 'nonsense'" "$work/err" || fail "not named: tapiary $arguments: $(cat "$work/err")"
done
code 2 "$tapiary" testbed up "$work/missing.yaml"
printf 'testbed: x\nbrdges: []\n' >"$work/bad.yaml"
code 2 "$tapiary" testbed up "$work/bad.yaml"
grep -q 'bad.yaml:2: ' "$work/err" || fail 'no line number'
[[ ! -s $work/out ]] || fail 'an error on stdout'

say 'run-time errors exit 1'
code 1 "$tapiary" mirror list
[[ ! -s $work/out ]] || fail 'an error on stdout'
say 'installed: a manual page for each verb, and words for the Tab key'
cmake --install "$(dirname "$bin")" --prefix "$work/usr" >"$work/install.log" 2>&1 || fail "not installed: $(tail -n 3 "$work/install.log")"
pages=(man1/tapiary.1 man8/tapiary-sensor.8 man8/tapiary-collector.8)
for verb in "${verbs[@]}"; do pages+=("man1/tapiary-$verb.1"); done
for page in "${pages[@]}"; do
  for section in NAME SYNOPSIS OPTIONS 'SEE ALSO'; do
    grep -qx "[.]SH $section" "$work/usr/share/man/$page" || fail "$page has no $section"
  done
  type groff >/dev/null 2>&1 || continue
  groff -man -Tutf8 -ww -z "$work/usr/share/man/$page" >"$work/groff" 2>&1
  [[ ! -s $work/groff ]] || fail "$page: $(head -n 3 "$work/groff")"
done
grep -q '^complete .* tapiary$' "$work/usr/share/bash-completion/completions/tapiary" || fail 'no completion'
say passed
