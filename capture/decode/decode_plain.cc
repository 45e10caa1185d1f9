// The usual frame in one go: Ethernet with at most one VLAN tag, IPv4 without options or IPv6
// without extension headers, whole, TCP or UDP that is no tunnel.
//
// Whatever else or doubtful is left to the walk (decode.cc), which gives the same for the frames
// taken here (decode_plain_test.cc). Sets every field of DecodedFields, so nothing is cleared
// first. No byte is read before the frame is known to have it. Hot path.
#include <algorithm>
#include <cstring>

#include "capture/decode/checksum.h"
#include "capture/decode/walk.h"

namespace tapiary::capture::decode {
namespace {

constexpr std::size_t kMacBytes = sizeof(MacAddress), kTypeAt = 2 * kMacBytes, kTagBytes = 4;
constexpr std::uint32_t kIpv4Bytes = 20, kIpv6Bytes = 40, kUdpBytes = 8, kTcpBytes = 20;
constexpr std::size_t kLeastFrame = kTypeAt + 2 + kTagBytes + kIpv4Bytes;
constexpr std::uint8_t kTcp = 6, kUdp = 17;

std::uint16_t Big16(const std::uint8_t* at) {
  return static_cast<std::uint16_t>(at[0] << 8 | at[1]);
}

std::uint32_t Big32(const std::uint8_t* at) {
  std::uint32_t value = 0;
  std::memcpy(&value, at, sizeof value);
  return __builtin_bswap32(value);
}

void SetAddress(const std::uint8_t* four, IpAddress& out) {
  std::uint32_t value = 0;
  std::memcpy(&value, four, sizeof value);
  const std::uint64_t words[2] = {value, 0};
  std::memcpy(out.bytes.data(), words, sizeof words);
  out.version = 4;
}

// Two tags at most, so the list has room.
void AddVlan(std::uint16_t tci, Decoded& out) {
  out.vlans[out.vlan_count++] = tci & 0x0fff;
}

// MAC addresses and tags. Gives what follows them: the EtherType is set.
const std::uint8_t* TakeEthernet(const Packet& packet, Decoded& out) {
  const std::uint8_t* const frame = packet.bytes.data();
  std::memcpy(out.dst_mac.data(), frame, kMacBytes);
  std::memcpy(out.src_mac.data(), frame + kMacBytes, kMacBytes);
  const std::uint8_t* type = frame + kTypeAt;
  out.vlans = {};
  out.vlan_count = 0;
  if (packet.has_vlan) AddVlan(packet.vlan_tci, out);
  if (Big16(type) == kEtherVlan) {
    AddVlan(Big16(type + 2), out);
    type += kTagBytes;
  }
  out.ether_type = Big16(type);
  return type + 2;
}

// Of `ip`, at least an IPv4 header. Gives the length of the header, 0 for one that is not plain.
std::uint32_t TakeIp(base::Bytes bytes, Decoded& out) {
  const std::uint8_t* const ip = bytes.data();
  if (out.ether_type == kEtherIpv4) {
    const bool whole = (Big16(ip + 6) & 0x3fff) == 0;
    if (ip[0] != 0x45 || !whole) return 0;
    out.ip_length = Big16(ip + 2);
    out.ip_id = Big16(ip + 4);
    out.proto = ip[9];
    SetAddress(ip + 12, out.src);
    SetAddress(ip + 16, out.dst);
    return kIpv4Bytes;
  }
  if (out.ether_type != kEtherIpv6 || ip[0] >> 4 != 6 || bytes.size() < kIpv6Bytes) return 0;
  out.ip_length = kIpv6Bytes + Big16(ip + 4);
  out.ip_id = 0;
  out.proto = ip[6];
  std::memcpy(out.src.bytes.data(), ip + 8, 16);
  std::memcpy(out.dst.bytes.data(), ip + 24, 16);
  out.src.version = out.dst.version = 6;
  return kIpv6Bytes;
}

// Segment and header must be there. Gives the length of the header, 0 for what is not plain.
std::uint32_t TakeTransport(base::Bytes segment, Decoded& out) {
  const std::uint8_t* const head = segment.data();
  if (segment.size() < kUdpBytes) return 0;
  out.src_port = Big16(head);
  out.dst_port = Big16(head + 2);
  if (out.proto == kUdp) {
    out.tcp = TcpInfo{};
    return IsTunnelPort(out.dst_port) ? 0 : kUdpBytes;
  }
  if (out.proto != kTcp || segment.size() < kTcpBytes) return 0;
  out.tcp = {Big32(head + 4), Big32(head + 8), head[13]};
  const std::uint32_t length = std::max((head[12] >> 4) * 4u, kTcpBytes);
  return length <= segment.size() ? length : 0;
}

// The addresses lie at the end of both IP headers, in front of the segment. Apart from DecodePlain,
// whose registers would not suffice for both.
[[gnu::noinline]] bool HasBadChecksum(base::Bytes segment, const Decoded& out) {
  const std::size_t addresses = out.src.version == 4 ? 8 : 32;
  const auto length = static_cast<std::uint32_t>(segment.size());
  const base::Bytes all(segment.data() - addresses, segment.size() + addresses);
  return !IsRightSum(AddToSum(all, PseudoTail(length, out.proto)));
}

// A frame that ends like this may have a PRP trailer, with FCS or without.
bool MayHaveTrailer(base::Bytes frame) {
  const std::uint8_t* const end = frame.data() + frame.size();
  return Big16(end - 2) == kRctSuffix || Big16(end - 6) == kRctSuffix;
}

}  // namespace

bool DecodePlain(const Packet& packet, Decoded& out) {
  const base::Bytes frame = packet.bytes;
  if (frame.size() < kLeastFrame || frame.size() != packet.wire_length) return false;
  const std::uint8_t* const ip = TakeEthernet(packet, out);
  const base::Bytes rest = frame.subspan(static_cast<std::size_t>(ip - frame.data()));
  const std::uint32_t ip_header = TakeIp(rest, out);
  if (ip_header == 0 || out.ip_length < ip_header || out.ip_length > rest.size()) return false;
  if (rest.size() - out.ip_length >= kRctBytes && MayHaveTrailer(frame)) return false;
  const base::Bytes segment = rest.subspan(ip_header, out.ip_length - ip_header);
  const std::uint32_t header = TakeTransport(segment, out);
  if (header == 0) return false;
  out.transport_header = static_cast<std::uint8_t>(header);
  out.payload = segment.subspan(header);
  out.payload_length = static_cast<std::uint32_t>(out.payload.size());
  out.has_ip = out.has_ports = out.has_mac = out.has_mac_pair = true;
  out.is_fragment = out.first_fragment = out.more_fragments = false;
  out.note = DecodeNote::kNone;
  out.tunnel_count = 0;
  out.fragment_offset = 0;
  out.tcp_cut = out.one_way = false;
  const bool none = out.proto == kUdp && ip_header == kIpv4Bytes && Big16(segment.data() + 6) == 0;
  out.bad_checksum = !none && HasBadChecksum(segment, out);
  return true;
}

}  // namespace tapiary::capture::decode
