// KNXnet/IP frames, and the group and device services inside them (cEMI).
//
// Header (BE): 06, 10, service 2, total length 2. Tunnelling and device configuration: 04, channel,
// sequence, reserved, then cEMI; routing: cEMI. cEMI L_Data: code, additional information, control
// 2, source 2, destination 2, length, TPCI/APCI, data. Sources: KNX Standard 03.08 (KNXnet/IP),
// 03.06.03 (EMI), 03.03.07 (application layer); EN 50090-4. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "capture/ot/framer.h"
#include "capture/records.h"

namespace tapiary::capture::knxnet {

inline constexpr std::size_t kHeaderSize = 6;
inline constexpr std::size_t kMaxFrame = 1024;

enum Service : std::uint16_t {
  kDescriptionResponse = 0x0204,
  kSearchResponse = 0x0202,
  kSearchResponseExtended = 0x020c,
  kConnectResponse = 0x0206,
  kConfigurationRequest = 0x0310,
  kConfigurationAck = 0x0311,
  kTunnellingRequest = 0x0420,
  kTunnellingAck = 0x0421,
  kRoutingIndication = 0x0530,
};

struct Frame {
  std::uint16_t service = 0;
  std::uint16_t length = 0;  // as told
  base::Bytes body;
};
bool ReadFrame(base::Bytes bytes, Frame& out);  // needs kHeaderSize bytes

// What kind of frame a service is, and the request it belongs to.
enum class Role : std::uint8_t { kUnknown, kRequest, kResponse, kAlone };
struct ServiceRow {
  std::uint16_t service = 0;
  Role role = Role::kUnknown;
  std::uint16_t request = 0;  // of a response
  std::string_view name;
};
ServiceRow FindService(std::uint16_t service);

// What follows the connection header of 4 bytes.
struct Connection {
  std::uint8_t channel = 0;
  std::uint8_t sequence = 0;
  std::uint8_t status = 0;  // of acknowledgements
  base::Bytes cemi;
};
bool ReadConnection(base::Bytes body, Connection& out);

extern const Framing kFraming;

}  // namespace tapiary::capture::knxnet
