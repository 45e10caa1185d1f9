#!/usr/bin/env bash
# Evidence from a real sensor to a real collector: `tapiary verify` has nothing to say of what is
# whole, and names a deleted row, a changed byte, a changed fact, an object that is gone or was put
# there, and a replaced key, but not what retention removed. A case proves itself without the
# collector, statements of completeness and the audit tell what there was and who took it.
# shellcheck disable=SC2119
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need_root
for program in curl ip jq python3; do need "$program"; done
here=$(dirname "$0")

ns=tapiary-evidence-$$
ip netns add "$ns"
on_exit "ip netns del $ns"
ip link add evd0 type veth peer name evd1 netns "$ns"
on_exit 'ip link del evd0 2>/dev/null'
ip addr add 10.66.0.1/24 dev evd0 && ip link set evd0 up
ip -n "$ns" addr add 10.66.0.2/24 dev evd1 && ip -n "$ns" link set evd1 up
ip netns exec "$ns" ethtool -K evd1 tx off >/dev/null 2>&1 || true
ethtool -K evd0 tx off >/dev/null 2>&1 || true
python3 "$here/modbus_talk.py" serve 10.66.0.1 502 >"$work/plc.log" 2>&1 &
on_exit "kill $! 2>/dev/null"

start_collector
make_token sensor-1 sensor "$work/sensor.token"
make_token viewer viewer "$work/viewer.token"
make_token analyst analyst "$work/analyst.token"
make_token root admin "$work/admin.token"

start_sensor() {
  "$bin/tapiary-sensor" --capture.interfaces evd0 --spool.path "$work/spool" --spool.segment_age 1s \
    --uplink.url "$url" --uplink.ca_file "$ca" --uplink.token_file "$work/sensor.token" \
    --meter.active_timeout 2s --health.interval 1s >>"$work/sensor.log" 2>&1 &
  sensor_pid=$!
  on_exit "kill -9 $sensor_pid 2>/dev/null"
  sleep 2
  kill -0 "$sensor_pid" || fail 'the sensor does not run'
}
talk() { # talk FIRST: numbered packets and writes of registers, for 4 s
  ip netns exec "$ns" python3 "$here/modbus_talk.py" write 10.66.0.1 502 10.66.0.2 --count 20 --gap 0.1 >>"$work/talk.log" 2>&1
  ip netns exec "$ns" /usr/bin/python3 "$here/numbered.py" send 10.66.0.1 500 "$1" --rate 250
}
delivered() { # all that the sensor told is there, and something was told
  sql "$work/data/catalog.sqlite" 'SELECT COUNT(*) FROM expected_items' | grep -qx 0 &&
    ! sql "$work/data/catalog.sqlite" 'SELECT COUNT(*) FROM items WHERE verified = 1' | grep -qx 0
}
sql() { "$here/catalog_sql.py" "$@"; } # sql FILE STATEMENT
verify() { "$bin/tapiary" verify --data "$1" --format csv >"$work/findings.csv" 2>"$work/verify.log"; }
clean() { verify "$1" || fail "findings in what is whole: $(cat "$work/findings.csv" "$work/verify.log")"; }
finds() { # finds FOLDER PATTERN
  ! verify "$1" || fail "nothing found, expected: $2"
  grep -q "$2" "$work/findings.csv" || fail "expected '$2', found: $(cat "$work/findings.csv" "$work/verify.log")"
}
copy() { # a copy of what is stored, in $work/copy
  rm -rf "$work/copy"
  cp -a "$work/data" "$work/copy"
}
as() { # as ROLE PATH [CURL OPTION...]
  curl -sS --cacert "$ca" -H "Authorization: Bearer $(cat "$work/$1.token")" "$url/api/v1/$2" "${@:3}"
}

say 'what is whole has no findings'
start_sensor
talk 0
sleep 4
stop_pid "$sensor_pid"
start_sensor # what the last facts could not tell of themselves
sleep 4
wait_for 30 'everything delivered' delivered
clean "$work/data"
grep -q ' named by [1-9]' "$work/verify.log" || fail "nothing was named: $(cat "$work/verify.log")"
cat "$work/verify.log"

say 'completeness: a signed account of this hour'
as viewer 'completeness?sensor=sensor-1&last=1m' >"$work/completeness.json"
jq -e '[.items[] | select(.offered > 0 and .stored.packets > 0)] | length > 0' "$work/completeness.json" >/dev/null ||
  fail "no account: $(cat "$work/completeness.json")"
jq -e '[.items[] | select(.offered != .recorded + .filtered + ([.lost[]] | add // 0))] | length == 0' \
  "$work/completeness.json" >/dev/null || fail 'an account that does not add up'

say 'a case proves itself, and its forgery does not'
"$bin/tapiary" case 'modbus' --last 1h --note 'case 12' -o "$work/case.zip" --collector "$url" --ca "$ca" \
  --token-file "$work/analyst.token" 2>"$work/case.log" || fail "$(cat "$work/case.log")"
key=$(sed -n "s/.*the collector's key //p" "$work/case.log")
"$bin/tapiary" verify "$work/case.zip" --key "$key" --format csv 2>"$work/verify.log" >"$work/findings.csv" ||
  fail "$(cat "$work/findings.csv" "$work/verify.log")"
python3 - "$work/case.zip" "$work/forged.zip" <<'PY'
import sys, zipfile
source = zipfile.ZipFile(sys.argv[1])
assert source.testzip() is None
assert source.read("transactions.ndjson").count(b"\n") >= 20, "no transactions"
assert source.read("completeness.ndjson").count(b"\n") >= 1, "no statement"
with zipfile.ZipFile(sys.argv[2], "w", zipfile.ZIP_DEFLATED) as forged:
    for name in source.namelist():
        content = source.read(name)
        if name == "transactions.ndjson":
            content = content.replace(b"modbus", b"m0dbus", 1)
        forged.writestr(name, content)
PY
"$bin/tapiary" verify "$work/forged.zip" --format csv >"$work/findings.csv" 2>/dev/null && fail 'a forged case was not found'
grep -q 'altered,,transactions.ndjson' "$work/findings.csv" || fail "found: $(cat "$work/findings.csv")"
as viewer 'case?filter=modbus' | jq -e '.status == 403' >/dev/null || fail 'a viewer made a case'

say 'the audit tells who took it'
sleep 1.5
as admin 'audit?action=download&limit=5' | jq -e '.items[0] | (.actor | contains("analyst")) and .outcome == "whole" and .bytes > 1000' >/dev/null ||
  fail "$(as admin 'audit?limit=5')"

say 'a deleted row'
copy
item=$(sql "$work/copy/catalog.sqlite" "SELECT epoch || '/' || seq FROM items WHERE kind = 'segments' AND verified = 1 ORDER BY id LIMIT 1")
sql "$work/copy/catalog.sqlite" "DELETE FROM segments WHERE item_id = (SELECT id FROM items WHERE kind = 'segments' AND verified = 1 ORDER BY id LIMIT 1)"
sql "$work/copy/catalog.sqlite" "DELETE FROM items WHERE id = (SELECT id FROM items WHERE kind = 'segments' AND verified = 1 ORDER BY id LIMIT 1)"
finds "$work/copy" "missing,sensor-1,segments $item"
copy
sql "$work/copy/catalog.sqlite" 'DELETE FROM {transactions} WHERE id = (SELECT MIN(id) FROM {transactions})'
finds "$work/copy" ',sensor-1,facts '

say 'a changed byte of a segment, and one that is gone'
copy
object=$(sql "$work/copy/catalog.sqlite" 'SELECT object FROM segments ORDER BY id LIMIT 1')
file=$(find "$work/copy/vault" -name "${object##*/}" | head -n 1)
python3 -c 'import sys
with open(sys.argv[1], "r+b") as file:
    file.seek(100)
    byte = file.read(1)[0]
    file.seek(100)
    file.write(bytes([byte ^ 1]))' "$file"
finds "$work/copy" 'altered,sensor-1,segments '
rm "$file"
finds "$work/copy" 'missing,sensor-1,segments '

say 'a changed fact: in its row, and in the body that was signed'
copy
sql "$work/copy/catalog.sqlite" "UPDATE {transactions} SET record = REPLACE(record, '\"modbus\"', '\"dnp3\"') WHERE id = (SELECT MIN(id) FROM {transactions})"
finds "$work/copy" 'altered,sensor-1,facts '
copy
sql "$work/copy/catalog.sqlite" "UPDATE item_bodies SET body = CAST(SUBSTR(body, 1, LENGTH(body) - 1) AS BLOB) ||
  CASE SUBSTR(body, -1) WHEN x'00' THEN x'01' ELSE x'00' END WHERE item_id = (SELECT id FROM items WHERE kind = 'facts' ORDER BY id LIMIT 1)"
finds "$work/copy" ',sensor-1,facts '

say 'who also changes the digests has no key to sign'
copy
python3 - "$work/copy/catalog.sqlite" <<'PY'
import hashlib, sqlite3, sys
db = sqlite3.connect(sys.argv[1])
item, body = db.execute("SELECT b.item_id, b.body FROM item_bodies b JOIN items i ON i.id = b.item_id"
                        " WHERE i.kind = 'flows' ORDER BY i.id LIMIT 1").fetchone()
body = body + b"\x00"
db.execute("UPDATE item_bodies SET body = ? WHERE item_id = ?", (body, item))
db.execute("UPDATE items SET digest = ?, bytes = ? WHERE id = ?", (hashlib.sha256(body).digest(), len(body), item))
db.commit()
PY
finds "$work/copy" 'altered,sensor-1,flows '

say 'a replaced key in the database'
copy
sql "$work/copy/catalog.sqlite" "UPDATE sensor_keys SET public_key = x'$(printf '42%.0s' {1..32})'"
finds "$work/copy" ',sensor-1,.* no longer signed by the sensor'

say 'what retention removes is no finding'
stop_pid "$sensor_pid"
stop_pid "$collector_pid"
start_collector --retention.packets.bytes 1KiB --retention.transactions.bytes 2KiB --retention.every 1s
removed() { sql "$work/data/catalog.sqlite" 'SELECT COUNT(*) FROM items WHERE removed_ns IS NOT NULL' | grep -vqx 0; }
wait_for 30 'retention' removed
for verb in pcap case; do
  status=0
  "$bin/tapiary" "$verb" --last 1h -o "$work/rest.$verb" --collector "$url" --ca "$ca" \
    --token-file "$work/analyst.token" 2>"$work/rest.log" || status=$?
  [[ $status == 1 && -s $work/rest.$verb ]] || fail "$verb: $status: $(cat "$work/rest.log")"
  grep -q 'MISSING: retention (bytes)\|capture.pcapng is not whole' "$work/rest.log" || fail "$verb: $(cat "$work/rest.log")"
done
sleep 3
stop_pid "$collector_pid"
clean "$work/data"
grep -q '[1-9][0-9]* removed by retention' "$work/verify.log" || fail "$(cat "$work/verify.log")"

say 'a sensor with another key: stored, told, believed when an admin says so'
start_collector
rm "$work/spool/evidence.key"
start_sensor
talk 1000
sleep 3
changed() { as admin 'audit?action=sensor-key-changed' | jq -e '.items | length > 0'; }
wait_for 20 'the alarm' changed
finds "$work/data" ',sensor-1,facts '
new=$(as viewer 'sensors/sensor-1/keys' | jq -r '.items[] | select(.state == "pending") | .key')
[[ $new =~ ^[0-9a-f]{64}$ ]] || fail "no pending key: $(as viewer 'sensors/sensor-1/keys')"
as admin 'sensors/sensor-1/keys' -X POST -H 'Content-Type: application/json' -d "{\"key\": \"$new\", \"state\": \"trusted\"}" >/dev/null
sleep 3
stop_pid "$sensor_pid"
wait_for 30 'everything delivered' delivered
clean "$work/data"
say 'good'
