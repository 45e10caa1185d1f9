// OtCalls: answers that come on another flow than their requests.
//
// A device may answer a datagram from a port of its own choice (DCE/RPC: PROFINET CM), which makes
// another flow. The decoder that asked notes its call here; the one that sees an answer to a call
// it knows nothing of leaves it here; the first takes it and pairs it. One table for all flows of a
// tracker, for protocols whose calls have an id that is unique in the world (a UUID): what two
// flows share is this and nothing else (OT-05). Bounded: kMaxCalls, the oldest makes room, of an
// answer kMaxBytes are kept. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/byte_cursor.h"

namespace tapiary::capture {

class OtCalls {
 public:
  static constexpr std::size_t kMaxCalls = 64;
  static constexpr std::size_t kMaxBytes = 9000;

  struct Answer {
    std::uint64_t call = 0;
    std::uint32_t kind = 0;
    std::vector<std::uint8_t> bytes;
    bool cut = false;
    std::int64_t first_ns = 0;
    std::int64_t last_ns = 0;
  };

  // For each decoder one of its own, never given twice.
  std::uint32_t NewOwner() { return ++owners_; }
  void Ask(std::uint64_t call, std::uint32_t owner);
  // False when `owner` asked itself, or nobody did: then the answer is its own.
  [[nodiscard]] bool AskedElsewhere(std::uint64_t call, std::uint32_t owner) const;
  // For the newest flow that asked. A second answer to the same call takes the place of one that
  // was not taken.
  void Leave(Answer&& answer);
  // What was left for `owner`, one at a time.
  std::optional<Answer> Take(std::uint32_t owner);

 private:
  struct Call {
    std::uint64_t call = 0;
    std::uint32_t owner = 0;  // 0: free
    bool answered = false;
    Answer answer;
  };
  std::array<Call, kMaxCalls> calls_{};
  std::size_t next_ = 0;
  std::uint32_t owners_ = 0;
};

}  // namespace tapiary::capture
