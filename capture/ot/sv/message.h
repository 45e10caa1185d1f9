// One sampled values message: its ASDUs, read without copying (IEC 61850-9-2 annex A, SavPdu).
//
// APPLICATION 0 { noASDU [0], security [1], seqASDU [2] { ASDU ... } }. Pure; any thread. Hot for
// merging units: no allocation.
#pragma once

#include <cstdint>

#include "base/byte_cursor.h"
#include "capture/ot/layer2/app_frame.h"

namespace tapiary::capture::sv {

inline constexpr std::uint8_t kSvTag = 0x60;
inline constexpr std::size_t kMaxAsdus = 16;

struct Asdu {
  base::Bytes sv_id, dat_set;
  std::uint32_t conf_rev = 0;
  std::uint16_t smp_cnt = 0;
  std::uint16_t smp_rate = 0;  // 0: not told
  std::uint8_t smp_synch = 0;  // 0 not, 1 local, 2 global
  std::size_t sample_bytes = 0;
};

struct Message {
  std::uint16_t appid = 0;
  bool simulated = false;
  bool malformed = false;
  bool cut = false;
  std::size_t count = 0;  // ASDUs that were there, at most kMaxAsdus
  Asdu asdus[kMaxAsdus];
};

void ReadMessage(const layer2::AppFrame& frame, Message& out);

}  // namespace tapiary::capture::sv
