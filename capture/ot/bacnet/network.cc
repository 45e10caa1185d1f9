#include "capture/ot/bacnet/network.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "capture/records.h"

namespace tapiary::capture::bacnet {
namespace {

constexpr std::uint8_t kTypeIp = 0x81;
constexpr std::uint8_t kTypeIpv6 = 0x82;
constexpr std::uint8_t kLlcSap = 0x82;
constexpr std::uint8_t kLlcUi = 0x03;
constexpr std::size_t kBvlcHeader = 4;
constexpr std::size_t kVirtualMac = 3;  // IPv6: each device has an address of three octets
constexpr std::uint16_t kGlobalNetwork = 0xffff;
constexpr std::size_t kMaxAddress = 18;

// By code on the wire.
constexpr std::uint8_t kIpv6Functions[] = {
    kResult,
    kOriginalUnicast,
    kOriginalBroadcast,
    kAddressResolution,
    kForwardedAddressResolution,
    kAddressResolutionAck,
    kVirtualAddressResolution,
    kVirtualAddressResolutionAck,
    kForwardedNpdu,
    kRegisterForeignDevice,
    kDeleteFdtEntry,
    kSecureBvlc,
    kDistributeBroadcast,
};

void ReadIpBody(base::ByteCursor& cursor, Bvlc& out) {
  switch (out.function) {
    case kForwardedNpdu:
      out.origin = cursor.Take(std::min<std::size_t>(6, cursor.remaining()));
      [[fallthrough]];
    case kDistributeBroadcast:
    case kOriginalUnicast:
    case kOriginalBroadcast:
      out.with_npdu = true;
      break;
    default:
      break;
  }
}

void ReadIpv6Body(base::ByteCursor& cursor, Bvlc& out) {
  const auto skip = [&cursor](std::size_t size) {
    cursor.Skip(std::min(size, cursor.remaining()));
  };
  switch (out.function) {
    case kOriginalUnicast:
      skip(2 * kVirtualMac);  // source and destination
      out.with_npdu = true;
      break;
    case kOriginalBroadcast:
    case kDistributeBroadcast:
      skip(kVirtualMac);
      out.with_npdu = true;
      break;
    case kForwardedNpdu:
      skip(kVirtualMac);
      out.origin = cursor.Take(std::min<std::size_t>(18, cursor.remaining()));
      out.with_npdu = true;
      break;
    default:
      break;
  }
}

void ReadAddress(base::ByteCursor& cursor, std::uint16_t& network, base::Bytes& address) {
  network = cursor.U16Be();
  const std::size_t size = cursor.U8();
  address = cursor.Take(size);
}

}  // namespace

Bvlc ReadBvlc(base::Bytes bytes) {
  Bvlc out;
  out.message = bytes;
  if (bytes.size() < kBvlcHeader) return out;
  if (bytes[0] == kLlcSap && bytes[1] == kLlcSap && bytes[2] == kLlcUi) {
    out.layer = Layer::kLlc;
    out.with_npdu = true;
    out.size = bytes.size();
    out.rest = bytes.subspan(3);
    return out;
  }
  base::ByteCursor cursor(bytes);
  const std::uint8_t type = cursor.U8();
  out.wire_code = cursor.U8();
  out.size = cursor.U16Be();
  if (out.size < kBvlcHeader) return out;
  if (type == kTypeIp && out.wire_code <= kSecureBvlc) {
    out.layer = Layer::kIp;
    out.function = out.wire_code;
  } else if (type == kTypeIpv6 && out.wire_code < std::size(kIpv6Functions)) {
    out.layer = Layer::kIpv6;
    out.function = kIpv6Functions[out.wire_code];
  } else {
    return out;
  }
  base::ByteCursor body(cursor.Take(std::min(cursor.remaining(), out.size - kBvlcHeader)));
  out.layer == Layer::kIp ? ReadIpBody(body, out) : ReadIpv6Body(body, out);
  out.rest = body.rest();
  return out;
}

Npdu ReadNpdu(base::Bytes bytes) {
  Npdu out;
  base::ByteCursor cursor(bytes);
  const std::uint8_t version = cursor.U8();
  out.control = cursor.U8();
  if (cursor.failed() || version != 1 || (out.control & 0x50) != 0) return out;
  out.has_dest = (out.control & 0x20) != 0;
  out.has_source = (out.control & 0x08) != 0;
  if (out.has_dest) ReadAddress(cursor, out.dest_net, out.dest_address);
  if (out.has_source) ReadAddress(cursor, out.source_net, out.source_address);
  if (out.has_dest) out.hop_count = cursor.U8();
  if (out.is_network_message()) {
    out.message = cursor.U8();
    if (out.message >= 0x80) cursor.Skip(2);  // vendor id
  }
  out.cut = cursor.failed();
  // A source is one device: an address of no octets or the global network cannot send.
  const bool bad_source =
      out.has_source && (out.source_address.empty() || out.source_net == kGlobalNetwork);
  const bool bad_size =
      out.dest_address.size() > kMaxAddress || out.source_address.size() > kMaxAddress;
  out.valid = !out.cut && !bad_source && !bad_size;
  out.rest = cursor.rest();
  return out;
}

std::string FormatOrigin(base::Bytes address) {
  if (address.size() != 6 && address.size() != 18) return base::ToHex(address);
  IpAddress ip;
  ip.version = address.size() == 6 ? 4 : 6;
  std::copy(address.begin(), address.end() - 2, ip.bytes.begin());
  base::ByteCursor port(address.last(2));
  return fmt::format(fmt::runtime(ip.version == 4 ? "{}:{}" : "[{}]:{}"), ip.ToString(),
                     port.U16Be());
}

std::string FormatNetworkAddress(std::uint16_t network, base::Bytes address) {
  if (network == kGlobalNetwork) return "*";
  if (address.empty()) return fmt::format("{}:*", network);
  if (address.size() == 6) return fmt::format("{}:{}", network, FormatOrigin(address));
  return fmt::format("{}:{}", network, base::ToHex(address));
}

}  // namespace tapiary::capture::bacnet
