#!/usr/bin/env bash
# Installs what Tapiary needs on Debian 12, from Debian's own packages. Root. Doing it twice is quick.
set -euo pipefail

usage() {
  cat <<'USAGE'
usage: install-deps.sh build    to compile (libraries, compiler, Node.js for the web page)
       install-deps.sh demo     build, and Open vSwitch, a PLC and an attacker's tools
       install-deps.sh test     demo, and what the tests and checks use
       install-deps.sh fuzz     test, and clang for tests/fuzz
USAGE
}

build=(
  g++ cmake ninja-build ccache pkg-config git ca-certificates
  libboost1.81-dev libcli11-dev libcurl4-openssl-dev libfmt-dev libndpi-dev libpcap-dev libpq-dev
  libprotobuf-dev libre2-dev
  protobuf-compiler librocksdb-dev libsodium-dev libspdlog-dev libsqlite3-dev libssl-dev
  libyaml-cpp-dev libzstd-dev nlohmann-json3-dev rapidjson-dev zlib1g-dev
)
demo=(
  openvswitch-switch bsdextrautils iproute2 ethtool procps curl jq nmap python3 python3-pymodbus
  python3-serial-asyncio tcpdump wireshark-common
)
test=(
  libdpdk-dev libbenchmark-dev libgtest-dev libgmock-dev clang-format shellcheck shfmt haproxy tshark zstd chromium openssl
  python3-jsonschema python3-yaml podman runc debootstrap postgresql-15 ceph-mon ceph-osd radosgw
)
fuzz=(clang-14 llvm-14)

case ${1:-} in
build) packages=("${build[@]}") ;;
demo) packages=("${build[@]}" "${demo[@]}") ;;
test) packages=("${build[@]}" "${demo[@]}" "${test[@]}") ;;
fuzz) packages=("${build[@]}" "${demo[@]}" "${test[@]}" "${fuzz[@]}") ;;
-h | --help)
  usage
  exit 0
  ;;
*)
  usage >&2
  exit 2
  ;;
esac

# Vite needs Node.js 18 or newer; one that is there already (of another packager) stays.
command -v node >/dev/null || packages+=(nodejs)
command -v npm >/dev/null || packages+=(npm)

missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
  exit 0
fi
if ((EUID != 0)); then
  echo "install-deps.sh: these packages are missing; run it as root: ${missing[*]}" >&2
  exit 1
fi
echo "installing ${#missing[@]} Debian packages" >&2
export DEBIAN_FRONTEND=noninteractive
# Packages that start a service would start it here; a capture host or container decides that itself.
apt-get -o DPkg::Lock::Timeout=600 update -q >&2
apt-get -o DPkg::Lock::Timeout=600 install -q -y --no-install-recommends "${missing[@]}" >&2
