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

# In memory where that has the room: tests make and drop hundreds of databases of hundreds of files,
# which takes ext4 half a second each. TMPDIR says otherwise.
parent=${TMPDIR:-/tmp}
room=$(df -k --output=avail /dev/shm 2>/dev/null | tail -n 1) || room=0
if [[ -z ${TMPDIR:-} && -w /dev/shm ]] && ((room >= 2 * 1024 * 1024)); then parent=/dev/shm; fi
folder=$(mktemp -d "$parent/tapiary-postgres-XXXXXX")
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

# In its file, so that a server that a test ends and starts again has them too. Nobody takes its
# power away, which is all that fsync is for: a server that is killed loses nothing. Its log of
# changes takes up memory: not much of it.
cat >>"$data/postgresql.conf" <<'END'
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
max_wal_size = 256MB
END

for attempt in 1 2 3 4 5; do # another program may take the port first
  PGPORT=$((20000 + RANDOM % 10000))
  echo "port = $PGPORT" >>"$data/postgresql.conf"
  if as_server "$bin/pg_ctl" -D "$data" -l "$folder/server.log" -w -t 60 start >/dev/null; then
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
