#!/usr/bin/env bash
# Alerts from the wire to the receiver: a real sensor on a real interface, a real collector, receivers
# by TLS. A command from outside is told within 2 s of its packet; what is judged or waiting outlives
# kill -9; a dead receiver gets it later; no webhook reaches an inner address (CO-10).
# shellcheck disable=SC2119
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need_root
for program in curl ip openssl python3; do need "$program"; done
here=$source_dir/tests/integration

say 'a PLC, someone inside and someone outside'
ns=tapiary-alert-$$
near=al$((RANDOM % 9000 + 1000))a far=al$((RANDOM % 9000 + 1000))b
ip netns add "$ns"
on_exit "ip netns del $ns"
ip link add "$near" type veth peer name "$far" netns "$ns"
on_exit "ip link del $near 2>/dev/null"
ip addr add 10.69.0.1/24 dev "$near" && ip link set "$near" up
ip -n "$ns" addr add 10.69.0.2/24 dev "$far" && ip -n "$ns" addr add 203.0.113.9/32 dev "$far"
ip -n "$ns" link set "$far" up && ip route add 203.0.113.9/32 dev "$near"
python3 "$here/modbus_talk.py" serve 10.69.0.1 502 >"$work/plc.log" 2>&1 &
on_exit "stop_pid $!"
modbus() { ip netns exec "$ns" python3 "$here/modbus_talk.py" "$1" 10.69.0.1 502 "$2" "${@:3}"; }
outside=203.0.113.9 inside=10.69.0.2

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 10 -subj /CN=receiver -keyout "$work/receiver.key" -out "$work/receiver.crt" \
  -addext 'subjectAltName=IP:127.0.0.2,IP:127.0.0.1,DNS:localhost' 2>"$work/openssl.log"
head -c 24 /dev/urandom | base64 >"$work/hook.secret"
chmod 600 "$work/hook.secret"
hook=$(free_port) trap=$(free_port) tls=$(free_port) tcp=$(free_port)
start_receiver() {
  python3 "$here/alert_receiver.py" "$work" "$work/receiver.crt" "$work/receiver.key" "$hook" "$trap" "$tls" "$tcp" >>"$work/receiver.log" 2>&1 &
  receiver_pid=$!
  on_exit "stop_pid $receiver_pid"
  wait_for 10 'receivers' curl -s -o /dev/null --cacert "$work/receiver.crt" "https://127.0.0.2:$hook/"
}
mode() { echo "$1" >"$work/mode"; }
mode ok
touch "$work"/{hook,trap,syslog}.jsonl
start_receiver
check() { python3 "$here/alert_check.py" "$work" "$@"; }

cat >"$work/collector.yaml" <<YAML
alerts:
  allow: [127.0.0.2/32]
  targets:
    - hook https://127.0.0.2:$hook/tapiary secret=$work/hook.secret ca=$work/receiver.crt
    - tls syslog+tls://127.0.0.1:$tls ca=$work/receiver.crt
    - tcp syslog+tcp://127.0.0.1:$tcp
    - loop https://127.0.0.1:$trap/ ca=$work/receiver.crt
    - number https://2130706433:$trap/ ca=$work/receiver.crt
    - name https://localhost:$trap/ ca=$work/receiver.crt
    - six https://[::1]:$trap/ ca=$work/receiver.crt
    - mapped https://[::ffff:127.0.0.1]:$trap/ ca=$work/receiver.crt
    - private https://10.69.0.1:$trap/ ca=$work/receiver.crt
    - metadata https://169.254.169.254/latest/meta-data
YAML
restart_collector() { start_collector --config "$work/collector.yaml"; }
restart_collector
make_token plc-1 sensor "$work/sensor.token"
make_token view viewer "$work/viewer.token"
make_token write analyst "$work/analyst.token"
rule() { # rule JSON
  curl -sS --fail-with-body --cacert "$ca" -H "Authorization: Bearer $(cat "$work/analyst.token")" --data-binary "$1" "$url/api/v1/alerts/rules" >>"$work/api.log" ||
    fail "the rule is refused: $(tail -n 1 "$work/api.log")"
}
rule '{"name":"command from outside","severity":"high","note":"Call the plant.","cooldown":"0s","max_per_hour":1000,"targets":["hook","tls","tcp"],
  "filter":"command && sensor == \"plc-1\" && !(ip.src == 10.0.0.0/8)"}'

"${TAPIARY_TEST_SENSOR:-$bin/tapiary-sensor}" --capture.interfaces "$near" --spool.path "$work/spool" --uplink.url "$url" --uplink.ca_file "$ca" \
  --uplink.token_file "$work/sensor.token" --uplink.retry_max 2s >"$work/sensor.log" 2>&1 &
on_exit "stop_pid $!"
wait_for 10 'sensor captures' grep -q "$near" /proc/net/dev_mcast

say 'a command from outside is told within 2 s of its packet; one from inside is not'
curl -sN -m 60 --cacert "$ca" -H "Authorization: Bearer $(cat "$work/viewer.token")" "$url/api/v1/alerts/stream" >"$work/stream.txt" &
on_exit "stop_pid $!"
wait_for 5 'the live stream' grep -q retry "$work/stream.txt"
modbus write "$inside"
modbus read "$outside"
for number in {1..10}; do # one after the other, or two would be one alert
  modbus write "$outside"
  wait_for 20 "alert $number" check count "$number"
  sleep 0.$((RANDOM % 900 + 100))
done
sleep 1
check count 10 || fail 'not 10 alerts'
check latency 2.0 || fail 'too late, or wrong'
curl -sf --cacert "$ca" -H "Authorization: Bearer $(cat "$work/viewer.token")" "$url/metrics" >"$work/metrics"
grep -q '^tapiary_alerts_open{severity="high"} 10$' "$work/metrics" || fail "metrics: $(grep alert "$work/metrics")"
[[ $(grep -c '^event: alert' "$work/stream.txt") == 10 ]] || fail 'the live stream has not shown all'

say 'a receiver that refuses, and one that is away, get it later'
mode refuse
modbus write "$outside"
wait_for 10 'a refused try' check refused
mode ok
wait_for 30 'the message after a refusal' check count 11
stop_pid "$receiver_pid"
modbus write "$outside"
waiting() { api 'alerts/messages?state=waiting' | grep -q '"trouble":"[^"]'; }
wait_for 10 'the collector notices' waiting
start_receiver
wait_for 40 'the message after the receiver came back' check count 12

say 'killed between match and delivery: it comes again, with the same number'
mode hang
modbus write "$outside"
wait_for 10 'the receiver has it' check hanging
stop_pid "$collector_pid" KILL
mode ok
restart_collector
wait_for 90 'the message again' check count 13

say 'killed at any moment: nothing is lost, nothing is another alert'
for round in 14 15 16 17; do
  modbus write "$outside"
  sleep 0.$((RANDOM % 700 + 10))
  stop_pid "$collector_pid" KILL
  restart_collector
  wait_for 100 "alert $round" check count "$round"
done
check count 17 || fail 'not 17 alerts'

say 'CO-10: no webhook reaches an inner address, not by a name and not by a redirect'
bad=(loop number name six mapped private metadata)
list=$(printf ',"%s"' "${bad[@]}")
rule "{\"name\":\"inner\",\"filter\":\"command\",\"targets\":[${list:1}]}"
mode redirect
modbus write "$outside"
for target in "${bad[@]}"; do
  refused() { api "alerts/messages?target=$target" | grep -q 'is refused (.*alerts.allow'; }
  wait_for 10 "$target is refused" refused
done
wait_for 10 'the redirect' check redirected
redirect_told() { api 'alerts/messages?target=hook&state=waiting' | grep -q 'redirect, which is not followed'; }
wait_for 10 'the redirect is told' redirect_told
mode ok
wait_for 30 'the message after the redirect' check count 18
[[ ! -s $work/trap.jsonl ]] || fail "someone connected: $(cat "$work/trap.jsonl")"
say 'good'
