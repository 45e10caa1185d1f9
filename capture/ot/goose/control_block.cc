#include "capture/ot/goose/control_block.h"

#include <algorithm>

#include "base/clock.h"
#include "capture/ot/layer2/fields.h"

namespace tapiary::capture::goose {
namespace {

constexpr std::int64_t kMilli = base::kNanosPerSecond / 1000;
// A mirror or a ring delivers the second copy much earlier; a replay is seldom that quick.
constexpr std::int64_t kCopyNs = 50 * kMilli;
constexpr std::uint64_t kMaxMalformed = 20;  // transactions an interval
constexpr std::uint64_t kMaxAllowedMs = 3'600'000;

}  // namespace

std::string_view ToString(Event event) {
  switch (event) {
    case Event::kNone:
      return "repeat";
    case Event::kFirst:
      return "first_seen";
    case Event::kStateChange:
      return "state_change";
    case Event::kRestart:
      return "restart";
    case Event::kJump:
      return "state_jump";
    case Event::kBack:
      return "went_back";
    case Event::kOtherData:
      return "other_data";
    case Event::kConfiguration:
      return "configuration_change";
    case Event::kSilence:
      return "silence";
    case Event::kSummary:
      return "summary";
    case Event::kMalformed:
      return "malformed";
    case Event::kIgnored:
      return "ignored";
  }
  return "";
}

ControlBlock::ControlBlock(std::uint16_t app, base::Bytes ref, std::int64_t now_ns)
    : appid(app), reference(reinterpret_cast<const char*>(ref.data()), ref.size()) {
  interval.start_ns = last_ns_ = now_ns;
}

bool ControlBlock::Is(std::uint16_t app, base::Bytes ref) const {
  return appid == app && std::equal(ref.begin(), ref.end(), reference.begin(), reference.end(),
                                    [](std::uint8_t byte, char character) {
                                      return byte == static_cast<std::uint8_t>(character);
                                    });
}

std::int64_t ControlBlock::silence_ns() const {
  if (silent_ || !known_ || allowed_ns_ == 0) return INT64_MAX;
  return last_ns_ + allowed_ns_ + 1;
}

bool ControlBlock::SameData(const Message& message) const {
  if (!has_data_ || !message.has_data) return true;  // not known to differ
  return std::equal(data_.begin(), data_.end(), message.all_data.begin(), message.all_data.end());
}

bool ControlBlock::IsCopy(const Message& message, std::int64_t now_ns) const {
  if (message.st_num == st_num && !SameData(message)) return false;
  return std::any_of(std::begin(recent_), std::end(recent_), [&](const Recent& recent) {
    return recent.time_ns != INT64_MIN && recent.st_num == message.st_num &&
           recent.sq_num == message.sq_num && now_ns - recent.time_ns <= kCopyNs;
  });
}

Event ControlBlock::OnMessage(const Message& message, std::int64_t now_ns,
                              std::vector<std::string_view>& names) {
  if (interval.packets++ == 0) interval.start_ns = now_ns;
  if (message.malformed && ++interval.malformed <= kMaxMalformed && message.has_state) {
    names.push_back("goose-malformed");
    return Event::kMalformed;
  }
  if (!message.has_state || message.malformed) return Event::kIgnored;
  if (known_ && IsCopy(message, now_ns)) {
    ++interval.duplicates;
    return Event::kIgnored;
  }
  Event event = Event::kFirst;
  if (known_) {
    event = JudgeConfiguration(message, Judge(message, names), names);
    if (now_ns > last_ns_) {
      interval.longest_ns =
          std::max(interval.longest_ns, static_cast<std::uint64_t>(now_ns - last_ns_));
    }
  }
  if (message.simulated) names.push_back("goose-simulation");
  if (message.needs_commissioning) names.push_back("goose-needs-commissioning");
  CountEvent(event);
  recent_[next_recent_++ % kRecent] = {message.st_num, message.sq_num, now_ns};
  last_ns_ = std::max(last_ns_, now_ns);
  silent_ = false;
  return event;
}

void ControlBlock::CountEvent(Event event) {
  const bool new_state =
      event == Event::kStateChange || event == Event::kRestart || event == Event::kJump;
  if (new_state) ++interval.state_changes;
  if (event == Event::kNone) ++interval.repeats;
}

Event ControlBlock::Judge(const Message& message, std::vector<std::string_view>& names) {
  if (message.st_num == st_num) return JudgeSameState(message, names);
  if (message.sq_num != 0) interval.missing += std::min<std::uint32_t>(message.sq_num, 1000);
  const bool rolled_over = st_num == UINT32_MAX && message.st_num <= 1;
  if (message.st_num == st_num + 1 || rolled_over) return Event::kStateChange;
  if (message.st_num == 1 && message.sq_num <= 1) {
    names.push_back("goose-restart");
    return Event::kRestart;
  }
  const bool back = message.st_num < st_num;
  names.push_back(back ? "goose-stnum-back" : "goose-stnum-jump");
  return back ? Event::kBack : Event::kJump;
}

Event ControlBlock::JudgeSameState(const Message& message, std::vector<std::string_view>& names) {
  if (!SameData(message)) {
    names.push_back("goose-same-stnum-other-data");
    return Event::kOtherData;
  }
  const bool rolled_over = sq_num == UINT32_MAX && message.sq_num <= 1;
  if (message.sq_num <= sq_num && !rolled_over) {
    names.push_back("goose-sqnum-back");
    return Event::kBack;
  }
  if (!rolled_over) interval.missing += message.sq_num - sq_num - 1;
  return Event::kNone;
}

Event ControlBlock::JudgeConfiguration(const Message& message, Event event,
                                       std::vector<std::string_view>& names) const {
  const std::size_t before = names.size();
  if (message.cut || !config_known_) return event;  // fields behind a cut are not known
  if (message.conf_rev != conf_rev) names.push_back("goose-confrev-change");
  if (layer2::HashOf(message.dat_set) != data_set_hash_) names.push_back("goose-dataset-change");
  const bool other = names.size() != before || message.simulated != simulated ||
                     message.needs_commissioning != needs_commissioning;
  return event == Event::kNone && other ? Event::kConfiguration : event;
}

void ControlBlock::Keep(const Message& message, Event event) {
  st_num = message.st_num;
  sq_num = message.sq_num;
  known_ = true;
  allowed_ns_ =
      static_cast<std::int64_t>(std::min(message.time_allowed_ms, kMaxAllowedMs)) * kMilli;
  if (message.cut) return;
  simulated = message.simulated;
  needs_commissioning = message.needs_commissioning;
  conf_rev = message.conf_rev;
  data_set_hash_ = layer2::HashOf(message.dat_set);
  config_known_ = true;
  if (!message.has_data || event == Event::kOtherData) return;
  if (has_data_ && event == Event::kNone) return;
  data_.assign(message.all_data.begin(), message.all_data.end());
  has_data_ = true;
}

}  // namespace tapiary::capture::goose
