// ControlBlock: what one GOOSE control block published so far, and what its next message means.
//
// Rules of IEC 61850-8-1 clause 18.1 and IEC 61850-7-2 clause 18: a new state raises stNum by one
// and starts sqNum at 0; repetitions raise sqNum and keep the data. A copy of a message that came
// a moment ago (mirror, HSR, PRP) is a duplicate and nothing else. One thread; memory is bounded
// by one frame.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "capture/ot/goose/message.h"

namespace tapiary::capture::goose {

// Also the sub-code of the technique rows.
enum class Event : std::uint8_t {
  kNone = 0,           // a repetition
  kFirst = 1,          // the first message seen
  kStateChange = 2,    // stNum went up by one
  kRestart = 3,        // stNum starts again at 1
  kJump = 4,           // stNum went up by more: lost states, or a forged message
  kBack = 5,           // stNum or sqNum went back: a replayed or forged message, or a late one
  kOtherData = 6,      // same stNum, other data
  kConfiguration = 7,  // confRev, data set, commissioning or simulation changed, the state did not
  kSilence = 8,
  kSummary = 9,
  kMalformed = 11,  // its form is wrong: shown, its state is not taken
  kIgnored = 10,    // a copy, or a message without a usable state
};
std::string_view ToString(Event event);

struct Interval {  // since the last summary
  std::int64_t start_ns = 0;
  std::uint64_t packets = 0, state_changes = 0, repeats = 0, duplicates = 0, missing = 0;
  std::uint64_t malformed = 0, silences = 0, longest_ns = 0;
};

class ControlBlock {
 public:
  ControlBlock(std::uint16_t appid, base::Bytes reference, std::int64_t now_ns);

  // `names`: anomalies of this message, static text.
  Event OnMessage(const Message& message, std::int64_t now_ns,
                  std::vector<std::string_view>& names);
  // Takes over the message's state after its event was dealt with; not for kIgnored and kMalformed.
  void Keep(const Message& message, Event event);

  [[nodiscard]] bool Is(std::uint16_t appid, base::Bytes reference) const;
  [[nodiscard]] base::Bytes data() const { return data_; }
  [[nodiscard]] bool has_data() const { return has_data_; }
  [[nodiscard]] bool known() const { return known_; }  // a message's state was taken
  // When the publisher is silent for longer than it allowed; INT64_MAX: it is already, or no limit.
  [[nodiscard]] std::int64_t silence_ns() const;
  void NoteSilence() { silent_ = true; }
  [[nodiscard]] std::int64_t last_ns() const { return last_ns_; }

  std::uint16_t appid = 0;
  std::string reference;
  std::uint32_t st_num = 0, sq_num = 0, conf_rev = 0;
  bool simulated = false;
  bool needs_commissioning = false;
  Interval interval;

 private:
  struct Recent {
    std::uint32_t st_num = 0, sq_num = 0;
    std::int64_t time_ns = INT64_MIN;
  };
  static constexpr std::size_t kRecent = 8;

  bool IsCopy(const Message& message, std::int64_t now_ns) const;
  [[nodiscard]] bool SameData(const Message& message) const;
  Event Judge(const Message& message, std::vector<std::string_view>& names);
  Event JudgeSameState(const Message& message, std::vector<std::string_view>& names);
  Event JudgeConfiguration(const Message& message, Event event,
                           std::vector<std::string_view>& names) const;
  void CountEvent(Event event);

  bool known_ = false;         // a message with a state was seen
  bool config_known_ = false;  // a whole one
  bool has_data_ = false;
  bool silent_ = false;
  std::uint64_t data_set_hash_ = 0;
  std::int64_t last_ns_ = 0;
  std::int64_t allowed_ns_ = 0;
  std::vector<std::uint8_t> data_;
  Recent recent_[kRecent];
  std::size_t next_recent_ = 0;
};

}  // namespace tapiary::capture::goose
