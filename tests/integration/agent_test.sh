#!/usr/bin/env bash
# The base image's agent beside a real interface and a real collector: no packet is lost when files
# reach their size, a quiet link sends by the clock, nothing goes before it is acknowledged, and
# events arrive with user and password.
# shellcheck disable=SC2119
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need_root
for program in tcpdump curl ip; do need "$program"; done

agent=$source_dir/vm-images/base/tapiary-agent
numbered=("/usr/bin/python3" "$source_dir/tests/integration/numbered.py")
ns=tapiary-agent-$$
ip netns add "$ns"
on_exit "ip netns del $ns"
ip link add agt0 type veth peer name agt1 netns "$ns"
on_exit 'ip link del agt0 2>/dev/null'
ip addr add 10.67.0.1/24 dev agt0 && ip link set agt0 up
ip -n "$ns" addr add 10.67.0.2/24 dev agt1 && ip -n "$ns" link set agt1 up
send() { ip netns exec "$ns" "${numbered[@]}" send 10.67.0.1 "$@"; }

start_collector
make_token honeypot sensor "$work/sensor.token"
make_token analyst viewer "$work/viewer.token"

export TAPIARY_URL=$url TAPIARY_CA_FILE=$ca TAPIARY_TOKEN_FILE=$work/sensor.token TAPIARY_INTERFACE=agt0
export TAPIARY_DIR=$work/agent TAPIARY_EVERY=2 TAPIARY_CHUNK_MB=1 TAPIARY_EVENTS=$work/service.json
start_agent() {
  "$agent" >>"$work/agent.log" 2>&1 &
  agent_pid=$!
  on_exit "kill -9 $agent_pid 2>/dev/null"
  wait_for 10 'agent records' grep -q 'recording agt0' "$work/agent.log"
}
arrived() { # arrived FIRST COUNT
  recorded_pcap "$work/recorded.pcap" 'udp.port == 5099' && "${numbered[@]}" check "$work/recorded.pcap" "$1" "$2" >"$work/check.txt"
}

"$agent" --check >/dev/null || fail 'the agent finds fault with a good collector'
start_agent

say 'files reach their size: 20,000 packets of 1,000 bytes, several files'
send 20000 0 --size 1000
wait_for 40 'all packets of the burst' arrived 0 20000
cat "$work/check.txt"

say 'a quiet link: one packet, then nothing'
send 1 20000
wait_for 8 'the lone packet' arrived 20000 1

say 'collector away: what is recorded meanwhile arrives later'
stop_pid "$collector_pid"
send 500 20001
sleep 5
[[ -n $(find "$work/agent/packets" -name '*.pcap') ]] || fail 'the agent keeps nothing while the collector is away'
start_collector
wait_for 60 'what was recorded meanwhile' arrived 20001 500

say 'agent killed and restarted: what it had is sent once'
send 300 20501
sleep 1
kill -9 "$agent_pid"
: >"$work/agent.log"
start_agent
send 100 20801
wait_for 30 'packets from before and after the kill' arrived 20501 400
arrived 0 20901 || fail "packets are missing or doubled: $(cat "$work/check.txt")"

say 'events: from the log of a service, also over a rotation, and from a script'
echo '{"eventid":"login.failed","src_ip":"10.67.0.2","username":"admin","password":"1234"}' >>"$work/service.json"
has_event() { api 'events?from=2000-01-01' | grep -q "$1"; }
wait_for 15 'event of the log' has_event '"1234"'
mv "$work/service.json" "$work/service.json.1"
echo '{"eventid":"login.failed","username":"root","password":"after-rotation"}' >"$work/service.json"
"$agent" --event '{"eventid":"note","username":"x","password":"by-script"}'
wait_for 15 'event after the rotation' has_event after-rotation
wait_for 15 'event of a script' has_event by-script

say 'a refused token: everything is kept'
"$bin/tapiary" token revoke 1 --catalog "$work/data/catalog.sqlite" 2>>"$work/token.log"
send 10 30000
wait_for 15 'the agent sees that its token is refused' grep -q 'does not accept the token' "$work/agent.log"
[[ -n $(find "$work/agent/packets" -name '*.pcap') ]] || fail 'packets went although the token was refused'

say 'the token is in no argument and no log'
token=$(cat "$work/sensor.token")
! grep -rqF "$token" "$work"/*.log || fail 'the token is in a log'
stop_pid "$agent_pid"
grep -q 'stopped; ' "$work/agent.log" || fail 'the agent did not end in order'
! pgrep -f "tcpdump -i agt0" >/dev/null || fail 'its tcpdump is still there'
say 'good'
