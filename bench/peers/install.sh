#!/usr/bin/env bash
# Installs the programs that bench/run compares Tapiary with, from Debian. Root. Doing it twice is
# quick. Daemons among them are not started.
set -euo pipefail

packages=(tcpdump wireshark-common netsniff-ng stenographer softflowd nfdump libndpi-bin argus-server
  argus-client dpdk dpdk-dev iproute2 procps curl nginx-light gunicorn python3-django
  python3-djangorestframework)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
((${#missing[@]} > 0)) || exit 0
if ((EUID != 0)); then
  echo "install.sh: these packages are missing; run it as root: ${missing[*]}" >&2
  exit 1
fi
# At run level 1 invoke-rc.d starts nothing.
export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
apt-get -o DPkg::Lock::Timeout=600 update -q >&2
apt-get -o DPkg::Lock::Timeout=600 install -q -y --no-install-recommends "${missing[@]}" >&2
