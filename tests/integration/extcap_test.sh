#!/usr/bin/env bash
# Collectors as interfaces of Wireshark: tshark finds the plugin, lists them and captures from them.
# shellcheck disable=SC2119
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
for program in curl tshark capinfos; do need "$program"; done

start_collector
for role in sensor viewer; do make_token "s1-$role" "$role" "$work/$role.token"; done
packets() { /usr/bin/python3 "$source_dir/tests/integration/udp_pcap.py" "$@"; }
send() {
  curl -sf --cacert "$ca" -H "Authorization: Bearer $(cat "$work/sensor.token")" \
    --data-binary "@$1" "$url/api/v1/ingest/pcap" >>"$work/sent.log"
}
# As docs/wireshark.md says, for a user of their own.
export HOME=$work/home XDG_CONFIG_HOME=$work/home/.config
mkdir -p "$HOME/.config/tapiary/collectors" "$HOME/.config/wireshark/extcap"
ln -s "$bin/tapiary" "$HOME/.config/wireshark/extcap/tapiary-extcap"
for name in plant "bad name"; do
  printf 'url: %s\ntoken_file: %s\nca: %s\n' "$url" "$work/viewer.token" "$ca" \
    >"$HOME/.config/tapiary/collectors/$name.yaml"
done
plugin=$HOME/.config/wireshark/extcap/tapiary-extcap
start=(timeout 60 tshark -i tapiary-plant)

say 'tshark lists the collectors of the files, and their link type'
tshark -D 2>>"$work/tshark.log" | grep -F "tapiary-plant (Tapiary plant, $url)" || fail 'not in tshark -D'
tshark -D 2>/dev/null | grep -c tapiary- | grep -qx 1 || fail 'a file with a bad name is an interface'
tshark -i tapiary-plant -L 2>>"$work/tshark.log" | grep -q 'As the sensors captured' || fail 'no link type'
"$plugin" --extcap-interfaces 2>&1 >/dev/null | grep -q 'bad name' || fail 'the bad name is not told'

say 'a live capture has what arrives, by a capture filter'
packets "$work/before.pcap" 0 50 502
send "$work/before.pcap"
"${start[@]}" -f 'udp.port == 502' -c 100 -w "$work/live.pcapng" 2>>"$work/tshark.log" &
live_pid=$!
on_exit "stop_pid $live_pid"
sleep 4
packets "$work/other.pcap" 1000 30 161
packets "$work/during.pcap" 2000 100 502
send "$work/other.pcap"
send "$work/during.pcap"
wait "$live_pid" || fail 'tshark failed'
tshark -r "$work/live.pcapng" -T fields -e frame.interface_name -e udp.dstport 2>>"$work/tshark.log" | sort | uniq -c >"$work/rows"
grep -qE '^ *100 s1-sensor	502$' "$work/rows" || fail "$(cat "$work/rows")"
tshark -r "$work/live.pcapng" -T fields -e frame.time_epoch | sort -u | head -1 >"$work/first"
grep -q '^1790000002.0' "$work/first" || fail "not what came during the capture: $(cat "$work/first")"

say 'an interrupt ends the capture and the plugin'
"${start[@]}" -o "extcap.tapiary_plant.last:1h" -w "$work/past.pcapng" 2>>"$work/tshark.log" &
past_pid=$!
on_exit "stop_pid $past_pid"
wait_for 20 'packets of the past hour' bash -c "capinfos -c '$work/past.pcapng' 2>/dev/null | grep -q 'packets: *180$'"
pgrep -f "fifo.*tapiary-plant|tapiary-plant.*fifo" >"$work/plugins" || fail 'no plugin runs'
kill -INT "$(pgrep -P "$past_pid" tshark || echo "$past_pid")"
wait_for 20 'the plugin has ended' bash -c "! kill -0 $(head -1 "$work/plugins") 2>/dev/null"
stop_pid "$past_pid"

say 'all that is there, and no more; filters on flows then too'
"${start[@]}" -o extcap.tapiary_plant.once:true -f 'flow.packets == 50' -w "$work/once.pcapng" 2>>"$work/tshark.log" ||
  fail 'tshark failed'
capinfos -c "$work/once.pcapng" 2>/dev/null | grep -q 'packets: *50$' || fail "$(capinfos -c "$work/once.pcapng")"

say 'what is wrong is told'
"$plugin" --extcap-interface tapiary-plant --extcap-capture-filter 'tcp.prt == 1' | grep -q 'tcp.port' || fail 'filter'
[[ -z $("$plugin" --extcap-interface tapiary-plant --extcap-capture-filter 'tcp.port == 1') ]] || fail 'a right filter'
"${start[@]}" -f 'tcp.prt == 1' -c 1 >"$work/out" 2>&1 && fail 'a wrong filter is taken'
grep -q 'unknown field' "$work/out" || fail "tshark says: $(cat "$work/out")"
stop_pid "$collector_pid"
"${start[@]}" -c 1 >"$work/out" 2>&1 && fail 'nobody is there'
grep -q 'connect' "$work/out" || fail "tshark says: $(cat "$work/out")"
say passed
