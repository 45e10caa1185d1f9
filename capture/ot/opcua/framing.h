// OPC UA binary framing: where a message chunk ends, and its header.
//
// Little endian: type 3 (HEL ACK ERR RHE OPN MSG CLO), chunk 1 (F final, C more follow, A aborted),
// size 4 (whole). OPN, MSG and CLO: channel id 4; MSG and CLO: token id 4; OPN: policy URI,
// certificate, thumbprint; then sequence number 4 and request id 4. Source: OPC 10000-6 (OPC UA
// Part 6, Mappings, 1.05), clauses 6.7.2 and 7.1. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "capture/ot/framer.h"

namespace tapiary::capture::opcua {

inline constexpr std::size_t kHeaderSize = 8;
inline constexpr std::size_t kMaxSize = 64u << 20;
inline constexpr std::size_t kMaxKept = 32u << 10;

enum class Type : std::uint8_t { kHello, kAck, kError, kReverseHello, kOpen, kMessage, kClose };
inline constexpr std::size_t kTypes = 7;

struct Chunk {
  bool valid = false;  // the whole header is there
  Type type = Type::kMessage;
  char form = 'F';
  std::uint32_t channel = 0;
  std::uint32_t token = 0;
  std::uint32_t sequence = 0;
  std::uint32_t request_id = 0;
  std::string_view policy;  // OPN: URI
  base::Bytes certificate;  // OPN: of the sender
  bool sealed = false;      // OPN of a policy that encrypts: sequence, request id, body not known
  base::Bytes body;
};
// `bytes` has at least kHeaderSize bytes and was framed by kFraming.
Chunk ReadChunk(base::Bytes bytes);
// The last part of a policy URI: "None", "Basic256Sha256".
std::string_view PolicyName(std::string_view uri);

extern const Framing kFraming;

}  // namespace tapiary::capture::opcua
