// PROFINET RT: frame ids, and what a cyclic provider's frames tell without their process data.
//
// IEC 61158-6-10 clause 4.5 (frame ids) and 4.7 (APDU status: the last four bytes of the frame).
// One thread; fixed size.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/byte_cursor.h"

namespace tapiary::capture::profinet {

inline constexpr std::string_view kRtService = "profinet-rt";

enum class FrameClass : std::uint8_t {
  kOther,
  kTimeSync,  // PTCP
  kCyclic,
  kAlarmHigh,
  kAlarmLow,
  kDcp,
  kFragment,
};
FrameClass ClassOf(std::uint16_t frame_id);

enum DataStatus : std::uint8_t { kPrimary = 0x01, kValid = 0x04, kRun = 0x10, kNoProblem = 0x20 };

// Also the codes of the technique rows.
enum class RtEvent : std::uint8_t { kNone = 0, kChange = 1, kStop = 2, kFirst = 3, kSummary = 4 };

struct RtInterval {  // since the last summary
  std::int64_t start_ns = 0;
  std::uint64_t packets = 0, gaps = 0, duplicates = 0, changes = 0;
};

// One frame id of one direction.
struct RtStream {
  std::uint16_t frame_id = 0;
  bool from_client = false;
  std::uint8_t data_status = 0, before = 0;
  std::uint16_t cycle = 0;
  std::int64_t last_ns = 0;
  RtInterval interval;

  // `frame`: from the frame id on, whole.
  RtEvent OnFrame(base::Bytes frame, std::int64_t now_ns);

 private:
  void CountCycle(std::uint16_t next);

  bool known_ = false;
  std::uint16_t step_ = 0;  // cycle counter units between two frames; 0: not known yet
};

}  // namespace tapiary::capture::profinet
