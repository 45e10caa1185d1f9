#include "capture/ot/calls.h"

#include <utility>

namespace tapiary::capture {

void OtCalls::Ask(std::uint64_t call, std::uint32_t owner) {
  for (Call& known : calls_) {  // asked again
    if (known.owner == owner && known.call == call) return;
  }
  Call& place = calls_[next_];
  next_ = (next_ + 1) % kMaxCalls;
  place = {};
  place.call = call;
  place.owner = owner;
}

bool OtCalls::AskedElsewhere(std::uint64_t call, std::uint32_t owner) const {
  bool elsewhere = false;
  for (const Call& known : calls_) {
    if (known.owner == 0 || known.call != call) continue;
    if (known.owner == owner) return false;
    elsewhere = true;
  }
  return elsewhere;
}

void OtCalls::Leave(Answer&& answer) {
  Call* asked = nullptr;
  for (Call& known : calls_) {
    if (known.call == answer.call && known.owner > (asked == nullptr ? 0 : asked->owner)) {
      asked = &known;
    }
  }
  if (asked == nullptr) return;
  if (answer.bytes.size() > kMaxBytes) {
    answer.bytes.resize(kMaxBytes);
    answer.cut = true;
  }
  asked->answer = std::move(answer);
  asked->answered = true;
}

std::optional<OtCalls::Answer> OtCalls::Take(std::uint32_t owner) {
  for (Call& known : calls_) {
    if (known.owner != owner || !known.answered) continue;
    known.answered = false;
    return std::exchange(known.answer, {});
  }
  return std::nullopt;
}

}  // namespace tapiary::capture
