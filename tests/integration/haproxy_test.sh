#!/usr/bin/env bash
# HAProxy in front of a collector: what passes, what is refused, and what ends abuse.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need haproxy
need curl
need openssl
need jq

backend_port=$(free_port)
proxy_port=$(free_port)
users_port=$(free_port)
start_collector --plain_listen "127.0.0.1:$backend_port" --auth.trusted_proxy 127.0.0.1 --auth.user_header X-Forwarded-User
printf 'correct horse battery\n' | "$bin/tapiary" user create ann --role admin --password-file - --catalog "$work/data/catalog.sqlite"
make_token haproxy-sensor sensor "$work/sensor.token"
make_token haproxy-viewer viewer "$work/viewer.token"

say 'the configuration is valid; the proxy starts'
cat "$work/data/tls/collector.crt" "$work/data/tls/collector.key" >"$work/proxy.pem"
export TAPIARY_PROXY_BIND=127.0.0.1:$proxy_port TAPIARY_USERS_BIND=127.0.0.1:$users_port TAPIARY_PROXY_CERT=$work/proxy.pem
export TAPIARY_COLLECTOR_1=127.0.0.1:$backend_port TAPIARY_RATE=40
config=$source_dir/server/haproxy/haproxy.cfg
haproxy -c -f "$config" >"$work/check.log" 2>&1 || fail 'haproxy -c'
haproxy -db -f "$config" >>"$work/haproxy.log" 2>&1 &
proxy_pid=$!
on_exit "stop_pid $proxy_pid"

proxy=https://127.0.0.1:$proxy_port
status() { # status TOKEN_FILE CURL OPTION...: the status code through the proxy
  curl -s -o "$work/answer" -w '%{http_code}' --cacert "$ca" -H "Authorization: Bearer $(cat "$1")" "${@:2}"
}
expect() { # expect CODE TOKEN_FILE CURL OPTION...
  local got
  got=$(status "${@:2}")
  [[ $got == "$1" ]] || fail "$got instead of $1: ${*:3}: $(cat "$work/answer")"
}
event='{"time":"2026-11-25T12:00:00Z","event":"login","src_ip":"192.0.2.7"}'
post_event() {
  status "$work/sensor.token" -H 'Content-Type: application/json' -d "$event" "$proxy/api/v1/ingest/events"
}

say 'an event passes through'
passes() { [[ $(post_event) == 20[01] ]]; }
wait_for 10 'an event passes' passes
api events | grep -q 192.0.2.7 || fail 'the collector does not have the event'

say 'everything else is refused by the proxy'
expect 404 "$work/viewer.token" "$proxy/api/v1/flows"
jq -e '.detail | contains("the proxy")' "$work/answer" >/dev/null || fail 'the collector answered, not the proxy'
expect 404 "$work/sensor.token" "$proxy/api/v1/ingest/events"
expect 404 "$work/sensor.token" -X PUT "$proxy/api/v1/ingest/segments/1/x"
expect 404 "$work/sensor.token" --path-as-is -X POST "$proxy/api/v1/ingest/events/../../flows"

say "the people's door takes nothing of sensors, and nobody's word about who they are"
users=https://127.0.0.1:$users_port
expect 200 "$work/viewer.token" "$users/api/v1/flows"
for path in /api/v1/ingest/events /%61pi/v1/ingest/events /api/v1/%69ngest/events; do
  expect 404 "$work/sensor.token" --http1.1 --path-as-is -d "$event" "$users$path"
  jq -e '.detail | contains("the proxy")' "$work/answer" >/dev/null || fail "$path reaches the collector"
done
with_user() { curl -s -o "$work/answer" -w '%{http_code}' --cacert "$ca" -H 'X-Forwarded-User: ann' "$@"; }
[[ $(with_user "$url/api/v1/users") == 200 ]] || fail 'a trusted proxy cannot name a user: the next line proves nothing'
[[ $(with_user "$users/api/v1/users") == 401 ]] || fail 'a header from outside logs in'

say 'its own errors are problem+json, as those of the collector'
problem() { # problem CODE CURL OPTION...
  curl -s --http1.1 -o "$work/answer" -w '%{http_code} %{content_type}' --cacert "$ca" "${@:2}" |
    grep -qx "$1 application/problem+json" || fail "no problem+json for $1"
  jq -e ".status == $1" "$work/answer" >/dev/null || fail "not the status $1: $(cat "$work/answer")"
}
problem 404 "$proxy/api/v1/flows"
problem 401 -H 'Content-Type: application/json' -d "$event" "$proxy/api/v1/ingest/events"

say 'a header that comes one byte a second is cut'
begin=$SECONDS
(
  printf 'POST /api/v1/ingest/events HTTP/1.1\r\nHost: a\r\nX: '
  for _ in {1..30}; do
    sleep 1
    printf x || break
  done
) 2>/dev/null | timeout 40 openssl s_client -quiet -connect "127.0.0.1:$proxy_port" >"$work/slow" 2>/dev/null || true
grep -q ' 408 ' "$work/slow" || fail 'no 408 for a slow header'
((SECONDS - begin < 25)) || fail "the slow client was cut only after $((SECONDS - begin)) s"

say 'too many requests are 429, with Retry-After'
limited() {
  status "$work/viewer.token" -D "$work/headers" "$proxy/api/v1/flows" | grep -q 429
}
tries=0
until limited; do
  ((++tries < 100)) || fail 'never 429'
done
grep -qi '^retry-after: 10' "$work/headers" || fail 'no Retry-After'
say "done after $tries requests"
