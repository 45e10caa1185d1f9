#!/usr/bin/env bash
# Runs a command beside a PostgreSQL server of its own (PGHOST and the rest are set), and ends the
# server with it. Exit 77 (skipped) where Debian's package postgresql-15 is not there.
#   postgres_server.sh COMMAND [ARGUMENT...]
set -euo pipefail

bin=''
for candidate in /usr/lib/postgresql/*/bin; do
  if [[ -x $candidate/pg_ctl && -x $candidate/initdb ]]; then bin=$candidate; fi
done
if [[ -z $bin ]]; then
  echo 'skipped: no PostgreSQL server here (Debian package postgresql-15)' >&2
  exit 77
fi

folder=$(mktemp -d "${TMPDIR:-/tmp}/tapiary-postgres-XXXXXX")
data=$folder/data

# The server refuses to run as root.
as_server() {
  if ((EUID == 0)); then (cd / && exec runuser -u postgres -- "$@"); else "$@"; fi
}

finish() {
  if [[ -e $data/postmaster.pid ]]; then
    as_server "$bin/pg_ctl" -D "$data" -m immediate -w stop >/dev/null || true
  fi
  rm -rf "$folder"
}
trap finish EXIT
trap 'exit 1' TERM INT

# shellcheck disable=SC2312
PGPASSWORD=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
(umask 077 && echo "$PGPASSWORD" >"$folder/password")
if ((EUID == 0)); then chown -R postgres: "$folder"; fi
as_server "$bin/initdb" -D "$data" -U tapiary -A scram-sha-256 --pwfile="$folder/password" \
  -E UTF8 --locale=C.UTF-8 >"$folder/log" 2>&1 || {
  cat "$folder/log" >&2
  exit 1
}

# Nobody takes its power away, which is all that fsync is for: a server that is killed loses nothing.
for attempt in 1 2 3 4 5; do # another program may take the port first
  PGPORT=$((20000 + RANDOM % 10000))
  if as_server "$bin/pg_ctl" -D "$data" -l "$folder/server.log" -w -t 60 \
    -o "-p $PGPORT -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off" start >/dev/null; then
    break
  fi
  if ((attempt == 5)); then
    tail -n 5 "$folder/server.log" >&2
    exit 1
  fi
done

export PGHOST=127.0.0.1 PGPORT PGPASSWORD PGUSER=tapiary PGDATABASE=postgres
export TAPIARY_TEST_POSTGRES=$data TAPIARY_TEST_POSTGRES_BIN=$bin
"$@"
