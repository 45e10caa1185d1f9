// BACnet's lower layers: BVLC (BACnet/IP) and the network layer, from bytes to fields.
//
// BVLC, big endian: type 0x81 (0x82 on IPv6), function 1, length 2 (whole message). NPDU: version
// 1, control, then the addresses that the control octet names. On LLC the NPDU follows the DSAP,
// SSAP and control octets 82 82 03. Source: ANSI/ASHRAE 135-2020, clause 6 (network layer), annex J
// (BACnet/IP), annex U (BACnet/IPv6). Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/byte_cursor.h"

namespace tapiary::capture::bacnet {

// Functions of BACnet/IP; those of BACnet/IPv6 are mapped onto them where they mean the same.
enum BvlcFunction : std::uint8_t {
  kResult = 0x00,
  kWriteBdt = 0x01,
  kReadBdt = 0x02,
  kReadBdtAck = 0x03,
  kForwardedNpdu = 0x04,
  kRegisterForeignDevice = 0x05,
  kReadFdt = 0x06,
  kReadFdtAck = 0x07,
  kDeleteFdtEntry = 0x08,
  kDistributeBroadcast = 0x09,
  kOriginalUnicast = 0x0a,
  kOriginalBroadcast = 0x0b,
  kSecureBvlc = 0x0c,
  kAddressResolution = 0x40,  // IPv6 only, all below
  kForwardedAddressResolution = 0x41,
  kAddressResolutionAck = 0x42,
  kVirtualAddressResolution = 0x43,
  kVirtualAddressResolutionAck = 0x44,
};

enum class Layer : std::uint8_t { kNone, kIp, kIpv6, kLlc };

struct Bvlc {
  Layer layer = Layer::kNone;  // kNone: these are no BACnet bytes
  std::uint8_t function = 0;   // a BvlcFunction
  std::uint8_t wire_code = 0;  // as sent
  std::size_t size = 0;        // as the header says
  bool with_npdu = false;      // `rest` is an NPDU
  base::Bytes origin;          // forwarded: address and port of the real sender
  base::Bytes message;         // the whole, as captured
  base::Bytes rest;            // what follows, within `size`
};
// `bytes` is a datagram, or what follows the 802.3 length field.
Bvlc ReadBvlc(base::Bytes bytes);

struct Npdu {
  bool valid = false;  // version 1, reserved bits 0, all that control names is there
  std::uint8_t control = 0;
  bool has_dest = false, has_source = false;
  std::uint16_t dest_net = 0, source_net = 0;
  base::Bytes dest_address, source_address;  // empty destination address: broadcast there
  std::uint8_t hop_count = 0;
  std::uint8_t message = 0;  // of a network message
  bool cut = false;          // valid as far as it goes
  base::Bytes rest;          // APDU, or the network message's data
  [[nodiscard]] bool is_network_message() const { return (control & 0x80) != 0; }
};
Npdu ReadNpdu(base::Bytes bytes);

// "10.0.0.1:47808" for six bytes, "[2001:db8::1]:47808" for eighteen, else hex.
std::string FormatOrigin(base::Bytes address);
// "2001:0a" (network:address), "2001:*" for a broadcast there, "*" for the global broadcast.
std::string FormatNetworkAddress(std::uint16_t network, base::Bytes address);

}  // namespace tapiary::capture::bacnet
