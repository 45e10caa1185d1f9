// TCP (RFC 9293), UDP, SCTP, ICMP and ICMPv6 to what a flow key needs, and their checksums.
#include <algorithm>

#include "capture/decode/checksum.h"
#include "capture/decode/walk.h"

namespace tapiary::capture::decode {
namespace {

constexpr std::uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kIcmp6 = 58, kSctp = 132;
constexpr std::uint8_t kIpv4 = 4, kIpv6 = 41, kGre = 47, kEtherIp = 97, kMpls = 137;

// True when the checksum was there to check and is wrong. Zero means "none" for UDP over IPv4.
bool ChecksumBad(const Walk& walk, base::Bytes segment, std::size_t checksum_at, bool pseudo) {
  const Decoded& out = walk.out;
  if (!walk.checksum_possible || out.is_fragment) return false;
  if (segment.size() < checksum_at + 2 || segment.size() != out.payload_length) return false;
  if (out.proto == kUdp && out.src.version == 4 && segment[checksum_at] == 0 &&
      segment[checksum_at + 1] == 0) {
    return false;
  }
  std::uint64_t sum = AddToSum(segment, 0);
  if (pseudo) {
    const std::size_t size = out.src.version == 4 ? 4 : 16;
    sum = AddToSum(base::Bytes(out.src.bytes).first(size), sum);
    sum = AddToSum(base::Bytes(out.dst.bytes).first(size), sum);
    sum = AddWord(sum, PseudoTail(out.payload_length, out.proto));
  }
  return !IsRightSum(sum);
}

// ICMP types that answer each other, as the Community ID specification lists them. 0xff: one-way.
std::uint8_t CounterType(std::uint8_t proto, std::uint8_t type) {
  static constexpr std::uint8_t kPairs4[][2] = {{8, 0}, {13, 14}, {15, 16}, {10, 9}, {17, 18}};
  static constexpr std::uint8_t kPairs6[][2] = {{128, 129}, {133, 134}, {135, 136},
                                                {130, 131}, {144, 145}, {139, 140}};
  const auto find = [type](const auto& pairs) -> std::uint8_t {
    for (const auto& pair : pairs) {
      if (pair[0] == type) return pair[1];
      if (pair[1] == type) return pair[0];
    }
    return 0xff;
  };
  return proto == kIcmp ? find(kPairs4) : find(kPairs6);
}

Layer Cut(Walk& walk) {
  Note(walk.out, DecodeNote::kL4Truncated);
  return Layer::kDone;
}

void SkipHeader(Decoded& out, std::uint32_t length) {
  out.transport_header = static_cast<std::uint8_t>(length);
  out.payload_length -= std::min(out.payload_length, length);
  out.payload = out.payload.subspan(std::min<std::size_t>(out.payload.size(), length));
}

Layer StepIcmp(Walk& walk) {
  Decoded& out = walk.out;
  if (out.payload.size() < 2) return Cut(walk);
  const std::uint8_t type = out.payload[0];
  const std::uint8_t code = out.payload[1];
  const std::uint8_t counter = CounterType(out.proto, type);
  out.bad_checksum = ChecksumBad(walk, out.payload, 2, out.proto == kIcmp6);
  out.src_port = type;
  out.dst_port = counter != 0xff ? counter : code;
  out.one_way = counter == 0xff;
  out.has_ports = true;
  out.payload_length = 0;
  out.payload = {};
  return Layer::kDone;
}

void StepTcp(Walk& walk) {
  Decoded& out = walk.out;
  base::ByteCursor cursor(out.payload);
  cursor.Skip(4);
  out.tcp.seq = cursor.U32Be();
  out.tcp.ack = cursor.U32Be();
  std::uint32_t length = (cursor.U8() >> 4) * 4u;
  out.tcp.flags = cursor.U8();
  if (cursor.failed()) {
    out.tcp = TcpInfo{};
    out.tcp_cut = true;
    length = 20;
  }
  out.bad_checksum = ChecksumBad(walk, out.payload, 16, true);
  SkipHeader(out, std::max(length, 20u));
}

// No transport header is known, so nothing of it counts as payload. Tunnels in fragments would need
// the whole datagram and stay closed.
Layer StepOther(Walk& walk) {
  Decoded& out = walk.out;
  Enter(walk, out.payload, out.payload_length);
  out.payload_length = 0;
  out.payload = {};
  if (out.is_fragment) return Layer::kDone;
  const bool in_six = out.src.version == 6;
  TunnelLayer layer{0, in_six ? TunnelKind::kFourInSix : TunnelKind::kIpIp, false};
  switch (out.proto) {
    case kIpv4:
      return Open(walk, layer) ? Layer::kIpv4 : Layer::kDone;
    case kIpv6:
      layer.kind = in_six ? TunnelKind::kSixInSix : TunnelKind::kSixInFour;
      return Open(walk, layer) ? Layer::kIpv6 : Layer::kDone;
    case kGre:
      return StepGre(walk);
    case kEtherIp:
      return StepEtherIp(walk);
    case kMpls:
      return StepMpls(walk);
    default:
      return Layer::kDone;
  }
}

}  // namespace

Layer StepTransport(Walk& walk) {
  Decoded& out = walk.out;
  if (out.is_fragment && !out.first_fragment) return Layer::kDone;
  switch (out.proto) {
    case kIcmp:
    case kIcmp6:
      return StepIcmp(walk);
    case kTcp:
    case kUdp:
    case kSctp:
      break;
    default:
      return StepOther(walk);
  }
  if (out.payload.size() < 4) return Cut(walk);
  base::ByteCursor cursor(out.payload);
  out.src_port = cursor.U16Be();
  out.dst_port = cursor.U16Be();
  out.has_ports = true;
  if (out.proto == kTcp) {
    StepTcp(walk);
    return Layer::kDone;
  }
  if (out.proto == kUdp) out.bad_checksum = ChecksumBad(walk, out.payload, 6, true);
  SkipHeader(out, out.proto == kUdp ? 8 : 12);
  if (out.proto == kUdp && IsTunnelPort(out.dst_port) && !out.is_fragment) {
    return StepUdpTunnel(walk);
  }
  return Layer::kDone;
}

}  // namespace tapiary::capture::decode
