#!/usr/bin/env bash
# The web page of a real collector in a real browser: log in, look, filter, download; and text from
# attackers stays text (CO-01). Pictures are kept in $TAPIARY_WEB_PICTURES, if that is set. In a
# network namespace of its own: Chromium drops what it loads when other tests make an interface.
# shellcheck disable=SC2119
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
in_own_network "$0"
for program in node npm curl capinfos python3; do need "$program"; done
chromium=${CHROMIUM:-/usr/bin/chromium}
[[ -x $chromium ]] || skip "$chromium is not installed"
app=$(realpath "$bin/../server/web_app")
[[ -d $app/node_modules/playwright-core ]] || skip "built with TAPIARY_WEB=OFF"

say 'types and templates'
(cd "$app" && npm run --silent check) >"$work/check.log" 2>&1 || fail 'svelte-check or tsc finds errors'

# What alerts.mjs tests: it listens there itself. Alerts of its own are not so severe.
siem_port=$(free_port)
cat >"$work/collector.yaml" <<YAML
alerts:
  targets:
    - siem syslog+tcp://127.0.0.1:$siem_port severity=critical
    - inner https://127.0.0.1:$siem_port/hidden-path severity=critical
YAML
start_collector --config "$work/collector.yaml"
make_token plant-x sensor "$work/sensor.token"
make_token analyst viewer "$work/viewer.token"
send() { # send PATH FILE
  curl -sSf --cacert "$ca" -H "Authorization: Bearer $(cat "$work/sensor.token")" \
    --data-binary "@$2" "$url/api/v1/ingest/$1" >>"$work/send.log"
}

node "$source_dir/tests/server/web/hostile_pcap.mjs" "$work/hostile.pcap"
send pcap "$work/hostile.pcap"
captures=$source_dir/../shared/captures/modbus
if [[ -d $captures ]]; then send pcap "$captures/modbus_scada_small.pcap"; fi
cat >"$work/events.json" <<'JSON'
{"eventid": "cowrie.login.failed", "src_ip": "203.0.113.7", "src_port": 51515,
 "username": "<svg onload=window.hacked=1>", "password": "'\"><b>=cmd|' /C calc'!A0", "session": "\u202e${7*7}"}
JSON
python3 - >"$work/long.json" <<'PYTHON'
import json
print(json.dumps({"eventid": "cowrie.command.input", "src_ip": "203.0.113.8", "session": "long",
                  "username": "u" * 9000, "input": "wget " + "A" * 9000, "marker": "of the whole record"}))
PYTHON
send events "$work/events.json"
send events "$work/long.json"

in_browser() { # in_browser NAME SECONDS: runs tests/server/web/NAME.mjs
  local status=0
  NODE_TLS_REJECT_UNAUTHORIZED=0 NODE_NO_WARNINGS=1 WEB_APP=$app URL=$url WORK=$work CHROMIUM=$chromium SIEM_PORT=$siem_port \
    timeout "$2" node "$source_dir/tests/server/web/$1.mjs" || status=$?
  [[ -z ${TAPIARY_WEB_PICTURES:-} ]] || cp "$work"/*.png "$TAPIARY_WEB_PICTURES"
  ((status == 0)) || fail "$1 in the browser"
}
in_browser browse 150
printf 'correct horse battery\n' | "$bin/tapiary" user create ann --role admin --password-file - --catalog "$work/data/catalog.sqlite"
in_browser accounts 60
in_browser alerts 90
make_token lossy-1 sensor "$work/lossy.token"
make_token whole-1 sensor "$work/whole.token"
in_browser completeness 60
in_browser audit 60
in_browser case 60
make_token keyed-1 sensor "$work/keyed.token"
for spool in 1 2 3; do # a key each
  "$bin/tapiary-sensor" --capture.files "$work/hostile.pcap" --spool.path "$work/spool-$spool" --uplink.url "$url" \
    --uplink.ca_file "$ca" --uplink.token_file "$work/keyed.token" >>"$work/keyed.log" 2>&1 || fail 'the sensor with a key'
done
in_browser keys 60

say 'what was downloaded is what was sent'
[[ $(capinfos -Trc "$work/filter.pcapng" | cut -f2) == 10 ]] || fail 'the pcap of the filter has not 10 packets'
(($(capinfos -Trc "$work/flow.pcapng" | cut -f2) > 0)) || fail 'the pcap of the flow has no packets'
say 'the case proves itself with the key that the page showed'
key=$(cat "$work/case.key")
"$bin/tapiary" verify "$work/case.zip" --key "$key" >"$work/verify.log" 2>&1 || fail 'the case is not whole'
grep -qx "signed with the key $key" "$work/verify.log" || fail 'the key is not known to be the right one'
python3 -m zipfile -e "$work/case.zip" "$work/case"
grep -qF '"note": "incident 7 <b>for</b> the CERT"' "$work/case/manifest.json" || fail 'the note is not in the manifest'
say 'good'
