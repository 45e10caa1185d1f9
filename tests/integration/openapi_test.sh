#!/usr/bin/env bash
# The running collector against its OpenAPI document: every operation, every role, every method, and
# then nonsense in all parameters and bodies. Nothing may answer 500, be slow, leak or fall over.
# TAPIARY_FUZZ_SEED repeats a run, TAPIARY_FUZZ_REQUESTS makes it longer.
# shellcheck disable=SC2119
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
for program in curl node python3; do need "$program"; done
/usr/bin/python3 -c 'import jsonschema' 2>/dev/null || skip 'python3-jsonschema is not installed'

start_collector
mkdir "$work/tokens"
for role in sensor viewer analyst admin; do make_token "s1-$role" "$role" "$work/tokens/$role.token"; done
node "$source_dir/tests/server/web/hostile_pcap.mjs" "$work/sample.pcap"
send() { curl -sf --cacert "$ca" -H "Authorization: Bearer $(cat "$work/tokens/sensor.token")" "$@" >>"$work/sent.log"; }
send --data-binary "@$work/sample.pcap" "$url/api/v1/ingest/pcap"
send -d '{"eventid":"cowrie.login.failed","src_ip":"203.0.113.7","src_port":4022,"dst_port":2222,"session":"abc","username":"admin","password":"1234","timestamp":"2026-11-25T10:00:00Z"}' \
  "$url/api/v1/ingest/events"
printf '{"a":1}\nnot json\n' | send --data-binary @- "$url/api/v1/ingest/events" # is quarantined

seed=${TAPIARY_FUZZ_SEED:-$RANDOM}
/usr/bin/python3 "$source_dir/tests/integration/openapi_check.py" "$url" "$ca" "$work/tokens" "$seed" "${TAPIARY_FUZZ_REQUESTS:-3000}" ||
  fail "see above; TAPIARY_FUZZ_SEED=$seed repeats it"

say 'it is alive, small, and told no secret'
kill -0 "$collector_pid" || fail 'the collector ended'
peak_kb=$(awk '/VmHWM/ {print $2}' "/proc/$collector_pid/status")
((peak_kb < 600000)) || fail "peak memory $peak_kb kB"
for token in "$work"/tokens/*.token; do
  if grep -qF -- "$(cat "$token")" "$work/collector.log"; then fail "the log has the token ${token##*/}"; fi
done
say "peak memory $peak_kb kB"
