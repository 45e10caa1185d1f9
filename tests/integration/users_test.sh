#!/usr/bin/env bash
# Users, sessions, tokens and roles of a running collector, over TLS and by the command line: who may
# do what, how a login is guarded, and that no secret is ever in a log (CO-01, CO-07, CO-08, HP-04).
# shellcheck disable=SC2119
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
for program in curl openssl python3; do need "$program"; done
catalog=$work/data/catalog.sqlite
jar=$work/ann.jar
secrets=$work/secrets # every secret of this run, one a line

tapiary() { "$bin/tapiary" "$@" --catalog "$catalog" 2>>"$work/cli.log"; }
field() { python3 -c 'import json,sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$work/body" "$1"; }
# ask STATUS METHOD PATH [CURL OPTION...]: fails unless it answers so; the body is in $work/body
ask() {
  local status
  status=$(curl -s -m 30 --cacert "$ca" -D "$work/head" -o "$work/body" -w '%{http_code}' -X "$2" "$url$3" "${@:4}") || true
  [[ $status == "$1" ]] || fail "$2 $3: $status instead of $1: $(head -c 300 "$work/body")"
}
as() { echo "Authorization: Bearer $(cat "$work/$1.token")"; }
own_page=(-H 'Sec-Fetch-Site: same-origin')
json=(-H 'Content-Type: application/json' --data-binary)

start_collector --log.level debug
grep -q 'no users yet' "$work/collector.log" || fail 'how to make the first user is not told'

say 'the first administrator is made on the host'
printf 'correct horse battery\n' | tapiary user create ann --role admin --password-file - || fail 'no user'
echo 'correct horse battery' >>"$secrets"
tapiary user create bob --role analyst --generate >"$work/bob.password"
cat "$work/bob.password" >>"$secrets"
printf 'short\n' | tapiary user create carl --role viewer --password-file - && fail 'a short password is taken'
tapiary user role ann viewer && fail 'the last administrator is demoted'
tapiary user list --format csv | grep -q '^ann,admin,' || fail 'ann is not listed'

say 'log in, look, log out'
ask 401 POST /api/v1/session "${json[@]}" '{"user":"ann","password":"wrong horse battery"}'
cp "$work/body" "$work/wrong"
ask 401 POST /api/v1/session "${json[@]}" '{"user":"nobody","password":"wrong horse battery"}'
cmp -s "$work/body" "$work/wrong" || fail 'a name that does not exist gets another answer'
ask 403 POST /api/v1/session -H 'Sec-Fetch-Site: cross-site' "${json[@]}" '{"user":"ann","password":"correct horse battery"}'
ask 200 POST /api/v1/session -c "$jar" "${json[@]}" '{"user":"ann","password":"correct horse battery"}'
grep -qi '^set-cookie: __Host-tapiary=tas_[A-Za-z0-9_-]\{43\}; Path=/; Secure; HttpOnly; SameSite=Strict.$' "$work/head" || fail 'the cookie'
for header in 'strict-transport-security: max-age=' 'cache-control: no-store' 'x-content-type-options: nosniff' "content-security-policy: default-src 'self'"; do
  grep -qi "^$header" "$work/head" || fail "no header $header"
done
sed -n 's/.*\(tas_[A-Za-z0-9_-]*\).*/\1/p' "$jar" >>"$secrets"
ask 200 GET /api/v1/session -b "$jar"
[[ $(field scope) == admin ]] || fail 'the role'
ask 401 GET /api/v1/users -b "$jar" -H 'Sec-Fetch-Site: same-site'
ask 401 POST /api/v1/users -b "$jar" "${json[@]}" '{"name":"eve","role":"admin"}'
ask 401 POST /api/v1/users -b "$jar" -H 'Origin: https://evil.example' "${json[@]}" '{"name":"eve","role":"admin"}'
ask 201 POST /api/v1/users -b "$jar" -H "Origin: $url" "${json[@]}" '{"name":"dora","role":"viewer"}'
field password >>"$secrets"

say 'a given password must be changed before anything else'
body=$(printf '{"user":"bob","password":"%s"}' "$(cat "$work/bob.password")")
ask 200 POST /api/v1/session -c "$work/bob.jar" "${json[@]}" "$body"
ask 403 GET /api/v1/sensors -b "$work/bob.jar"
body=$(printf '{"old":"%s","new":"staple of the second horse"}' "$(cat "$work/bob.password")")
echo 'staple of the second horse' >>"$secrets"
cp "$work/bob.jar" "$work/old.jar"
ask 200 POST /api/v1/users/me/password -b "$work/bob.jar" -c "$work/bob.jar" "${own_page[@]}" "${json[@]}" "$body"
ask 401 GET /api/v1/sensors -b "$work/old.jar"
ask 200 GET /api/v1/sensors -b "$work/bob.jar"

say 'tokens: made, shown once, rotated, revoked'
ask 201 POST /api/v1/tokens -b "$work/bob.jar" "${own_page[@]}" "${json[@]}" '{"name":"script","scope":"analyst"}'
field token >"$work/script.token"
id=$(field id)
ask 403 POST /api/v1/tokens -b "$work/bob.jar" "${own_page[@]}" "${json[@]}" '{"name":"more","scope":"admin"}'
ask 403 POST /api/v1/tokens -H "$(as script)" "${json[@]}" '{"name":"more","scope":"viewer"}'
ask 201 POST "/api/v1/tokens/$id/rotate" -b "$jar" "${own_page[@]}" "${json[@]}" '{"overlap":"0s"}'
cat "$work/script.token" >>"$secrets"
ask 401 GET /api/v1/sensors -H "$(as script)"
make_token plant-x sensor "$work/sensor.token"
tapiary token rotate "$(tapiary token list --format csv | awk -F, '$2 == "plant-x" {print $1}')" --overlap 0s >"$work/new.token"
cat "$work/sensor.token" >>"$secrets"
mv "$work/new.token" "$work/sensor.token"

say 'every route by every role'
make_token view viewer "$work/viewer.token"
make_token write analyst "$work/analyst.token"
make_token all admin "$work/admin.token"
cat "$work"/{sensor,viewer,analyst,admin}.token >>"$secrets"
python3 "$source_dir/tests/integration/roles.py" "$url" "$ca" "$work" || fail 'roles'

say 'users and tokens over the API'
remote() { env TAPIARY_COLLECTOR="$url" TAPIARY_CA="$ca" TAPIARY_TOKEN_FILE="$work/${by:-admin}.token" "$bin/tapiary" "$@" 2>"$work/remote.log"; }
remote user create erin --role viewer --generate >"$work/erin.password" || fail "no user: $(cat "$work/remote.log")"
cat "$work/erin.password" >>"$secrets"
remote user role erin analyst || fail "no other role: $(cat "$work/remote.log")"
remote user disable erin || fail "not disabled: $(cat "$work/remote.log")"
[[ $(remote user list --format csv | cut -d, -f1,2,6) == "$(tapiary user list --format csv | cut -d, -f1,2,6)" ]] || fail 'two lists of users'
remote user list --format csv | grep -q '^erin,analyst,' || fail 'erin is not listed'
printf 'a third horse, a third staple\n' | remote user passwd erin --password-file - || fail "no password: $(cat "$work/remote.log")"
echo 'a third horse, a third staple' >>"$secrets"
remote user remove erin || fail "erin stays: $(cat "$work/remote.log")"
remote token create plant-y --scope sensor --expires 30d >"$work/y.token" || fail "no token: $(cat "$work/remote.log")"
id=$(remote token list --format csv | awk -F, '$2 == "plant-y" {print $1}')
remote token rotate "$id" --overlap 1h >"$work/y2.token" || fail "not rotated: $(cat "$work/remote.log")"
remote token revoke "$id" || fail "not revoked: $(cat "$work/remote.log")"
cat "$work"/{y,y2}.token >>"$secrets"
[[ $(remote token list --format csv | cut -d, -f1-4) == "$(tapiary token list --format csv | cut -d, -f1-4)" ]] || fail 'two lists of tokens'
by=viewer remote user list && fail 'a viewer lists users'
grep -q 'may not\|role\|admin' "$work/remote.log" || fail "why not: $(cat "$work/remote.log")"
TAPIARY_COLLECTOR=https://127.0.0.1:1 "$bin/tapiary" token list --collector "$url" --ca "$ca" --token-file "$work/admin.token" >/dev/null || fail 'the environment counts more than an option'
remote token list --catalog "$catalog" --collector "$url/" && fail 'a catalog and a collector at once'
by=viewer remote token list --catalog "$catalog" >"$work/local.list" || fail "the option does not count: $(cat "$work/remote.log")"
[[ $(<"$work/local.list") == "$(tapiary token list)" ]] || fail 'not of the catalog that is named'

say 'guessing is slowed down, and the one who is known is let in'
for _ in 1 2 3 4 5; do curl -s --cacert "$ca" -o /dev/null "$url/api/v1/session" "${json[@]}" '{"user":"dora","password":"guessed guessed"}'; done
ask 429 POST /api/v1/session "${json[@]}" '{"user":"dora","password":"guessed guessed"}'
grep -qi '^retry-after: [0-9]' "$work/head" || fail 'no Retry-After'

say 'disabled: at once, and everywhere'
ask 200 PATCH /api/v1/users/bob -b "$jar" "${own_page[@]}" "${json[@]}" '{"disabled":true}'
ask 401 GET /api/v1/sensors -b "$work/bob.jar"
ask 409 DELETE /api/v1/users/ann -b "$jar" "${own_page[@]}"
ask 204 DELETE /api/v1/session -b "$jar" "${own_page[@]}"
ask 401 GET /api/v1/users -b "$jar"

say 'a new certificate is taken on SIGHUP'
shown() { openssl s_client -connect "127.0.0.1:$collector_port" </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256; }
before=$(shown)
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 100 -subj /CN=new -addext subjectAltName=IP:127.0.0.1 \
  -keyout "$work/data/tls/collector.key" -out "$ca" >>"$work/openssl.log" 2>&1
kill -HUP "$collector_pid"
changed() { [[ $(shown) != "$before" ]]; }
wait_for 10 'the new certificate' changed
ask 200 GET /healthz

say 'CO-08: no secret is in a log, an audit row or the catalog'
stop_pid "$collector_pid"
python3 - "$catalog" >"$work/audit.log" <<'PYTHON' || fail 'an act over the API has no address in the audit'
import sqlite3, sys
bare = False
for row in sqlite3.connect(sys.argv[1]).execute("SELECT actor, action, detail, peer FROM audit"):
    print(*row)
    if row[3] is None and row[0] not in ("operator", "collector"):
        bare = True
        print("no address:", *row, file=sys.stderr)
sys.exit(bare)
PYTHON
grep -q '^ann user change' "$work/audit.log" || fail 'who disabled bob is not in the audit'
(($(wc -l <"$secrets") >= 10)) || fail 'the list of secrets is not whole'
if grep -aFf "$secrets" "$work"/*.log "$catalog"*; then fail 'a secret was written down'; fi
say 'good'
