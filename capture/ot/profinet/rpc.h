// DCE/RPC connectionless (version 4) as PROFINET CM uses it: the 80 byte header of each datagram.
//
// C706 (The Open Group) chapter 12.5; the byte order of the header's numbers and of the NDR part is
// told by each PDU itself. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/byte_cursor.h"

namespace tapiary::capture::profinet {

inline constexpr std::size_t kRpcHeaderBytes = 80;

enum class RpcType : std::uint8_t {
  kRequest = 0,
  kPing = 1,
  kResponse = 2,
  kFault = 3,
  kWorking = 4,
  kNoCall = 5,
  kReject = 6,
  kAck = 7,
  kCancel = 8,
  kFragmentAck = 9,
  kCancelAck = 10,
};

enum class RpcInterface : std::uint8_t {
  kOther,
  kDevice,
  kController,
  kSupervisor,
  kParameterServer,
  kEndpointMapper,
};
std::string_view ToString(RpcInterface interface);

struct RpcHeader {
  RpcType type = RpcType::kRequest;
  bool big = false;       // byte order
  bool fragment = false;  // one of several
  bool last_fragment = false;
  base::Bytes object, activity;  // 16 bytes each
  RpcInterface interface = RpcInterface::kOther;
  std::uint32_t sequence = 0;
  std::uint16_t operation = 0;
  std::uint16_t fragment_number = 0;
  std::uint16_t length = 0;  // of the body, as told
  base::Bytes body;          // what is there of it
};

// False when it is no such header.
bool ReadRpcHeader(base::Bytes bytes, RpcHeader& out);

}  // namespace tapiary::capture::profinet
