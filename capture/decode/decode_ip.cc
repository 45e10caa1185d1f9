// IPv4 (RFC 791) and IPv6 with its extension headers (RFC 8200), to the transport header.
#include <algorithm>

#include "capture/decode/walk.h"

namespace tapiary::capture::decode {
namespace {

Layer BadIp(Walk& walk) {
  Note(walk.out, DecodeNote::kBadIpHeader);
  return Layer::kDone;
}

void CopyAddress(base::Bytes bytes, std::uint8_t version, IpAddress& out) {
  out = IpAddress{};
  std::copy(bytes.begin(), bytes.end(), out.bytes.begin());
  out.version = version;
}

// What the IP header of `header_length` bytes promises, and what of it was captured. A length
// beyond the frame is noted, but counted as the header says (captures/README.md, "ip").
void SetExtent(Walk& walk, std::uint32_t ip_length, std::uint32_t header_length,
               std::uint32_t wire_from_ip) {
  Decoded& out = walk.out;
  out.ip_length = ip_length;
  out.payload_length = ip_length - header_length;
  const base::Bytes rest = walk.cursor.rest();
  out.payload = rest.first(std::min<std::size_t>(rest.size(), out.payload_length));
  if (ip_length > wire_from_ip) NoteLengths(out);
  // A PRP trailer lies behind the IP packet, or it is none.
  if (ip_length + kRctBytes <= wire_from_ip) TakeTrailer(walk, wire_from_ip - ip_length);
}

}  // namespace

Layer StepIpv4(Walk& walk) {
  Decoded& out = walk.out;
  const std::uint32_t wire_left = WireLeft(walk);
  const std::uint32_t captured = static_cast<std::uint32_t>(walk.cursor.remaining());
  const base::Bytes fixed = walk.cursor.Take(20);
  if (walk.cursor.failed()) return BadIp(walk);
  base::ByteCursor header(fixed);
  const std::uint8_t first = header.U8();
  const std::uint32_t header_length = (first & 0x0fu) * 4u;
  if ((first >> 4) != 4 || header_length < 20) return BadIp(walk);
  header.Skip(1);
  std::uint32_t total = header.U16Be();
  const std::uint16_t id = header.U16Be();
  const std::uint16_t fragment = header.U16Be();
  header.Skip(1);
  const std::uint8_t proto = header.U8();
  header.Skip(2);
  walk.cursor.Skip(header_length - 20);
  if (walk.cursor.failed()) return BadIp(walk);
  // Segmentation offload leaves 0: the frame is the packet.
  if (total == 0) total = captured - TakeTrailer(walk, captured - header_length);
  if (total < header_length) return BadIp(walk);

  CopyAddress(fixed.subspan(12, 4), 4, out.src);
  CopyAddress(fixed.subspan(16, 4), 4, out.dst);
  out.has_ip = true;
  out.proto = proto;
  out.ip_id = id;
  out.fragment_offset = static_cast<std::uint16_t>((fragment & 0x1fff) << 3);
  out.more_fragments = (fragment & 0x2000) != 0;
  out.is_fragment = out.more_fragments || out.fragment_offset != 0;
  out.first_fragment = out.is_fragment && out.fragment_offset == 0;
  SetExtent(walk, total, header_length, wire_left);
  return Layer::kTransport;
}

namespace {

bool IsExtension(std::uint8_t next) {
  return next == 0 || next == 43 || next == 44 || next == 51 || next == 60;
}

// One extension header at the front of Decoded::payload. False when it is cut or impossible.
bool SkipExtension(Walk& walk, std::uint8_t& next) {
  Decoded& out = walk.out;
  base::ByteCursor cursor(out.payload);
  const std::uint8_t kind = next;
  next = cursor.U8();
  const std::uint8_t length_field = cursor.U8();
  std::uint32_t length = (length_field + 1u) * 8u;
  if (kind == 51) length = (length_field + 2u) * 4u;  // RFC 4302 counts words of 4
  if (kind == 44) {
    length = 8;
    const std::uint16_t fragment = cursor.U16Be();
    out.ip_id = cursor.U32Be();
    out.fragment_offset = fragment & 0xfff8;
    out.more_fragments = (fragment & 1) != 0;
    // An atomic fragment (RFC 6946) is a whole packet.
    out.is_fragment = out.more_fragments || out.fragment_offset != 0;
    out.first_fragment = out.is_fragment && out.fragment_offset == 0;
  }
  if (kind == 43 && out.payload.size() > 3 && out.payload[3] != 0) walk.checksum_possible = false;
  if (length > out.payload.size() || length > out.payload_length) return false;
  out.payload = out.payload.subspan(length);
  out.payload_length -= length;
  return true;
}

}  // namespace

Layer StepIpv6(Walk& walk) {
  Decoded& out = walk.out;
  const std::uint32_t wire_left = WireLeft(walk);
  const base::Bytes fixed = walk.cursor.Take(40);
  if (walk.cursor.failed() || (fixed[0] >> 4) != 6) return BadIp(walk);
  base::ByteCursor header(fixed);
  header.Skip(4);
  const std::uint32_t payload_length = header.U16Be();
  std::uint8_t next = header.U8();

  CopyAddress(fixed.subspan(8, 16), 6, out.src);
  CopyAddress(fixed.subspan(24, 16), 6, out.dst);
  out.has_ip = true;
  out.is_fragment = out.first_fragment = out.more_fragments = false;
  out.fragment_offset = 0;
  SetExtent(walk, 40 + payload_length, 40, wire_left);
  for (int count = 0; IsExtension(next); ++count) {
    if (count == kMaxIpv6Extensions) {
      Note(out, DecodeNote::kTooManyHeaders);
      out.proto = next;
      return Layer::kDone;
    }
    out.proto = next;
    if (!SkipExtension(walk, next)) {
      Note(out, DecodeNote::kL4Truncated);
      return Layer::kDone;
    }
    if (out.is_fragment && !out.first_fragment) break;  // what follows is data
  }
  out.proto = next;
  return Layer::kTransport;
}

}  // namespace tapiary::capture::decode
