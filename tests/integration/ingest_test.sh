#!/usr/bin/env bash
# The running collector against senders that repeat, lie, break off and overreach: what is refused
# gets a clear problem+json answer and leaves no object, no file and no row; what is repeated is
# stored once (UP-01, UP-02, UP-03, CO-03, CO-05, CO-06, CO-08, CO-15).
# shellcheck disable=SC2119
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
for program in curl zstd gzip protoc openssl python3; do need "$program"; done
captures=$source_dir/../shared/captures
[[ -d $captures ]] || skip 'the capture files are not there'
good=$captures/modbus/modbus_all_functions.pcap
raw=("/usr/bin/python3" "$source_dir/tests/integration/raw_upload.py")
catalog=$work/data/catalog.sqlite
vault=$work/data/vault

start_limited() {
  start_collector --limits.pcap 2MiB --limits.pcap_expanded 16MiB --limits.events 4KiB --limits.segment 1MiB --log.level debug
}
sql() { # sql QUERY...: the first value of each, separated by blanks
  "$source_dir/tests/integration/catalog_sql.py" "$catalog" "$@" | xargs
}
# Rows, visible objects, and temporary files of the vault.
state() {
  local tables=(items segments flows transactions events gaps ledger)
  printf '%s: %s objects=%s files=%s' "${tables[*]}" "$(sql "${tables[@]/#/SELECT count(*) FROM }")" \
    "$(find "$vault" -path '*/tmp' -prune -o -type f -print | wc -l)" \
    "$(find "$vault/tmp" -type f ! -name lock | wc -l)"
}

digest() { printf 'Content-Digest: sha-256=:%s:' "$(openssl dgst -sha256 -binary "$1" | base64)"; }
# send TOKEN_FILE METHOD PATH [CURL OPTION...]: sets status; head and body in $work/head, $work/body
send() {
  local bearer=() token=$1
  [[ -z $token ]] || bearer=(-H "Authorization: Bearer $(cat "$work/$token.token")")
  status=$(curl -s --path-as-is -m 60 --cacert "$ca" -D "$work/head" -o "$work/body" -w '%{http_code}' \
    "${bearer[@]}" -X "$2" "$url$3" "${@:4}") || true
}
put() { # put TOKEN_FILE KIND EPOCH/SEQ FILE [CURL OPTION...]
  send "$1" PUT "/api/v1/ingest/$2/$3" -H "$(digest "$4")" --data-binary "@$4" "${@:5}"
}
expect() { [[ $status == "$1" ]] || fail "$2: $status instead of $1: $(head -c 300 "$work/body")"; }
# refused STATUS WHAT BEFORE: the last answer is a whole problem, and nothing changed since BEFORE
refused() {
  expect "$1" "$2"
  grep -qi '^content-type: application/problem+json' "$work/head" || fail "$2: not problem+json"
  python3 -c 'import json,sys; p=json.load(open(sys.argv[1])); assert p["status"]==int(sys.argv[2]) and p["title"] and p["detail"], p' \
    "$work/body" "$1" || fail "$2: not a whole problem"
  [[ $(state) == "$3" ]] || fail "$2 left something behind: before $3, now $(state)"
  say "  $1 $2: $(python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))["detail"][:110])' "$work/body")"
}
encode() { # encode MESSAGE FILE: the protobuf text on stdin as an item
  protoc --encode="tapiary.wire.$1" -I "$source_dir/uplink/wire" tapiary.proto | zstd -q >"$2"
}

start_limited
make_token alpha sensor "$work/alpha.token"
make_token beta sensor "$work/beta.token"
make_token old sensor "$work/old.token"
make_token analyst viewer "$work/viewer.token"
"$bin/tapiary" token revoke 3 --catalog "$catalog" 2>>"$work/token.log"
printf 'tap_%043d' 0 >"$work/wrong.token"

say 'who may do what'
empty=$(state)
pcap=(/api/v1/ingest/pcap --data-binary "@$good")
send '' POST "${pcap[@]}"
refused 401 'no token' "$empty"
send wrong POST "${pcap[@]}"
refused 401 'a wrong token' "$empty"
send old POST "${pcap[@]}"
refused 401 'a revoked token' "$empty"
send viewer POST "${pcap[@]}"
refused 403 "a viewer's token" "$empty"
for path in flows transactions commands events sensors pcap flows/1 flows/1/pcap segments/1 flows/histogram; do
  send alpha GET "/api/v1/$path"
  refused 403 "a sensor's token for $path" "$empty"
done
send alpha GET /metrics
refused 403 "a sensor's token for metrics" "$empty"
for method in GET DELETE PATCH; do
  send alpha "$method" /api/v1/ingest/segments/1/0
  refused 405 "$method of what is stored" "$empty"
done
send alpha POST /api/v1/ingest/other
refused 404 'a path that does not exist' "$empty"

say 'files that are none, and files that are broken'
head -c 5000 /dev/urandom >"$work/noise"
for file in "$work/noise" "$captures/derived/d_bad_caplen.pcap" /etc/services; do
  send alpha POST /api/v1/ingest/pcap --data-binary "@$file"
  refused 422 "pcap: ${file##*/}" "$empty"
done
send alpha POST /api/v1/ingest/pcap --data-binary @/dev/null
refused 422 'pcap: an empty body' "$empty"
send alpha POST /api/v1/ingest/pcap -H 'Content-Digest: sha-256=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:' --data-binary "@$good"
refused 422 'pcap: a wrong digest' "$empty"

say 'bodies that are too large: announced, chunked, once expanded (CO-05)'
head -c 3000000 /dev/zero >"$work/large"
send alpha POST /api/v1/ingest/pcap --data-binary "@$work/large"
refused 413 'pcap: announced' "$empty"
send alpha POST /api/v1/ingest/pcap -H 'Transfer-Encoding: chunked' --data-binary "@$work/large"
refused 413 'pcap: chunked' "$empty"
send alpha POST /api/v1/ingest/events --data-binary "@$work/large"
refused 413 'events: announced' "$empty"
put alpha segments 1/0 "$work/large"
refused 413 'segment: announced' "$empty"
head -c 24 "$good" >"$work/bomb" # a file header, then 800 MB of zeros
head -c 800000000 /dev/zero >>"$work/bomb"
peak() { awk '/VmHWM/ {print $2}' "/proc/$collector_pid/status"; }
before_kb=$(peak)
gzip -9c "$work/bomb" >"$work/bomb.gz" # 780 KB
zstd -qc "$work/bomb" >"$work/bomb.zst"
gzip -9c "$work/bomb.zst" >"$work/bomb.zst.gz"
for file in bomb.zst bomb.gz bomb.zst.gz; do
  send alpha POST /api/v1/ingest/pcap --data-binary "@$work/$file"
  [[ $status == 413 || $status == 422 ]] || fail "$file: $status"
  refused "$status" "pcap: $file" "$empty"
done
rm "$work"/bomb*
(($(peak) - before_kb < 65536)) || fail "a bomb took $((($(peak) - before_kb) / 1024)) MiB of memory"

say 'names and numbers that lead elsewhere (CO-06)'
printf 'x' >"$work/x"
for path in 1/-1 a/0 1/0x1 01/1 1/99999999999999999999 1/9223372036854775808 4611686018427387904/0 %31%00/1; do
  put alpha segments "$path" "$work/x"
  refused 400 "segments/$path" "$empty"
done
for path in ../../1/0 1/../../0 1/0/ %2e%2e/1/0 ..%2f..%2fetc/passwd; do
  put alpha segments "$path" "$work/x"
  [[ $status == 400 || $status == 404 ]] || fail "segments/$path: $status"
  refused "$status" "segments/$path" "$empty"
done

say 'bodies that break off (CO-15)'
for percent in 0 10 50 90 99; do
  "${raw[@]}" "$url" "$work/alpha.token" POST /api/v1/ingest/pcap "$good" --percent "$percent"
done
sleep 0.5
[[ $(state) == "$empty" ]] || fail "a cut body left something: $(state)"

say 'a good file, once and again'
send alpha POST "${pcap[@]}"
expect 201 'a good file'
cat "$work/body" && echo
stored=$(state)
[[ $stored == *': 1 1 '* && $stored == *'objects=1 files=0' ]] || fail "stored is $stored"
[[ $(sql 'SELECT sum(packets) FROM segments') == 100 ]] || fail 'not 100 packets'
send alpha POST "${pcap[@]}"
expect 200 'the same file again'
[[ $(state) == "$stored" ]] || fail "a repeated file changed $stored to $(state)"
send alpha POST /api/v1/ingest/pcap --data-binary "@$captures/derived/d_cut_midrecord.pcap"
expect 201 'a cut file'
grep -q '"note": *"truncated at\|"note": *"[^"]*\(cut\|truncated\)' "$work/body" || fail "no note about the cut: $(cat "$work/body")"
gzip -c "$good" >"$work/good.gz"
send beta POST /api/v1/ingest/pcap --data-binary "@$work/good.gz"
expect 201 'a gzip file of another sensor'

say 'PUT of segments, flows and facts: digest, replay, conflict (UP-01)'
segment=$work/segment
send viewer GET "/api/v1/segments/$(sql 'SELECT min(id) FROM segments')"
expect 200 'a stored segment'
cp "$(find "$vault" -path '*/tmp' -prune -o -type f -name '*alpha*' -print | head -1)" "$segment"
cp "$segment" "$segment.broken" # one byte in the first block
printf '\xff' | dd of="$segment.broken" bs=1 seek=400 conv=notrunc status=none
head -c -10 "$segment" >"$segment.cut"
printf 'epoch: 7 seq: 3 flows { epoch: 7 number: 1 part: 0 orig { ip: "\\n\\000\\000\\001" port: 1 } resp { ip: "\\n\\000\\000\\002" port: 502 } proto: 6 community_id: "1:x" blocks: [0, 1] }' | encode FlowBatch "$work/flows"
printf 'epoch: 7 seq: 4' | encode FlowBatch "$work/flows.other"
printf 'epoch: 7 seq: 3 gaps { kind: "packets" interface: "tap\\000\\377" from_ns: 1 to_ns: 2 items: 3 reason: "lost" }' | encode FactBatch "$work/facts"
printf 'epoch: 7 seq: 3' | encode FactBatch "$work/facts.other"
before=$(state)
for kind in segments flows facts; do
  file=$work/$kind
  [[ $kind != segments ]] || file=$segment
  send beta PUT "/api/v1/ingest/$kind/7/3" --data-binary "@$file"
  refused 400 "$kind: no digest" "$before"
  send beta PUT "/api/v1/ingest/$kind/7/3" -H 'Content-Digest: md5=:AAAA:' --data-binary "@$file"
  refused 400 "$kind: a digest of another kind" "$before"
  send beta PUT "/api/v1/ingest/$kind/7/3" -H "$(digest "$work/x")" --data-binary "@$file"
  refused 422 "$kind: a wrong digest" "$before"
  put beta "$kind" 7/3 "$work/noise"
  refused 422 "$kind: noise" "$before"
done
for file in "$segment.broken" "$segment.cut"; do
  put beta segments 7/3 "$file"
  refused 422 "segment: ${file##*.}" "$before"
done
put beta flows 7/3 "$work/flows.other"
refused 422 'flows: numbers of another item' "$before"
for kind in segments flows facts; do
  file=$work/$kind
  [[ $kind != segments ]] || file=$segment
  put beta "$kind" 7/3 "$file"
  expect 201 "$kind"
  before=$(state)
  for _ in 1 2 3; do
    put beta "$kind" 7/3 "$file"
    expect 200 "$kind again"
  done
  [[ $(state) == "$before" ]] || fail "a repeated PUT changed $before to $(state)"
  for _ in 1 2; do
    put beta "$kind" 7/3 "$work/noise"
    refused 409 "$kind: other content, same number" "$before"
  done
done
[[ $(sql "SELECT count(*) FROM audit WHERE action = 'digest-conflict' AND actor = 'beta'") == 3 ]] || fail 'not one alarm for each conflict'
[[ $(sql "SELECT count(*) FROM items WHERE sensor_id = (SELECT id FROM sensors WHERE name = 'alpha') AND epoch = 7") == 0 ]] || fail "beta wrote as alpha"

say 'concurrent duplicates give one copy'
for i in {1..8}; do
  curl -s -o /dev/null -w '%{http_code}\n' --cacert "$ca" -H "Authorization: Bearer $(cat "$work/alpha.token")" \
    -H "$(digest "$segment")" -X PUT --data-binary "@$segment" "$url/api/v1/ingest/segments/9/0" >"$work/code.$i" &
  racers[i]=$!
done
wait "${racers[@]}"
[[ $(sort "$work"/code.* | uniq -c | awk '{print $1 "x" $2}' | xargs) == '7x200 1x201' ]] || fail "codes: $(sort "$work"/code.* | uniq -c | xargs)"
[[ $(sql 'SELECT count(*) FROM segments') == $(find "$vault" -path '*/tmp' -prune -o -type f -print | wc -l) ]] || fail 'objects without rows'

say 'events: a bad one alone (CO-03), and a repeated request'
before_events=$(sql 'SELECT count(*) FROM events')
{
  printf '{"src_ip":"203.0.113.7","username":"a\\u0000b","password":"x"}\n{"username":"\xff\xfe"}\nno json\n'
  printf '{"username":"root","password":"1234","timestamp":"2026-11-25T12:00:00Z"}\n'
} >"$work/events"
for code in 201 200; do
  send alpha POST /api/v1/ingest/events -H 'Idempotency-Key: k-1' --data-binary "@$work/events"
  expect "$code" 'events with a key'
done
(($(sql 'SELECT count(*) FROM events') - before_events == 3)) || fail 'not three events'
[[ $(sql "SELECT count(*) FROM events WHERE user_name IN ('a\\x00b', '\\xff\\xfe', 'root')") == 3 ]] || fail 'bytes are not as escaped'
before=$(state)
send alpha POST /api/v1/ingest/events --data-binary 'no json at all'
refused 400 'events: nothing that can be read' "$before"

say 'the answer to Expect: 100-continue comes at once (UP-02)'
start_ns=$(date +%s%N)
for i in {1..20}; do
  send alpha POST /api/v1/ingest/events -H 'Expect: 100-continue' -d '{"a":1}'
  expect 201 'an event that asks first'
done
took_ms=$((($(date +%s%N) - start_ns) / 1000000))
((took_ms < 5000)) || fail "20 requests took $took_ms ms"
send wrong POST /api/v1/ingest/events -H 'Expect: 100-continue' -d '{"a":1}'
expect 401 'a wrong token that asks first'
! grep -q '100 Continue' "$work/head" || fail 'a body was asked for before the token was checked'

say 'who guesses tokens is told to wait, and holds back no sensor behind the same address'
for _ in {1..25}; do send wrong POST /api/v1/ingest/events -d '{"a":1}'; done
expect 429 'the 25th wrong token'
grep -qi '^retry-after: [0-9]' "$work/head" || fail 'no Retry-After'
send alpha POST /api/v1/ingest/events -d '{"a":1}'
expect 201 'a right token from the address of who guesses'

say 'killed in the middle of an upload: nothing half-written stays'
head -c 1000000 /dev/urandom >"$work/large" # small bodies are written when they are whole
put_half() { "${raw[@]}" "$url" "$work/alpha.token" PUT /api/v1/ingest/segments/10/0 "$work/large" --percent 60 --hold 30; }
before=$(state)
put_half &
half=$!
half_there() { [[ -n $(find "$vault/tmp" -type f ! -name lock) ]]; }
wait_for 10 'a temporary object' half_there
sleep 0.5
kill -9 "$collector_pid"
wait "$collector_pid" 2>/dev/null || true
stop_pid "$half"
start_limited
[[ $(state) == "$before" ]] || fail "after the kill: before $before, now $(state)"
put alpha segments 10/0 "$segment"
expect 201 'the segment after the restart'
put alpha segments 9/0 "$segment"
expect 200 'what was stored before the kill'

say 'the counters tell, and the tokens are nowhere to be read (CO-08)'
send viewer GET /metrics
expect 200 metrics
grep -q '^tapiary_ingest_items_total{kind="segments",result="stored"} 1$' "$work/body" || fail "metrics: $(grep ingest "$work/body")"
for name in alpha beta viewer wrong; do
  token=$(cat "$work/$name.token")
  ! grep -qF "$token" "$work/collector.log" "$catalog" "$catalog"-* || fail "the token of $name can be read"
done

say 'SIGTERM ends it within 2 s'
start_ns=$(date +%s%N)
stop_pid "$collector_pid"
took_ms=$((($(date +%s%N) - start_ns) / 1000000))
((took_ms < 2000)) || fail "it took $took_ms ms"
say 'good'
