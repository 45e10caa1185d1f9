#include "tests/capture/support/packet_builder.h"

#include <algorithm>
#include <cctype>
#include <cstdio>

#include "capture/records.h"

namespace tapiary::capture::test {
namespace {

enum Kind { kEth, kVlan, kIpv4, kIpv6, kExtension, kTcp, kUdp, kIcmp, kRaw };

using Buffer = std::vector<std::uint8_t>;

void Put16(Buffer& out, std::size_t at, std::size_t value) {
  out[at] = static_cast<std::uint8_t>(value >> 8);
  out[at + 1] = static_cast<std::uint8_t>(value);
}
void Put32(Buffer& out, std::size_t at, std::size_t value) {
  Put16(out, at, value >> 16);
  Put16(out, at + 2, value);
}

std::uint32_t Sum(std::span<const std::uint8_t> bytes, std::uint32_t sum) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? static_cast<std::uint32_t>(bytes[i]) << 8 : bytes[i];
  }
  return sum;
}
std::uint16_t Checksum(std::uint32_t sum) {
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

Buffer Mac(std::string_view text) {
  std::string digits(text);
  std::erase(digits, ':');
  return Hex(digits);
}

void Append(Buffer& out, std::span<const std::uint8_t> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

}  // namespace

std::vector<std::uint8_t> Hex(std::string_view text) {
  Buffer out;
  int high = -1;
  for (const char c : text) {
    if (std::isspace(static_cast<unsigned char>(c))) continue;
    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    if (high < 0) {
      high = digit;
    } else {
      out.push_back(static_cast<std::uint8_t>(high * 16 + digit));
      high = -1;
    }
  }
  return out;
}

void PacketBuilder::Push(Header header) {
  headers_.push_back(std::move(header));
}

PacketBuilder& PacketBuilder::Eth(std::string_view src, std::string_view dst) {
  Header header{.kind = kEth, .bytes = Mac(dst)};
  Append(header.bytes, Mac(src));
  header.bytes.resize(14);
  Push(std::move(header));
  return *this;
}

PacketBuilder& PacketBuilder::EtherType(std::uint16_t type) {
  Put16(headers_.back().bytes, headers_.back().kind == kEth ? 12 : 2, type);
  headers_.back().fixed_next = true;
  return *this;
}

PacketBuilder& PacketBuilder::Vlan(std::uint16_t tci, std::uint16_t tpid) {
  Put16(headers_.back().bytes, headers_.back().kind == kEth ? 12 : 2, tpid);
  headers_.back().fixed_next = true;
  Header header{.kind = kVlan, .bytes = Buffer(4)};
  Put16(header.bytes, 0, tci);
  Push(std::move(header));
  return *this;
}

PacketBuilder& PacketBuilder::Ipv4(std::string_view src, std::string_view dst,
                                   Ipv4Options options) {
  Header header{
      .kind = kIpv4, .bytes = Buffer(20), .fixed_length = options.total_length, .proto = 4};
  header.bytes[0] = 0x45;
  Put16(header.bytes, 4, options.id);
  Put16(header.bytes, 6, options.fragment_offset / 8u + (options.more_fragments ? 0x2000u : 0u));
  header.bytes[8] = 64;
  header.bytes[9] = options.proto;
  header.fixed_next = options.proto != 0;
  const IpAddress from = ParseIpAddress(src).value();
  const IpAddress to = ParseIpAddress(dst).value();
  std::copy_n(from.bytes.begin(), 4, header.bytes.begin() + 12);
  std::copy_n(to.bytes.begin(), 4, header.bytes.begin() + 16);
  Push(std::move(header));
  return *this;
}

PacketBuilder& PacketBuilder::Ipv6(std::string_view src, std::string_view dst, int next_header) {
  Header header{.kind = kIpv6, .bytes = Buffer(40), .proto = 41};
  header.bytes[0] = 0x60;
  header.bytes[7] = 64;
  if (next_header >= 0) {
    header.bytes[6] = static_cast<std::uint8_t>(next_header);
    header.fixed_next = true;
  }
  const IpAddress from = ParseIpAddress(src).value();
  const IpAddress to = ParseIpAddress(dst).value();
  std::copy_n(from.bytes.begin(), 16, header.bytes.begin() + 8);
  std::copy_n(to.bytes.begin(), 16, header.bytes.begin() + 24);
  Push(std::move(header));
  return *this;
}

PacketBuilder& PacketBuilder::Ipv6Extension(std::uint8_t kind, std::size_t extra) {
  Header header{.kind = kExtension, .bytes = Buffer(8 + extra), .proto = kind};
  header.bytes[1] = static_cast<std::uint8_t>(extra / 8);
  Push(std::move(header));
  return *this;
}

PacketBuilder& PacketBuilder::Ipv6Fragment(std::uint32_t id, std::uint16_t offset, bool more,
                                           std::uint8_t next_header) {
  Header header{.kind = kExtension, .bytes = Buffer(8), .proto = 44};
  header.bytes[0] = next_header;
  header.fixed_next = true;
  Put16(header.bytes, 2, (offset & 0xfff8u) | (more ? 1u : 0u));
  Put32(header.bytes, 4, id);
  Push(std::move(header));
  return *this;
}

PacketBuilder& PacketBuilder::Tcp(std::uint16_t src_port, std::uint16_t dst_port,
                                  TcpOptions options) {
  Header header{.kind = kTcp, .bytes = Buffer(20), .fixed_checksum = options.checksum, .proto = 6};
  Put16(header.bytes, 0, src_port);
  Put16(header.bytes, 2, dst_port);
  Put32(header.bytes, 4, options.seq);
  Put32(header.bytes, 8, options.ack);
  header.bytes[12] = 0x50;
  header.bytes[13] = options.flags;
  Put16(header.bytes, 14, 8192);
  Push(std::move(header));
  return *this;
}

PacketBuilder& PacketBuilder::Udp(std::uint16_t src_port, std::uint16_t dst_port) {
  Header header{.kind = kUdp, .bytes = Buffer(8), .proto = 17};
  Put16(header.bytes, 0, src_port);
  Put16(header.bytes, 2, dst_port);
  Push(std::move(header));
  return *this;
}

PacketBuilder& PacketBuilder::Icmp(std::uint8_t type, std::uint8_t code) {
  Header header{.kind = kIcmp, .bytes = Buffer(8), .proto = 1};
  header.bytes[0] = type;
  header.bytes[1] = code;
  Push(std::move(header));
  return *this;
}

PacketBuilder& PacketBuilder::Raw(std::string_view hex) {
  Push({.kind = kRaw, .bytes = Hex(hex)});
  return *this;
}

PacketBuilder& PacketBuilder::Data(std::span<const std::uint8_t> bytes) {
  Append(data_, bytes);
  return *this;
}
PacketBuilder& PacketBuilder::Data(std::string_view hex) {
  return Data(Hex(hex));
}

PacketBuilder& PacketBuilder::Pad(std::size_t frame_size) {
  pad_ = frame_size;
  return *this;
}

PacketBuilder& PacketBuilder::Tail(std::string_view hex) {
  Append(tail_, Hex(hex));
  return *this;
}

void PacketBuilder::Link(Header& before, const Header& next) const {
  if (before.fixed_next) return;
  const std::uint16_t ether_type = next.kind == kIpv4 ? 0x0800 : 0x86dd;
  switch (before.kind) {
    case kEth:
      Put16(before.bytes, 12, ether_type);
      break;
    case kVlan:
      Put16(before.bytes, 2, ether_type);
      break;
    case kIpv4:
      before.bytes[9] = next.proto;
      break;
    case kIpv6:
      before.bytes[6] = next.proto;
      break;
    case kExtension:
      before.bytes[0] = next.proto;
      break;
    default:
      break;
  }
}

// Back to front, so that lengths and checksums cover what is behind.
std::vector<std::uint8_t> PacketBuilder::Build() const {
  std::vector<Header> headers = headers_;
  for (std::size_t i = 0; i + 1 < headers.size(); ++i) Link(headers[i], headers[i + 1]);
  Buffer out = data_;
  for (std::size_t i = headers.size(); i-- > 0;) {
    Header& header = headers[i];
    Buffer& bytes = header.bytes;
    const std::size_t size = bytes.size() + out.size();
    if (header.kind == kIpv4) {
      Put16(bytes, 2,
            header.fixed_length >= 0 ? static_cast<std::size_t>(header.fixed_length) : size);
      Put16(bytes, 10, Checksum(Sum(bytes, 0)));
    } else if (header.kind == kIpv6) {
      Put16(bytes, 4, out.size());
    } else if (header.kind == kUdp) {
      Put16(bytes, 4, size);
    }
    if (header.kind == kTcp || header.kind == kUdp || header.kind == kIcmp) {
      std::uint32_t sum = Sum(out, Sum(bytes, 0));
      for (std::size_t k = i; k-- > 0 && header.kind != kIcmp;) {
        const Buffer& ip = headers[k].bytes;
        if (headers[k].kind == kIpv4) sum = Sum(std::span(ip).subspan(12, 8), sum);
        if (headers[k].kind == kIpv6) sum = Sum(std::span(ip).subspan(8, 32), sum);
        if (headers[k].kind == kIpv4 || headers[k].kind == kIpv6) {
          sum += static_cast<std::uint32_t>(size) + header.proto;
          break;
        }
      }
      const std::size_t at = header.kind == kTcp ? 16 : header.kind == kUdp ? 6 : 2;
      Put16(bytes, at,
            header.fixed_checksum >= 0 ? static_cast<std::size_t>(header.fixed_checksum)
                                       : Checksum(sum));
    }
    out.insert(out.begin(), bytes.begin(), bytes.end());
  }
  if (out.size() < pad_) out.resize(pad_);
  Append(out, tail_);
  return out;
}

Packet& PacketList::Add(std::vector<std::uint8_t> bytes, std::int64_t time_ns,
                        std::uint32_t interface) {
  bytes_.push_back(std::move(bytes));
  Packet packet;
  packet.bytes = bytes_.back();
  packet.time_ns = time_ns;
  packet.wire_length = static_cast<std::uint32_t>(bytes_.back().size());
  packet.interface = interface;
  packets_.push_back(packet);
  return packets_.back();
}

}  // namespace tapiary::capture::test
