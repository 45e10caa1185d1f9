#!/usr/bin/env bash
# Builds the image tapiary-testbed from Debian's packages and built programs, without a registry.
# Needs root, debootstrap and podman.
#   build.sh BIN_FOLDER [IMAGE]      BIN_FOLDER holds `tapiary`, such as build/release/bin
set -euo pipefail

[[ -x ${1:-}/tapiary ]] || {
  echo "usage: build.sh BIN_FOLDER [IMAGE]; BIN_FOLDER holds the built tapiary" >&2
  exit 2
}
bin=$(realpath "$1")
name=${2:-tapiary-testbed}
here=$(cd "$(dirname "$0")" && pwd)
source_dir=$(cd "$here/../.." && pwd)
work=$(mktemp -d /tmp/tapiary-testbed.XXXXXX)
trap 'rm -rf "$work"' EXIT
root=$work/root

# The packages of the libraries that tapiary is linked with, from this machine, also a Debian 12.
# By file name: the package lists /lib where the linker says /usr/lib.
mapfile -t packages < <(ldd "$bin/tapiary" | sed -nE 's/.* => (\/[^ ]+) .*/\1/p' | xargs realpath |
  sed 's:.*/:*/:' | xargs dpkg-query -S | cut -d: -f1 | sort -u)
programs=(bash openvswitch-switch iproute2 kmod nmap tcpdump python3 python3-pymodbus python3-serial-asyncio)
include=$(printf '%s,' "${programs[@]}" "${packages[@]}")

debootstrap --variant=minbase --include="${include%,}" bookworm "$root" >&2
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/usr/share/{doc,man,locale}
install -m 755 "$bin/tapiary" "$here/tapiary-testbed" "$root/usr/local/bin/"
install -D -m 755 "$source_dir/scripts/ovs-start.sh" "$root/usr/share/tapiary/ovs-start.sh"
install -D -m 644 -t "$root/usr/share/tapiary/demo" "$source_dir/scripts/demo/testbed.yaml"
install -m 755 -t "$root/usr/share/tapiary/demo" "$source_dir"/scripts/demo/{plc,attack}.py
tar -C "$root" -c . | podman import --quiet \
  --change 'ENTRYPOINT ["/usr/local/bin/tapiary-testbed"]' - "$name"
