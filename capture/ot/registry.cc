#include "capture/ot/registry.h"

#include <array>

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
  return kProtocols;
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
