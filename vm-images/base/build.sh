#!/usr/bin/env bash
# Builds the image tapiary-base from Debian's packages, without a registry: debootstrap makes the root
# file system, podman imports it. Needs root, debootstrap and podman.
set -euo pipefail

name=${1:-tapiary-base}
here=$(cd "$(dirname "$0")" && pwd)
root=$(mktemp -d /tmp/tapiary-base.XXXXXX)
trap 'rm -rf "$root"' EXIT

debootstrap --variant=minbase --include=tcpdump,curl,ca-certificates bookworm "$root" >&2
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}
install -m 755 "$here/tapiary-agent" "$root/usr/local/bin/tapiary-agent"
tar -C "$root" -c . | podman import --quiet \
  --change 'ENTRYPOINT ["/usr/local/bin/tapiary-agent"]' \
  --change 'VOLUME /var/lib/tapiary-agent' - "$name"
