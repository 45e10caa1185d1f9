#!/usr/bin/env bash
# HAProxy before two collectors that share PostgreSQL and an S3 server. While sensors send, a collector
# is killed, the database crashes and comes back, and then a collector goes for good: everything that
# was acknowledged is stored, and stored once (UP-01, CO-15), what was refused meanwhile is refused in
# words that a sender understands (UP-03, UP-04), and nobody needs a restart.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
for program in haproxy curl openssl python3; do need "$program"; done
[[ -x $bin/bench_ingest ]] || skip 'bench_ingest is not built'
if [[ -z ${TAPIARY_TEST_POSTGRES:-} ]]; then # run again beside a database
  trap - EXIT
  rm -rf "$work"
  exec "$source_dir/tests/support/postgres_server.sh" "$0"
fi
s3=$source_dir/tests/support/s3_server.sh
code=0
"$s3" start "$work/s3" >"$work/s3.log" 2>&1 || code=$?
((code != 77)) || skip "$(cat "$work/s3.log")"
((code == 0)) || fail 'no S3 server'
on_exit "$s3 remove $work/s3"
# shellcheck source=/dev/null
source "$work/s3/env"
items=${TAPIARY_SCALE_ITEMS:-120} # of each kind and sensor
sensors=3

# --- the database ---
as_server() {
  if ((EUID == 0)); then (cd / && exec runuser -u postgres -- "$@"); else "$@"; fi
}
database() { # database start|stop
  if [[ $1 == stop ]]; then
    as_server "$TAPIARY_TEST_POSTGRES_BIN/pg_ctl" -D "$TAPIARY_TEST_POSTGRES" -m immediate -w stop
  else
    as_server "$TAPIARY_TEST_POSTGRES_BIN/pg_ctl" -D "$TAPIARY_TEST_POSTGRES" -l "$TAPIARY_TEST_POSTGRES/../server.log" -w -t 60 start
  fi >>"$work/database.log" 2>&1
}
sql() { "$TAPIARY_TEST_POSTGRES_BIN/psql" -qAtX -F ' ' -v ON_ERROR_STOP=1 -c "$1"; }
is() { # is WHAT EXPECTED QUERY
  local got
  got=$(sql "$3")
  [[ $got == "$2" ]] || fail "$1: $got, not $2"
  say "  $1: $got"
}

# --- collectors and proxy ---
catalog=postgresql://tapiary@127.0.0.1:$PGPORT/postgres
printf 'aws_access_key_id = %s\naws_secret_access_key = %s\n' "$S3_ACCESS_KEY" "$S3_SECRET_KEY" >"$work/keys"
chmod 600 "$work/keys"
ports=(0) pids=(0)
run_collector() { # run_collector NUMBER
  "$bin/tapiary-collector" --data "$work/data$1" --listen "127.0.0.1:$(free_port)" --plain_listen "127.0.0.1:${ports[$1]}" \
    --catalog.url "$catalog" --vault.s3.endpoint "$S3_ENDPOINT" --vault.s3.bucket "$S3_BUCKET" \
    --vault.s3.credentials_file "$work/keys" >>"$work/collector$1.log" 2>&1 &
  pids[$1]=$!
  on_exit "stop_pid $!"
}
answers() { curl -sf "http://127.0.0.1:${ports[$1]}/healthz"; }
for i in 1 2; do
  ports[i]=$(free_port)
  run_collector "$i"
done
for i in 1 2; do wait_for 20 "collector $i answers" answers "$i"; done
cat "$work/data1/tls/collector.crt" "$work/data1/tls/collector.key" >"$work/proxy.pem"
ca=$work/data1/tls/collector.crt
proxy=127.0.0.1:$(free_port)
TAPIARY_PROXY_BIND=$proxy TAPIARY_PROXY_CERT=$work/proxy.pem TAPIARY_RATE=100000 TAPIARY_TOKEN_RATE=100000 \
  TAPIARY_COLLECTOR_1=127.0.0.1:${ports[1]} TAPIARY_COLLECTOR_2=127.0.0.1:${ports[2]} \
  haproxy -db -f "$source_dir/server/haproxy/haproxy.cfg" >>"$work/haproxy.log" 2>&1 &
on_exit "stop_pid $!"
for ((i = 1; i <= sensors; ++i)); do
  printf 'plant-%d %s\n' "$i" "$("$bin/tapiary" token create "plant-$i" --scope sensor --catalog "$catalog" 2>>"$work/token.log")"
done >"$work/credentials"
viewer=$("$bin/tapiary" token create reader --scope viewer --catalog "$catalog" 2>>"$work/token.log")

# --- sending ---
total=0
send() { # send EPOCH: in the background; journal in $work/journal
  "$bin/bench_ingest" journal "https://$proxy" "$ca" "$work/credentials" "$work/journal" "$1" "$items" 80 >"$work/sender.json" 2>"$work/sender.log" &
  sender=$!
  on_exit "stop_pid $sender"
}
acknowledged() { [[ -e $work/journal ]] && (($(wc -l <"$work/journal") >= $1)); }
more() { # more COUNT WHAT: so many more are acknowledged from now on
  local now
  now=$(wc -l <"$work/journal")
  wait_for 40 "$2" acknowledged $((now + $1))
}
finish_sending() {
  wait "$sender" || fail "the sender: $(cat "$work/sender.log")"
  total=$((total + sensors * 4 * items))
  say "  $(cat "$work/sender.json")"
  acknowledged "$total" || fail "$(wc -l <"$work/journal") of $total acknowledged"
}

say "two collectors; $sensors sensors send $((sensors * 4 * items)) items"
send 1
wait_for 30 'the first items' acknowledged 100
for i in 1 2; do
  curl -s -H "Authorization: Bearer $viewer" "http://127.0.0.1:${ports[i]}/metrics" >"$work/metrics"
  grep -q '^tapiary_ingest_items_total{.*result="stored"} [1-9]' "$work/metrics" || fail "collector $i got nothing"
done

say 'collector 2 is killed'
stop_pid "${pids[2]}" KILL
more 150 'items go on with one collector'

say 'the database crashes'
database stop
refused=$(curl -s -o "$work/body" -D "$work/head" -w '%{http_code}' --cacert "$ca" -H "Authorization: Bearer $(awk 'NR == 1 {print $2}' "$work/credentials")" \
  -d '{"a":1}' "https://$proxy/api/v1/ingest/events")
[[ $refused == 503 ]] || fail "$refused without a database"
grep -qi '^retry-after: [0-9]' "$work/head" || fail '503 without Retry-After'
grep -qi '^content-type: application/problem+json' "$work/head" || fail "503 is no problem+json: $(cat "$work/body")"
before=$(wc -l <"$work/journal")
sleep 2
after=$(wc -l <"$work/journal")
((after == before)) || fail "$((after - before)) items were acknowledged without a database"
database start
more 100 'items go on with the database'
run_collector 2
wait_for 20 'collector 2 is back' answers 2

say 'collector 1 goes for good'
stop_pid "${pids[1]}" KILL
finish_sending

say 'everything acknowledged is stored, once'
sql "CREATE TABLE journal (sensor TEXT, kind TEXT, epoch BIGINT, seq BIGINT, digest TEXT, status INT, attempts INT)"
load_journal() {
  sql "TRUNCATE journal"
  "$TAPIARY_TEST_POSTGRES_BIN/psql" -qX -v ON_ERROR_STOP=1 -c "\\copy journal FROM '$work/journal' WITH (FORMAT csv, DELIMITER ' ')"
}
check_all() { # check_all: the catalog against the journal
  local each=$((total / 4))
  load_journal
  is 'journal: items' "$total" "SELECT count(DISTINCT (sensor, kind, epoch, seq)) FROM journal"
  is 'segments, flows, facts with the same digest' $((each * 3)) "SELECT count(*) FROM journal j JOIN sensors s ON s.name = j.sensor
    JOIN items i ON i.sensor_id = s.id AND i.kind = j.kind AND i.epoch = j.epoch AND i.seq = j.seq
    WHERE j.digest = 'sha-256=:' || encode(i.digest, 'base64') || ':'"
  is 'items in all' "$total" "SELECT count(*) FROM items"
  is 'segment rows, objects' "$each $each" "SELECT count(*), count(DISTINCT object) FROM segments"
  is 'flows, distinct' "$((each * 20)) $((each * 20))" "SELECT count(*), count(DISTINCT (sensor_id, epoch, number)) FROM flows"
  is 'transactions' $((each * 5)) "SELECT count(*) FROM transactions"
  is 'events, distinct' "$((each * 10)) $((each * 10))" "SELECT count(*), count(DISTINCT user_name) FROM events WHERE user_name LIKE 'plant-%'"
  is 'alarms' 0 "SELECT count(*) FROM audit WHERE action LIKE '%conflict%'"
}
check_all
# Bytes come back from the bucket as they were sent: some of every sensor, through the API.
while read -r id digest; do
  curl -sf -H "Authorization: Bearer $viewer" "http://127.0.0.1:${ports[2]}/api/v1/segments/$id" -o "$work/segment" || fail "segment $id cannot be read"
  [[ $(openssl dgst -sha256 -binary "$work/segment" | base64) == "$digest" ]] || fail "segment $id is not what was sent"
done < <(sql "SELECT s.id, encode(i.digest, 'base64') FROM segments s JOIN items i ON i.id = s.item_id WHERE i.seq % 15 = 0")
objects=$(printf 'user = "%s:%s"\n' "$S3_ACCESS_KEY" "$S3_SECRET_KEY" |
  curl -sf -K - --aws-sigv4 aws:amz:us-east-1:s3 -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$S3_ENDPOINT/$S3_BUCKET?list-type=2" |
  grep -o '<Key>[^<]*-plant-[0-9]*</Key>' | wc -l)
say "  objects: $objects, of which without a row: $((objects - total / 4)) (a sweep removes them)"
((objects >= total / 4 && objects <= total / 4 + 40)) || fail 'objects and rows do not fit'

say 'one collector is left, and works'
items=10
send 2
finish_sending
check_all
say "good, $SECONDS s"
