// One GOOSE message: the fields of IECGoosePdu (IEC 61850-8-1 annex A), read without copying.
//
// Tags [0] to [11] of APPLICATION 1; unknown ones are passed over. Pure; any thread.
#pragma once

#include <cstdint>

#include "base/byte_cursor.h"
#include "capture/ot/layer2/app_frame.h"

namespace tapiary::capture::goose {

inline constexpr std::uint8_t kGooseTag = 0x61;
inline constexpr std::uint8_t kManagementTag = 0x60;

struct Message {
  std::uint16_t appid = 0;
  base::Bytes gocb_ref, dat_set, go_id, time, all_data;  // views of the frame
  std::uint64_t time_allowed_ms = 0;
  std::uint32_t st_num = 0, sq_num = 0, conf_rev = 0, entries = 0;
  bool simulated = false;  // the S bit of the header or the element
  bool needs_commissioning = false;
  bool has_state = false;  // stNum and sqNum were there
  bool has_data = false;   // allData was there, whole
  bool cut = false;        // captured short
  bool malformed = false;  // its form is wrong, or a required field is missing
};

void ReadMessage(const layer2::AppFrame& frame, Message& out);

}  // namespace tapiary::capture::goose
