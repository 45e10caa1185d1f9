#!/usr/bin/env bash
# Starts Open vSwitch where no service manager does: ovsdb-server, then ovs-vswitchd. Idempotent.
#
#   scripts/ovs-start.sh            start what does not run
#   scripts/ovs-start.sh stop       stop it (only daemons of this run directory)
#   scripts/ovs-start.sh status     exit 0 when both daemons answer
#
# OVS_RUNDIR, OVS_DBDIR and OVS_LOGDIR, if set, give a private instance (several may run side by
# side); set OVS_RUNDIR for ovs-vsctl and tapiary too. Otherwise the system's folders are used, and a
# running system instance is left as it is. The kernel datapath is used where the kernel has the
# openvswitch module; without it bridges need datapath_type=netdev (tapiary: `datapath: auto`).
set -euo pipefail

run_dir=${OVS_RUNDIR:-/var/run/openvswitch}
# A private run directory with the system's database would corrupt the latter.
default_db_dir=/etc/openvswitch
default_log_dir=/var/log/openvswitch
if [[ -n ${OVS_RUNDIR:-} ]]; then
  default_db_dir=$OVS_RUNDIR
  default_log_dir=$OVS_RUNDIR
fi
db_dir=${OVS_DBDIR:-$default_db_dir}
log_dir=${OVS_LOGDIR:-$default_log_dir}
schema=${OVS_SCHEMA:-/usr/share/openvswitch/vswitch.ovsschema}
export OVS_RUNDIR=$run_dir OVS_DBDIR=$db_dir OVS_LOGDIR=$log_dir
export PATH=$PATH:/usr/sbin:/sbin

say() { printf 'ovs-start: %s\n' "$*" >&2; }
die() {
  say "$*"
  exit 1
}

# running NAME: true when NAME's pid file names a live process of that program. A pid file alone may
# be left from before a crash, its number now another program's.
running() {
  local pid
  pid=$(cat "$run_dir/$1.pid" 2>/dev/null) || return 1
  [[ $pid =~ ^[0-9]+$ && $(cat "/proc/$pid/comm" 2>/dev/null) == "$1" ]]
}

answers() {
  running ovsdb-server && running ovs-vswitchd &&
    ovs-vsctl --timeout=5 --no-wait get Open_vSwitch . _uuid >/dev/null 2>&1 &&
    ovs-appctl --timeout=5 -t ovs-vswitchd version >/dev/null 2>&1
}

start_database() {
  running ovsdb-server && return 0
  local db=$db_dir/conf.db
  if [[ ! -s $db ]]; then
    ovsdb-tool create "$db" "$schema"
  elif [[ $(ovsdb-tool needs-conversion "$db" "$schema") == yes ]]; then
    say "converting $db to the schema of this version"
    ovsdb-tool convert "$db" "$schema"
  fi
  rm -f "$run_dir/ovsdb-server.pid" "$run_dir/db.sock"
  ovsdb-server "$db" --remote="punix:$run_dir/db.sock" \
    --remote=db:Open_vSwitch,Open_vSwitch,manager_options \
    --pidfile="$run_dir/ovsdb-server.pid" --log-file="$log_dir/ovsdb-server.log" \
    --detach --no-chdir -vconsole:off
  ovs-vsctl --timeout=10 --no-wait init
}

start_switch() {
  running ovs-vswitchd && return 0
  rm -f "$run_dir/ovs-vswitchd.pid"
  ovs-vswitchd "unix:$run_dir/db.sock" --pidfile="$run_dir/ovs-vswitchd.pid" \
    --log-file="$log_dir/ovs-vswitchd.log" --mlockall --detach --no-chdir -vconsole:off
}

start() {
  command -v ovs-vswitchd >/dev/null || die "Open vSwitch is not installed (package openvswitch-switch)"
  [[ $EUID -eq 0 ]] || die "must run as root"
  mkdir -p "$run_dir" "$db_dir" "$log_dir"
  if [[ ! -d /sys/module/openvswitch ]]; then
    modprobe openvswitch 2>/dev/null || say "the kernel has no openvswitch module: userspace datapath only"
  fi
  if [[ -e /sys/class/net/ovs-netdev ]] && ! running ovs-vswitchd; then
    say "another Open vSwitch with userspace bridges runs in this network namespace: this one can have none"
  fi
  # One starter at a time; daemons must not inherit the lock.
  exec 9>"$run_dir/.ovs-start.lock"
  flock -w 30 9 || die "another start holds $run_dir/.ovs-start.lock"
  start_database 9>&-
  start_switch 9>&-
  for _ in $(seq 50); do
    answers && return 0
    sleep 0.1
  done
  die "the daemons do not answer; see $log_dir/ovs-vswitchd.log"
}

# stop_one NAME: asks, then ends the process itself. Only the process that the pid file names.
stop_one() {
  running "$1" || return 0
  local pid
  pid=$(cat "$run_dir/$1.pid")
  if [[ $1 == ovs-vswitchd ]]; then
    # --cleanup takes userspace devices (taps of internal ports) with it.
    ovs-appctl --timeout=5 -t "$1" exit --cleanup >/dev/null 2>&1 || kill "$pid" 2>/dev/null || true
  else
    ovs-appctl --timeout=5 -t "$1" exit >/dev/null 2>&1 || kill "$pid" 2>/dev/null || true
  fi
  for _ in $(seq 50); do
    running "$1" || return 0
    sleep 0.1
  done
  kill -KILL "$pid" 2>/dev/null || true
}

case ${1:-start} in
start)
  if answers; then
    say "running already in $run_dir"
  else
    start
    say "running in $run_dir"
  fi
  ;;
stop)
  stop_one ovs-vswitchd
  stop_one ovsdb-server
  say "stopped"
  ;;
status) answers || die "not running in $run_dir" ;;
*)
  say "usage: $0 [start|stop|status]"
  exit 2
  ;;
esac
