#!/usr/bin/env bash
# `tapiary pcap` of a running collector, read by Wireshark's tools from pipes and files.
# shellcheck disable=SC2119
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
for program in curl python3 tshark capinfos dumpcap script; do need "$program"; done
tapiary=$bin/tapiary

printf '%s\n' '# devices' '10.0.0.1 hmi' '10.0.0.2 plc-1 pump' >"$work/hosts"
start_collector --hosts_file "$work/hosts"
for role in sensor viewer; do make_token "s1-$role" "$role" "$work/$role.token"; done
make_token s2-sensor sensor "$work/other.token"
export TAPIARY_COLLECTOR=$url TAPIARY_CA=$ca TAPIARY_TOKEN_FILE=$work/viewer.token
packets() { /usr/bin/python3 "$source_dir/tests/integration/udp_pcap.py" "$@"; }
send() { # send FILE [TOKEN]
  curl -sf --cacert "$ca" -H "Authorization: Bearer $(cat "$work/${2:-sensor}.token")" \
    --data-binary "@$1" "$url/api/v1/ingest/pcap" >>"$work/sent.log"
}
packets "$work/one.pcap" 0 1000 502
packets "$work/two.pcap" 1000 500 161
send "$work/one.pcap"
send "$work/two.pcap" other
frames() { tshark -r "$1" -T fields "${@:2}" 2>>"$work/tshark.log"; }

say 'a file that Wireshark reads: all packets, in order, with their sensors'
"$tapiary" pcap -o "$work/all.pcapng"
[[ $(capinfos -c -M -T -r "$work/all.pcapng" 2>/dev/null | cut -f2) == 1500 ]] || fail "$(capinfos -c "$work/all.pcapng")"
frames "$work/all.pcapng" -e frame.time_epoch | sort -c -n || fail 'not in order'
frames "$work/all.pcapng" -e frame.interface_name | sort | uniq -c >"$work/sensors"
grep -q '1000 s1-sensor$' "$work/sensors" || fail "$(cat "$work/sensors")"
grep -q ' 500 s2-sensor$' "$work/sensors" || fail "$(cat "$work/sensors")"

say 'through a pipe, as "| wireshark -k -i -" does, interfaces are told apart'
"$tapiary" pcap | tshark -i - -T fields -e frame.interface_name 2>>"$work/tshark.log" | sort | uniq -c >"$work/piped"
diff "$work/piped" "$work/sensors" || fail 'not what the file says'

say 'devices by the names that the plant has for them, in a file and through a pipe'
frames "$work/all.pcapng" -N n -e ip.dst_host | sort -u | grep -qx plc-1 || fail "$(frames "$work/all.pcapng" -N n -e ip.dst_host | sort -u)"
"$tapiary" pcap | tshark -i - -N n -T fields -e ip.dst_host 2>>"$work/tshark.log" | sort -u | grep -qx plc-1 || fail 'no names through a pipe'

say 'a filter, a sensor, a flow, classic pcap, microseconds'
"$tapiary" pcap 'udp.port == 161' | capinfos -c - 2>/dev/null | grep -q 'packets: *500$' || fail 'filter'
"$tapiary" pcap --sensor s1-sensor -o - --last 1h | capinfos -c - | grep -q 'packets: *1000$' || fail 'sensor'
status=0
"$tapiary" pcap --sensor nobody -o "$work/nobody.pcapng" 2>"$work/err" || status=$?
((status == 1)) || fail "nobody: $status $(cat "$work/err")"
grep -q "no sensor 'nobody'" "$work/err" || fail "$(cat "$work/err")"
"$tapiary" pcap 'udp.port == 9' 2>"$work/err" | capinfos -c - 2>/dev/null | grep -q 'packets: *0$' || fail 'no packets'
grep -q 'no packets of this time match' "$work/err" || fail "$(cat "$work/err")"
flow=$("$tapiary" flows 'udp.port == 161' --format ndjson | python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["id"])')
"$tapiary" pcap --flow "$flow" | capinfos -c - 2>/dev/null | grep -q 'packets: *500$' || fail 'flow'
"$tapiary" pcap udp --format pcap --microseconds | tcpdump -nr - 2>/dev/null | wc -l | grep -qx 1500 || fail 'pcap'
"$tapiary" pcap 'udp.port == 502' --format pcap -o "$work/one.out"
python3 - "$work/one.out" "$work/one.pcap" <<'PY' || fail 'not the packets that were sent'
import sys
a, b = (open(name, "rb").read()[24:] for name in sys.argv[1:])
assert a == b
PY

say 'what goes wrong is told, and by the exit code'
# fails CODE PATTERN OPTION...: `tapiary pcap OPTION...` ends with CODE and says PATTERN
fails() {
  local code=0
  "$tapiary" pcap "${@:3}" >"$work/out" 2>"$work/err" || code=$?
  [[ $code == "$1" ]] || fail "${*:3}: exit $code: $(cat "$work/err")"
  grep -q "$2" "$work/err" || fail "${*:3}: says $(cat "$work/err")"
}
fails 2 '\^' 'tcp.prt == 1'
fails 1 'no flow' --flow s1-sensor.1.1 -o "$work/none.pcapng"
[[ ! -e $work/none.pcapng ]] || fail 'a file without a flow'
fails 1 'No space' -o /dev/full
code=0
script -qec "'$tapiary' pcap" /dev/null >"$work/terminal" || code=$?
[[ $code == 2 ]] || fail "exit $code on a terminal"
grep -q wireshark "$work/terminal" || fail "$(cat "$work/terminal")"

say 'a reader who leaves ends it quietly'
"$tapiary" pcap 2>"$work/err" | head -c 100 >/dev/null
[[ ${PIPESTATUS[0]} == 0 && ! -s $work/err ]] || fail "not quiet: $(cat "$work/err")"

say 'a live tail: what arrives, once, through a restart of the collector; an interrupt ends it'
"$tapiary" pcap --sensor s1-sensor udp --follow -o "$work/tail.pcapng" 2>"$work/tail.log" &
tail_pid=$!
on_exit "stop_pid $tail_pid"
mkfifo "$work/pipe"
"$tapiary" pcap 'udp.port == 700' --follow >"$work/pipe" 2>>"$work/tail.log" &
pipe_pid=$!
on_exit "stop_pid $pipe_pid"
# Wireshark's own reader of pipes; it leaves when it has what it wants.
timeout 60 tshark -i "$work/pipe" -c 400 -T fields -e udp.length -e frame.time_epoch >"$work/live" 2>>"$work/tshark.log" &
tshark_pid=$!
wait_for 20 'the tail has begun' test -s "$work/tail.pcapng"
sleep 2
for i in 0 1; do
  packets "$work/live$i.pcap" $((5000 + i * 100)) 100 700
  packets "$work/other$i.pcap" $((6000 + i * 100)) 100 700
  send "$work/live$i.pcap"
  send "$work/other$i.pcap" other
  sleep 1.5
  if ((i == 0)); then
    stop_pid "$collector_pid"
    sleep 2
    start_collector
  fi
done
wait_for 40 'Wireshark has the packets' bash -c "! kill -0 $tshark_pid 2>/dev/null"
[[ $(sort -u "$work/live" | wc -l) == 400 ]] || fail "tshark has $(sort -u "$work/live" | wc -l) of 400"
wait_for 20 'the reader has left' bash -c "! kill -0 $pipe_pid 2>/dev/null"
kill -INT "$tail_pid"
code=0
wait "$tail_pid" || code=$?
[[ $code == 0 ]] || fail "exit $code after an interrupt"
[[ $(frames "$work/tail.pcapng" -e frame.time_epoch | sort | uniq -u | wc -l) == 200 ]] || fail "$(capinfos -c "$work/tail.pcapng")"
grep -q 'trying again' "$work/tail.log" || fail 'did not see that the collector was away'
fails 2 'fields that packets have' command --follow -o "$work/never"

say 'what the vault has lost is named'
segment=$(find "$work/data/vault" -type f -printf '%s %p\n' | sort -n | tail -1 | cut -d' ' -f2)
python3 - "$segment" <<'PY'
import os, sys
with open(sys.argv[1], "r+b") as file:
    file.seek(os.path.getsize(sys.argv[1]) // 3)
    file.write(b"\xAA" * 50)
PY
fails 1 'MISSING: block .* of sensor s1-sensor' -o "$work/part.pcapng"
capinfos -c "$work/part.pcapng" 2>/dev/null | grep -q 'packets: *900$' || fail 'the part is no file'
fails 1 'this is a part, 900 packets' --format pcap -o "$work/part.pcap"
say passed
