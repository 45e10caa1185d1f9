#!/usr/bin/env bash
# vm-images/compose as its README says: the image is built, six containers start, a pcap goes in by the
# sensors' door and comes back by the people's. One collector is killed, then it comes back and the
# other one goes; all containers are removed and made anew from their volumes. Nothing is lost.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
[[ ${TAPIARY_TEST_COMPOSE:-} == 1 ]] || skip 'takes minutes and a download: set TAPIARY_TEST_COMPOSE=1'
((EUID == 0)) || skip 'needs root for debootstrap'
for program in podman podman-compose debootstrap curl python3; do need "$program"; done

project=tapiarytest$$
export TAPIARY_IMAGE=localhost/$project TAPIARY_STORE_GIB=4
sensors_port=$(free_port) users_port=$(free_port)
export TAPIARY_SENSORS=127.0.0.1:$sensors_port TAPIARY_USERS=127.0.0.1:$users_port
compose() { (cd "$source_dir/vm-images/compose" && podman-compose -p "$project" "$@") >>"$work/compose.log" 2>&1; }
inside() { podman exec "${project}_$1_1" "${@:2}"; } # inside SERVICE COMMAND...
on_exit "podman rmi -f $TAPIARY_IMAGE >/dev/null 2>&1"
remove() {
  local service
  for service in setup database store collector1 collector2 proxy; do
    podman logs "${project}_${service}_1" >"$work/$service.log" 2>&1
  done
  compose down -v
  podman network rm -f "${project}_default" >/dev/null 2>&1
}

say 'the image'
if [[ -n ${TAPIARY_TEST_COMPOSE_IMAGE:-} ]]; then # built before, by build.sh
  podman tag "$TAPIARY_TEST_COMPOSE_IMAGE" "$TAPIARY_IMAGE"
else
  "$source_dir/vm-images/compose/build.sh" "$bin" "$TAPIARY_IMAGE" >"$work/build.log" 2>&1 || fail 'build.sh'
fi

say 'up'
on_exit remove
compose up -d || fail 'podman-compose up'
ca=$work/ca.crt
people=https://127.0.0.1:$users_port
people() { curl -sf -m 20 --cacert "$ca" "$people/$1" "${@:2}"; }
wait_for 60 'the authority' eval "inside proxy cat /secrets/ca.crt >'$ca'"
wait_for 120 'a collector is healthy' people healthz
inside collector1 tapiary token create plant-1 --scope sensor >"$work/sensor.token"
inside collector2 tapiary token create reader --scope viewer >"$work/viewer.token"

send() { # send FIRST: 1,000 numbered packets
  /usr/bin/python3 "$source_dir/tests/integration/udp_pcap.py" "$work/$1.pcap" "$1" 1000 502
  code=$(curl -s -m 60 -o "$work/answer.log" -w '%{http_code}' --cacert "$ca" -H "Authorization: Bearer $(cat "$work/sensor.token")" \
    --data-binary "@$work/$1.pcap" "https://127.0.0.1:$sensors_port/api/v1/ingest/pcap")
  [[ $code == 201 ]]
}
stored() { # stored FILE...: exactly these packets, no other
  people api/v1/pcap -H "Authorization: Bearer $(cat "$work/viewer.token")" -G -d format=pcap -d from=2000-01-01 -o "$work/recorded.pcap" || return
  /usr/bin/python3 - "$work/recorded.pcap" "$@" <<'PYTHON'
import struct
import sys


def packets(path):
    data, offset, found = open(path, "rb").read(), 24, []
    while offset < len(data):
        length = struct.unpack_from("<I", data, offset + 8)[0]
        found.append(data[offset:offset + 16 + length])
        offset += 16 + length
    return found


sent = sorted(packet for path in sys.argv[2:] for packet in packets(path))
recorded = sorted(packets(sys.argv[1]))
print(f"{len(sent)} sent, {len(recorded)} recorded")
sys.exit(sent != recorded)
PYTHON
}
holds() { stored "$@" || fail "not what was sent: ${*##*/}"; }
both_healthy() {
  local i
  for i in 1 2; do inside proxy curl -sf -m 5 --cacert /secrets/ca.crt "https://collector$i:8443/healthz" || return; done
}

wait_for 60 'both collectors are healthy' both_healthy
send 0 || fail "$code: $(cat "$work/answer.log")"
holds "$work/0.pcap"

say 'collector 1 is killed'
podman kill "${project}_collector1_1" >>"$work/compose.log"
wait_for 30 'the other one takes data' send 1000
holds "$work"/{0,1000}.pcap

say 'it comes back, and the other one is killed'
podman start "${project}_collector1_1" >>"$work/compose.log"
wait_for 60 'both collectors are healthy' both_healthy
podman kill "${project}_collector2_1" >>"$work/compose.log"
wait_for 60 'collector 1 takes data' send 2000
holds "$work"/{0,1000,2000}.pcap

say 'down and up: all is still there'
compose down || fail 'podman-compose down'
! podman container exists "${project}_proxy_1" || fail 'down leaves containers'
compose up -d || fail 'podman-compose up'
wait_for 120 'healthy again' people healthz
holds "$work"/{0,1000,2000}.pcap
wait_for 30 'takes data again' send 3000
holds "$work"/{0,1000,2000,3000}.pcap
say "good, $SECONDS s"
