#!/usr/bin/env bash
# Builds the image tapiary-collector from Debian's packages and built programs, without a registry. It
# has all that compose.yaml runs: collector, PostgreSQL, Ceph's S3 gateway, HAProxy. Needs root,
# debootstrap and podman.
#   build.sh BIN_FOLDER [IMAGE]      BIN_FOLDER holds tapiary and tapiary-collector
set -euo pipefail

[[ -x ${1:-}/tapiary-collector && -x $1/tapiary ]] || {
  echo "usage: build.sh BIN_FOLDER [IMAGE]; BIN_FOLDER holds the built tapiary and tapiary-collector" >&2
  exit 2
}
bin=$(realpath "$1")
name=${2:-tapiary-collector}
here=$(cd "$(dirname "$0")" && pwd)
source_dir=$(cd "$here/../.." && pwd)
work=$(mktemp -d /tmp/tapiary-collector.XXXXXX)
trap 'rm -rf "$work"' EXIT
root=$work/root

# The packages of the libraries that the programs are linked with, from this machine, a Debian 12 too.
# Some packages list /lib where the file is below /usr/lib.
mapfile -t libraries < <(ldd "$bin/tapiary" "$bin/tapiary-collector" | sed -nE 's/.* => (\/[^ ]+) .*/\1/p' | xargs realpath |
  sed 's:^/usr:*:' | sort -u | xargs dpkg-query -S | cut -d: -f1 | sort -u)
programs=(ca-certificates ceph-common ceph-mon ceph-osd curl haproxy openssl postgresql-15 radosgw)
include=$(printf '%s,' "${programs[@]}" "${libraries[@]}")

debootstrap --variant=minbase --include="${include%,}" bookworm "$root" >&2
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale} "$root"/var/lib/postgresql/15
install -m 755 "$bin/tapiary" "$bin/tapiary-collector" "$here/tapiary-role" "$root/usr/local/bin/"
install -D -m 755 -t "$root/usr/local/lib/tapiary" "$source_dir/tests/support/s3_server.sh"
install -D -m 644 -t "$root/etc/tapiary" "$source_dir/server/haproxy/haproxy.cfg"
tar -C "$root" -c . | podman import --quiet --change 'ENTRYPOINT ["/usr/local/bin/tapiary-role"]' \
  --change 'ENV TAPIARY_CATALOG=postgresql://tapiary@database/tapiary' --change 'ENV PGPASSFILE=/secrets/pgpass' - "$name"
