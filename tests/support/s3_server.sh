#!/usr/bin/env bash
# An S3 server for tests on the loopback interface: Ceph's gateway with one monitor and one store,
# from Debian's packages ceph-mon, ceph-osd and radosgw. No root, no manager, no authentication
# between the three. Everything is in one folder.
#
#   s3_server.sh start DIR     makes it, waits until it takes an object, writes DIR/env
#   s3_server.sh stop DIR      ends it; data stays
#   s3_server.sh kill DIR      the same as a crash
#   s3_server.sh resume DIR    starts what was stopped, on the same port
#   s3_server.sh remove DIR    ends it and removes the folder
# Exit 77: the packages are not here. For `start`, where the default will not do: S3_LISTEN (127.0.0.1),
# S3_PORT (a free one), S3_GIB (8: all that it holds; the file is sparse).
set -euo pipefail

verb=${1:?verb} dir=$(realpath -m "${2:?folder}")
conf=$dir/ceph.conf
daemons=(gateway store monitor)

need_programs() {
  local program
  for program in ceph ceph-mon ceph-osd radosgw radosgw-admin monmaptool curl; do
    command -v "$program" >/dev/null && continue
    echo "SKIPPED: $program is not installed (scripts/install-deps.sh test)"
    exit 77
  done
}

port() { # one that nobody listens on
  local try
  while :; do
    try=$((30000 + RANDOM % 2000))
    (: <"/dev/tcp/127.0.0.1/$try") 2>/dev/null || break
  done
  echo "$try"
}

pid_of() { # only a live process of this folder
  local pid
  pid=$(cat "$dir/$1.pid" 2>/dev/null) || return 1
  tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$conf" && echo "$pid"
}

run() { # run DAEMON COMMAND...: in the foreground of a child of ours
  local name=$1
  shift
  pid_of "$name" >/dev/null && return
  setsid "$@" -f -c "$conf" >>"$dir/$name.out" 2>&1 </dev/null &
  echo $! >"$dir/$name.pid"
}

end() { # end SIGNAL
  local name pid
  for name in "${daemons[@]}"; do
    pid=$(pid_of "$name") || continue
    kill "-$1" "$pid" 2>/dev/null || true
    for _ in {1..100}; do
      pid_of "$name" >/dev/null || break
      sleep 0.1
    done
    pid=$(pid_of "$name") && kill -KILL "$pid" 2>/dev/null
    rm -f "$dir/$name.pid"
  done
}

configure() {
  cat >"$conf" <<CONF
[global]
fsid = $fsid
mon host = [v2:127.0.0.1:$monitor_port]
public addr = 127.0.0.1
ms bind msgr1 = false
auth cluster required = none
auth service required = none
auth client required = none
auth allow insecure global id reclaim = false
ms mon client mode = crc
keyring = /dev/null
admin socket =
run dir = $dir
crash dir = $dir
log file = $dir/\$name.log
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data = $dir/monitor
mon data avail warn = 2
mon data avail crit = 1
paxos propose interval = 0.05
paxos min wait = 0.02
osd data = $dir/store
bluestore block size = $((${S3_GIB:-8} << 30))
osd memory target = 939524096
rgw frontends = beast endpoint=${S3_LISTEN:-127.0.0.1}:$gateway_port
rgw enable apis = s3
rgw data = $dir/gateway
rgw dynamic resharding = false
CONF
}

launch() {
  run monitor ceph-mon -i a
  run store ceph-osd -i 0
  run gateway radosgw -n client.rgw.t
}

s3_put() { # the keys go over a pipe, not the command line
  printf 'user = "%s:%s"\n' "$access" "$secret" |
    curl -sf -K - -m 10 -o /dev/null --aws-sigv4 aws:amz:us-east-1:s3 \
      -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -X PUT "http://127.0.0.1:$gateway_port/$1" "${@:2}"
}

wait_ready() {
  until s3_put tapiary && s3_put tapiary/ready -d ok; do
    ((SECONDS < 100)) || {
      echo "s3_server.sh: no answer after $SECONDS s; see $dir" >&2
      tail -n 5 "$dir"/*.out >&2
      exit 1
    }
    sleep 0.3
  done
}

word() { # from random bytes
  head -c 64 /dev/urandom | sha256sum | head -c "$1"
}

create() {
  rm -rf "$dir"
  mkdir -p "$dir"/{monitor,store,gateway}
  chmod 700 "$dir"
  fsid=$(cat /proc/sys/kernel/random/uuid) monitor_port=$(port) access=$(word 20) secret=$(word 40)
  gateway_port=${S3_PORT:-$(port)}
  configure
  monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$monitor_port]" "$dir/monmap" >/dev/null 2>&1
  ceph-mon -c "$conf" -i a --mkfs --monmap "$dir/monmap" >"$dir/make.out" 2>&1
  run monitor ceph-mon -i a
  timeout 60 ceph -c "$conf" --connect-timeout 50 osd new "$fsid" >>"$dir/make.out" 2>&1
  ceph-osd -c "$conf" -i 0 --mkfs --osd-uuid "$fsid" >>"$dir/make.out" 2>&1
  run store ceph-osd -i 0
  timeout 90 radosgw-admin -c "$conf" -n client.rgw.t user create --uid t --display-name t \
    --access-key "$access" --secret-key "$secret" >>"$dir/make.out" 2>&1
  cat >"$dir/env" <<ENV
S3_ENDPOINT=http://127.0.0.1:$gateway_port
S3_BUCKET=tapiary
S3_ACCESS_KEY=$access
S3_SECRET_KEY=$secret
ENV
  declare -p fsid monitor_port gateway_port access secret >"$dir/state"
}

case $verb in
start)
  need_programs
  if [[ -e $dir/state ]]; then "$0" remove "$dir"; fi
  create
  launch
  wait_ready
  ;;
resume)
  # shellcheck source=/dev/null
  . "$dir/state"
  launch
  wait_ready
  ;;
stop) end TERM ;;
kill) end KILL ;;
remove)
  if [[ -e $dir/state ]]; then
    end KILL
    rm -rf "$dir"
  fi
  ;;
*)
  echo "s3_server.sh: start, stop, kill, resume or remove, and a folder" >&2
  exit 2
  ;;
esac
