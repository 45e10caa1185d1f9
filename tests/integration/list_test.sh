#!/usr/bin/env bash
# The operator's lists of a running collector: `tapiary flows|commands|events`, their largest groups,
# their live tail, and what they say when something is wrong.
# shellcheck disable=SC2119
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
for program in curl node python3; do need "$program"; done
tapiary=$bin/tapiary

start_collector
for role in sensor viewer; do make_token "s1-$role" "$role" "$work/$role.token"; done
export TAPIARY_COLLECTOR=$url TAPIARY_CA=$ca TAPIARY_TOKEN_FILE=$work/viewer.token
send() { curl -sf --cacert "$ca" -H "Authorization: Bearer $(cat "$work/sensor.token")" "$@" >>"$work/sent.log"; }
login() { # login USER
  send -d "{\"eventid\":\"cowrie.login.failed\",\"src_ip\":\"203.0.113.7\",\"src_port\":4022,\"dst_port\":2222,\"session\":\"abc\",\"username\":\"$1\",\"password\":\"1234\",\"timestamp\":\"2026-11-25T10:00:00Z\"}" "$url/api/v1/ingest/events"
}
node "$source_dir/tests/server/web/hostile_pcap.mjs" "$work/sample.pcap"
send --data-binary "@$work/sample.pcap" "$url/api/v1/ingest/pcap"
for user in root root admin; do login "$user"; done
# check PYTHON: what of the JSON on stdin, as `v`, must hold
check() { python3 -c "import json, sys; v = json.load(sys.stdin); assert $1, v" || fail "not so: $1"; }

say 'a list is what the API answers, in each format'
api "flows?limit=1000&last=1d" >"$work/flows.json"
count=$(python3 -c 'import json, sys; print(len(json.load(sys.stdin)["items"]))' <"$work/flows.json")
((count > 0)) || fail 'the collector has no flows'
"$tapiary" flows --last 1d --limit 0 --format json | check "len(v) == $count"
[[ $("$tapiary" flows --last 1d --limit 0 --format ndjson | wc -l) == "$count" ]] || fail 'ndjson'
[[ $("$tapiary" flows --last 1d --limit 0 --format csv | wc -l) == $((count + 1)) ]] || fail 'csv'
"$tapiary" flows --last 1d --limit 1 >"$work/out" 2>"$work/err"
[[ $(wc -l <"$work/out") == 2 ]] || fail "a header and one row: $(cat "$work/out")"
((count == 1)) || grep -q 'there are more' "$work/err" || fail 'does not say that there are more'
if LC_ALL=C grep -q '[^ -~]' "$work/out"; then fail 'the terminal gets bytes that are no text'; fi

say 'events, by filter and by group'
"$tapiary" events --last 1d --limit 0 --format json 'event.user == "root"' | check 'len(v) == 2'
"$tapiary" events --last 1d --top event.user --format json |
  check '[(r["event.user"], r["events"]) for r in v] == [("root", 2), ("admin", 1)]'
"$tapiary" events --last 1d --format json 'event.user matches "^adm"' | check 'len(v) == 1'

say 'a mistake in a filter is shown where it is'
code=0
"$tapiary" flows 'tcp.prt == 502' 2>"$work/err" || code=$?
((code != 0)) || fail 'a wrong filter is taken'
for part in '\^' 'tcp.port'; do
  grep -q "$part" "$work/err" || fail "no caret or suggestion: $(cat "$work/err")"
done

say 'the tail shows what comes, once'
"$tapiary" events --follow --format ndjson 'event.user == "late"' >"$work/tail" 2>"$work/tail.log" &
tail_pid=$!
on_exit "stop_pid $tail_pid"
sleep 1.5
login late
login other
wait_for 10 'the tail has the event' test -s "$work/tail"
sleep 2.5
[[ $(wc -l <"$work/tail") == 1 ]] || fail "not once: $(cat "$work/tail")"
stop_pid "$tail_pid"

say 'nobody there, a token that is wrong, one that all can read'
code=0
TAPIARY_COLLECTOR=https://127.0.0.1:$(free_port) "$tapiary" flows 2>"$work/err" || code=$?
((code == 1)) || fail "exit $code when nobody is there"
code=0
TAPIARY_TOKEN_FILE=$work/sensor.token "$tapiary" flows 2>"$work/err" || code=$?
((code == 1)) || fail "exit $code with a sensor's token"
chmod 644 "$work/viewer.token"
code=0
"$tapiary" flows 2>"$work/err" || code=$?
((code != 0)) || fail 'a token that all can read is used'
grep -q 'chmod 600\|others' "$work/err" || fail "does not say what to do: $(cat "$work/err")"
say passed
