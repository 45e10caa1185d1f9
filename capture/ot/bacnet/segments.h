// SegmentTable: puts together the segments of long BACnet requests and acks.
//
// By key (direction, invoke id, addresses); in order of sequence number, repeated ones are skipped.
// At most kMaxOpen at a time and kMaxBytes each: the oldest is handed back unfinished, what is too
// much is dropped and the message is cut. Source: ANSI/ASHRAE 135-2020, clause 5.2. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/byte_cursor.h"

namespace tapiary::capture::bacnet {

struct Assembled {
  std::uint64_t key = 0;
  bool from_client = false;
  bool cut = false;                 // something is missing
  std::uint16_t segments = 0;       // seen, repeated ones too
  std::vector<std::uint8_t> bytes;  // the first one's front, then the data of all
  std::int64_t first_ns = 0;
  std::int64_t last_ns = 0;
};

struct Segment {
  std::uint64_t key = 0;
  bool from_client = false;
  std::uint8_t sequence = 0;
  bool more_follows = false;
  bool cut = false;
  base::Bytes data;
  std::int64_t time_ns = 0;
};

class SegmentTable {
 public:
  static constexpr std::size_t kMaxOpen = 4;
  static constexpr std::size_t kMaxBytes = 32768;
  static constexpr std::int64_t kTimeoutNs = 10'000'000'000;

  // `front`: what `bytes` begins with when this is the first segment seen. Returns what is finished
  // by it, or had to make room.
  std::optional<Assembled> Add(const Segment& segment, base::Bytes front);
  // An unfinished one whose last segment is too old; any when `all`.
  std::optional<Assembled> TakeStale(std::int64_t now_ns, bool all);
  [[nodiscard]] std::int64_t next_due_ns() const;
  [[nodiscard]] std::size_t held_bytes() const;

 private:
  struct Open {
    Assembled message;
    std::uint8_t next = 0;  // sequence number
  };
  std::optional<Assembled> Take(std::size_t index);
  std::vector<Open> open_;
};

}  // namespace tapiary::capture::bacnet
