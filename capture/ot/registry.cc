#include "capture/ot/registry.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "capture/ot/ads/register.h"
#include "capture/ot/atg/register.h"
#include "capture/ot/bacnet/register.h"
#include "capture/ot/codesys/register.h"
#include "capture/ot/dnp3/register.h"
#include "capture/ot/enip/io.h"
#include "capture/ot/enip/register.h"
#include "capture/ot/ethercat/register.h"
#include "capture/ot/fins/register.h"
#include "capture/ot/fox/register.h"
#include "capture/ot/goose/register.h"
#include "capture/ot/hartip/register.h"
#include "capture/ot/iec104/register.h"
#include "capture/ot/iso/register.h"
#include "capture/ot/knxnet/register.h"
#include "capture/ot/mms/register.h"
#include "capture/ot/modbus/register.h"
#include "capture/ot/modbus/rtu.h"
#include "capture/ot/mqtt/register.h"
#include "capture/ot/opcua/register.h"
#include "capture/ot/profinet/register.h"
#include "capture/ot/s7comm/register.h"
#include "capture/ot/s7plus/register.h"
#include "capture/ot/slmp/register.h"
#include "capture/ot/srtp/register.h"
#include "capture/ot/sv/register.h"
#include "capture/ot/synchrophasor/register.h"

namespace tapiary::capture {
namespace {

bool HasPort(const OtProtocol& protocol, std::uint16_t port) {
  for (const std::uint16_t usual : protocol.ports) {
    if (usual != 0 && usual == port) return true;
  }
  return false;
}

// The rows turned round: who may have a byte at a place, who uses a port.
class Tables {
 public:
  static constexpr std::size_t kSlots = 256;

  Tables() {
    OtSet one = 1;
    for (const OtProtocol* const protocol : OtProtocols()) {
      for (std::size_t place = 0; place < OtHead::kBytes; ++place) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
          const bool may = protocol->head.at[place].Has(static_cast<std::uint8_t>(byte));
          if (may) with_byte_[place][byte] |= one;
        }
      }
      for (const std::uint16_t port : protocol->ports) AddPort(port, one);
      if (protocol->tcp) tcp_ |= one;
      if (protocol->udp) udp_ |= one;
      one <<= 1;
    }
  }
  [[nodiscard]] OtSet WithHead(base::Bytes bytes) const {
    OtSet set = ~OtSet{0};
    const std::size_t size = std::min(bytes.size(), OtHead::kBytes);
    for (std::size_t i = 0; i < size; ++i) set &= with_byte_[i][bytes[i]];
    return set;
  }
  [[nodiscard]] OtSet WithPort(std::uint16_t port) const {
    for (std::size_t at = SlotOf(port); slots_[at].port != 0; at = (at + 1) % kSlots) {
      if (slots_[at].port == port) return slots_[at].set;
    }
    return 0;
  }
  [[nodiscard]] OtSet tcp() const { return tcp_; }
  [[nodiscard]] OtSet udp() const { return udp_; }

 private:
  struct Slot {
    std::uint16_t port = 0;  // 0: nobody's
    OtSet set = 0;
  };
  static std::size_t SlotOf(std::uint16_t port) { return (port ^ port >> 8) % kSlots; }
  void AddPort(std::uint16_t port, OtSet one) {
    if (port == 0) return;
    std::size_t at = SlotOf(port);
    while (slots_[at].port != 0 && slots_[at].port != port) at = (at + 1) % kSlots;
    slots_[at].port = port;
    slots_[at].set |= one;
  }

  std::array<std::array<OtSet, 256>, OtHead::kBytes> with_byte_{};
  std::array<Slot, kSlots> slots_{};
  OtSet tcp_ = 0;
  OtSet udp_ = 0;
};

const Tables& TheTables() {
  static const Tables kTables;
  return kTables;
}

}  // namespace

std::span<const OtProtocol* const> OtProtocols() {
  static constexpr std::array kProtocols = {
      &bacnet::kProtocol,        &opcua::kProtocol,        &fins::kProtocol,
      &modbus::kProtocol,        &dnp3::kProtocol,         &iec104::kProtocol,
      &synchrophasor::kProtocol, &enip::kProtocol,         &enip::kIoProtocol,
      &s7comm::kProtocol,        &s7plus::kProtocol,       &mms::kProtocol,
      &iso::kProtocol,           &goose::kProtocol,        &sv::kProtocol,
      &profinet::kDcpProtocol,   &profinet::kRtProtocol,   &profinet::kCmProtocol,
      &hartip::kProtocol,        &ads::kProtocol,          &knxnet::kProtocol,
      &atg::kProtocol,           &fox::kProtocol,          &codesys::kV2Protocol,
      &codesys::kV3Protocol,     &codesys::kV3UdpProtocol, &ethercat::kProtocol,
      &slmp::kProtocol,          &srtp::kProtocol,         &mqtt::kProtocol,
      &modbus::kRtuProtocol,  // last: it has no port and the longest look
  };
  static_assert(4 * kProtocols.size() < Tables::kSlots, "a port must find its slot");
  return kProtocols;
}

OtSet OtWithHead(base::Bytes bytes) {
  return TheTables().WithHead(bytes);
}

OtSet OtCarriedBy(std::uint8_t ip_proto, std::uint16_t ether_type) {
  if (ip_proto == 6) return TheTables().tcp();
  if (ip_proto == 17) return TheTables().udp();
  if (ip_proto != 0) return 0;
  OtSet set = 0, one = 1;
  for (const OtProtocol* const protocol : OtProtocols()) {
    const auto& list = protocol->ether_types;
    const bool fits =
        ether_type == 0 ? protocol->llc
                        : std::find(std::begin(list), std::end(list), ether_type) != std::end(list);
    if (fits) set |= one;
    one <<= 1;
  }
  return set;
}

OtSet OtWithPort(std::uint16_t port0, std::uint16_t port1) {
  return TheTables().WithPort(port0) | TheTables().WithPort(port1);
}

int UsualPortSide(const OtProtocol& protocol, std::uint16_t port0, std::uint16_t port1) {
  const bool first = HasPort(protocol, port0);
  const bool second = HasPort(protocol, port1);
  if (first == second) return -1;
  return first ? 0 : 1;
}

const OtProtocol* UsualProtocol(std::uint8_t ip_proto, std::uint16_t port0, std::uint16_t port1) {
  for (const OtProtocol* const protocol : OtProtocols()) {
    if (!(ip_proto == 6 ? protocol->tcp : ip_proto == 17 && protocol->udp)) continue;
    if (HasPort(*protocol, port0) || HasPort(*protocol, port1)) return protocol;
  }
  return nullptr;
}

bool IsOtEtherType(std::uint16_t ether_type) {
  for (const OtProtocol* const protocol : OtProtocols()) {
    if (ether_type == 0 && protocol->llc) return true;
    for (const std::uint16_t usual : protocol->ether_types) {
      if (usual != 0 && usual == ether_type) return true;
    }
  }
  return false;
}

}  // namespace tapiary::capture
