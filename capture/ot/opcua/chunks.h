// ChunkTable: puts together the chunks of one direction's OPC UA messages, by channel and request
// id.
//
// At most kMaxOpen messages at a time and kMaxBytes of each: what is too much is dropped and the
// message is cut, the oldest makes room. Source: OPC 10000-6 (OPC UA Part 6), clause 6.7. One
// thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/byte_cursor.h"

namespace tapiary::capture::opcua {

struct Joined {
  std::uint64_t key = 0;
  std::vector<std::uint8_t> bytes;
  std::uint32_t chunks = 0;
  bool cut = false;
  std::int64_t first_ns = 0;
};

class ChunkTable {
 public:
  static constexpr std::size_t kMaxOpen = 8;
  static constexpr std::size_t kMaxBytes = 64u << 10;

  [[nodiscard]] bool Has(std::uint64_t key) const;
  // `cut`: the chunk's end is missing. `time_ns`: of its first byte.
  void Add(std::uint64_t key, base::Bytes body, bool cut, std::int64_t time_ns);
  // Removes it; empty when there is none.
  Joined Take(std::uint64_t key);
  void Clear() { open_.clear(); }
  [[nodiscard]] bool empty() const { return open_.empty(); }
  [[nodiscard]] std::size_t held_bytes() const;

 private:
  std::vector<Joined> open_;
};

}  // namespace tapiary::capture::opcua
