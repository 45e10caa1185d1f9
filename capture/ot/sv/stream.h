// SvStream: the sample counter and the settings of one sampled value stream (APPID and svID).
//
// smpCnt rises by one a sample and starts again at 0 each second (IEC 61850-9-2 table 21); where it
// starts again is learnt from the stream itself. One thread; fixed size but for the svID.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "capture/ot/sv/message.h"

namespace tapiary::capture::sv {

// Also the sub-code of the technique rows.
enum class Event : std::uint8_t {
  kNone = 0,
  kFirst = 1,
  kConfiguration = 2,  // confRev, synchronisation or simulation changed
  kSummary = 3,
};

struct Interval {  // since the last summary
  std::int64_t start_ns = 0;
  std::uint64_t packets = 0, asdus = 0, missing = 0, gaps = 0, duplicates = 0, backward = 0;
  std::uint64_t changes = 0;
  std::uint16_t first_smp_cnt = 0;
};

class SvStream {
 public:
  SvStream(std::uint16_t app, base::Bytes id)
      : appid(app), sv_id(reinterpret_cast<const char*>(id.data()), id.size()) {}

  // `names`: anomalies, static text.
  Event OnAsdu(const Asdu& asdu, bool simulated, std::int64_t now_ns,
               std::vector<std::string_view>& names);
  [[nodiscard]] bool Is(std::uint16_t app, base::Bytes id) const;

  std::uint16_t appid;
  std::string sv_id;
  std::uint16_t smp_cnt = 0;
  std::uint32_t conf_rev = 0;
  std::uint8_t smp_synch = 0;
  bool simulated = false;
  std::int64_t last_ns = 0;
  Interval interval;

 private:
  void Count(std::uint16_t next);

  bool known_ = false;
  std::uint32_t wrap_ = 0;  // samples a turn: the counter goes from wrap_ - 1 to 0; 0: not known
};

}  // namespace tapiary::capture::sv
