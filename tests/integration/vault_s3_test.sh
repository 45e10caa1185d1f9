#!/usr/bin/env bash
# The collector with its vault in a real S3 server, which crashes during ingest: senders get 503 and
# Retry-After, probes and counters tell, and when it is back everything that was sent is stored once
# (UP-01, CO-08, CO-15).
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
for program in curl tcpdump python3; do need "$program"; done
s3=$source_dir/tests/support/s3_server.sh
code=0
"$s3" start "$work/s3" >"$work/s3.log" 2>&1 || code=$?
((code != 77)) || skip "$(cat "$work/s3.log")"
((code == 0)) || fail 'no S3 server'
on_exit "$s3 remove $work/s3"
# shellcheck source=/dev/null
source "$work/s3/env"

make_capture() { # make_capture FILE NUMBER: 200 packets that no other file has
  python3 -c '
import struct, sys
number = int(sys.argv[2])
with open(sys.argv[1], "wb") as out:
    out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
    for i in range(200):
        udp = struct.pack(">HHHH", 1000 + number, 2000, 8 + 400, 0) + bytes([number, i % 256]) * 200
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), i, 0, 64, 17, 0, bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))
        frame = bytes(6) + bytes([2, 0, 0, 0, 0, 1]) + b"\x08\x00" + ip + udp
        out.write(struct.pack("<IIII", 1790000000 + number, i, len(frame), len(frame)) + frame)
' "$1" "$2"
}
post() { # post FILE: the status; head in $work/head
  curl -s -o "$work/body" -D "$work/head" -w '%{http_code}' --max-time 60 --cacert "$ca" -H "Authorization: Bearer $(cat "$work/sensor.token")" \
    --data-binary "@$1" "$url/api/v1/ingest/pcap" || true
}
healthz_is() { [[ $(curl -s -o /dev/null -w '%{http_code}' --cacert "$ca" "$url/healthz") == "$1" ]]; }
vault_up() {
  curl -s --cacert "$ca" -H "Authorization: Bearer $(cat "$work/viewer.token")" "$url/metrics" | sed -n 's/^tapiary_vault_up //p'
}

say 'configuration: what is wrong is told, what is secret is not'
printf 'aws_access_key_id = %s\naws_secret_access_key = %s\n' "$S3_ACCESS_KEY" "$S3_SECRET_KEY" >"$work/keys"
chmod 600 "$work/keys"
options=(--vault.s3.endpoint "$S3_ENDPOINT" --vault.s3.bucket "$S3_BUCKET" --vault.s3.prefix t/ --vault.s3.credentials_file "$work/keys" --vault.orphan_age 10s)
"$bin/tapiary-collector" --data "$work/data" "${options[@]}" --check-config >"$work/check.log" 2>&1 || fail 'a good configuration is refused'
"$bin/tapiary-collector" --data "$work/data" "${options[@]}" --dump-config >>"$work/check.log" 2>&1
refuse() { # refuse TEXT OPTION...
  ! "$bin/tapiary-collector" --data "$work/data" --check-config "${@:2}" >"$work/refuse.log" 2>&1 || fail "taken: ${*:2}"
  grep -qF -- "$1" "$work/refuse.log" || fail "no '$1' in: $(cat "$work/refuse.log")"
}
refuse vault.s3.endpoint --vault.s3.bucket "$S3_BUCKET"
refuse vault.s3.endpoint "${options[@]}" --vault.s3.endpoint ftp://x
refuse vault.s3.bucket "${options[@]}" --vault.s3.bucket 'Not/One'
refuse vault.s3.credentials_file "${options[@]}" --vault.s3.credentials_file "$work/none"

say 'stores and serves'
start_collector "${options[@]}"
make_token sensor sensor "$work/sensor.token"
make_token viewer viewer "$work/viewer.token"
for i in {1..20}; do make_capture "$work/$i.pcap" "$i"; done
[[ $(post "$work/1.pcap") == 201 ]] || fail "the first file: $(cat "$work/body")"
[[ $(post "$work/1.pcap") == 200 ]] || fail 'the first file again'
[[ -z $(find "$work/data/vault" -type f) ]] || fail 'files in the folder of the vault'
recorded_pcap "$work/out.pcap"
[[ $(count_packets "$work/out.pcap") == 200 ]] || fail 'not 200 packets back'
[[ $(vault_up) == 1 ]] || fail 'the vault is not told to be up'

say 'the store crashes during ingest'
send_all() {
  local i code
  for i in {2..20}; do
    while code=$(post "$work/$i.pcap") && [[ $code != 201 && $code != 200 ]]; do
      echo "$code $(grep -ci '^retry-after: [0-9]' "$work/head")" >>"$work/refused"
      sleep 0.5
    done
    echo "$i" >>"$work/stored"
  done
}
send_all &
sender=$!
on_exit "stop_pid $sender"
stored() { (($(wc -l <"$work/stored") >= $1)); }
wait_for 30 'three files are stored' stored 3
"$s3" kill "$work/s3"
wait_for 40 'a refusal' test -s "$work/refused"
[[ $(sort -u "$work/refused") == '503 1' ]] || fail "refused with: $(sort "$work/refused" | uniq -c)"
wait_for 20 'the probe says so' healthz_is 503
[[ $(vault_up) == 0 ]] || fail 'the vault is told to be up'
! curl -s --cacert "$ca" "$url/healthz" | grep -qE '127\.0\.0\.1|tapiary"' || fail 'the probe tells strangers where the store is'
code=$(api pcap -G -d from=2000-01-01 -o "$work/out.pcap" && echo good || echo failed)
[[ $code == failed ]] || fail 'a download that has nothing to read ended well'

say 'and is back'
"$s3" resume "$work/s3" >>"$work/s3.log" 2>&1
wait_for 60 'everything is stored' stored 19
wait "$sender"
wait_for 20 'healthy again' healthz_is 200
recorded_pcap "$work/out.pcap"
[[ $(count_packets "$work/out.pcap") == 4000 ]] || fail "$(count_packets "$work/out.pcap") packets, not 4000"
[[ $(tcpdump -r "$work/out.pcap" -n -tt -xx 2>/dev/null | grep -c '^1790') == 4000 ]] || fail 'not each packet once'

say 'killed between the object and its row: the object goes'
# A transaction of somebody else holds the catalog, so that the row has to wait.
hold_catalog() {
  exec python3 -c '
import sqlite3, sys, time
catalog = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=5)
catalog.execute("BEGIN IMMEDIATE")
print("held", flush=True)
time.sleep(60)' "$work/data/catalog.sqlite"
}
objects() { # objects: number of objects in the bucket, by a list signed with curl
  printf 'user = "%s:%s"\n' "$S3_ACCESS_KEY" "$S3_SECRET_KEY" |
    curl -sf -K - --aws-sigv4 aws:amz:us-east-1:s3 -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$S3_ENDPOINT/$S3_BUCKET?list-type=2&prefix=t%2F" |
    grep -o '<Key>[^<]*-sensor</Key>' | wc -l
}
objects_are() { [[ $(objects) == "$1" ]]; }
# An upload that the store's crash cut off may have left one, which the sweep of a start takes.
if ! objects_are 20; then
  sleep 11
  stop_pid "$collector_pid"
  start_collector "${options[@]}"
fi
wait_for 40 '20 objects' objects_are 20
make_capture "$work/21.pcap" 21
hold_catalog >"$work/held" &
holder=$!
on_exit "stop_pid $holder"
wait_for 10 'the catalog is held' grep -q held "$work/held"
post "$work/21.pcap" >/dev/null &
poster=$!
wait_for 20 'the object is there' objects_are 21
kill -9 "$collector_pid"
wait "$collector_pid" 2>/dev/null || true
stop_pid "$holder"
stop_pid "$poster"
start_collector "${options[@]}" # too young for the sweep of this start
objects_are 21 || fail 'a young object was removed'
stop_pid "$collector_pid"
sleep 11
start_collector "${options[@]}"
wait_for 20 'the orphan is removed' objects_are 20
grep -q 'sweep: removed 1 of 21 objects' "$work/collector.log" || fail 'the log does not tell'
recorded_pcap "$work/out.pcap"
[[ $(count_packets "$work/out.pcap") == 4000 ]] || fail 'the sweep cost packets'
[[ $(post "$work/21.pcap") == 201 ]] || fail 'what was lost with the crash cannot be sent again'

say 'the keys are nowhere to be read (CO-08)'
for secret in "$S3_SECRET_KEY" "$S3_ACCESS_KEY"; do
  ! grep -qF "$secret" "$work/collector.log" "$work/check.log" "$work/refuse.log" || fail 'a key is in a log'
  ! tr '\0' ' ' <"/proc/$collector_pid/cmdline" | grep -qF "$secret" || fail 'a key is on the command line'
done
say 'good'
