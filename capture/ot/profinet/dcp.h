// PROFINET DCP: who is there, what is its name and address, and setting both (IEC 61158-6-10).
//
// Frame ids 0xFEFC to 0xFEFF on EtherType 0x8892; this reads what follows the frame id. Pure; any
// thread.
#pragma once

#include <cstdint>

#include "base/byte_cursor.h"
#include "capture/records.h"

namespace tapiary::capture::profinet {

inline constexpr std::string_view kDcpService = "profinet-dcp";
inline constexpr std::uint16_t kFirstDcpFrameId = 0xfefc;
inline constexpr std::uint16_t kLastDcpFrameId = 0xfeff;

enum DcpService : std::uint8_t { kGet = 3, kSet = 4, kIdentify = 5, kHello = 6 };
enum DcpType : std::uint8_t { kRequest = 0, kSuccess = 1, kNotSupported = 5 };

struct DcpHeader {
  std::uint8_t service = 0;
  std::uint8_t type = 0;
  std::uint32_t xid = 0;
  std::uint16_t delay = 0;   // responses to Identify: at most this many times 10 ms
  std::uint16_t length = 0;  // of the blocks
  base::Bytes blocks;        // what is there of them
};

// False when no DCP header can be at the front. `bytes` begins behind the frame id.
bool ReadDcpHeader(base::Bytes bytes, DcpHeader& out);
// `cut`: its end was not captured.
void DecodeDcpRequest(const DcpHeader& header, bool cut, Transaction& out);
void DecodeDcpResponse(const DcpHeader& header, bool cut, bool has_request, Transaction& out);

}  // namespace tapiary::capture::profinet
