// FragmentTable: to which flow the later fragments of a datagram belong (FL-05).
//
// Only the first fragment has ports. It leaves a note here under (addresses, identification,
// protocol); later fragments find the flow by it. A later fragment that comes first opens a
// provisional flow of kind kFragment, which the first fragment then takes in (flow/tracker.cc); one
// whose first fragment never comes is exported after 30 s with null ports. Fixed size, four entries
// a set, the oldest makes room. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "capture/flow/flow_key.h"

namespace tapiary::capture {

inline constexpr std::int64_t kFragmentTimeoutNs = 30 * base::kNanosPerSecond;

struct FragmentEntry {
  FlowKey key;
  std::uint32_t flow = UINT32_MAX;
  std::uint64_t flow_number = 0;  // the flow may be gone and its index in new hands
  std::int64_t time_ns = 0;
  std::uint8_t side = 0;  // which end of the flow sends this datagram
  // Where TCP payload of a later fragment lies: the sequence number that the datagram's byte 0
  // would have, and how many bytes at its begin are TCP header (options may reach into a later
  // fragment).
  std::uint32_t base_seq = 0;
  std::uint8_t header = 0;
  bool used = false;
};

// Payload of later fragments that came before their first one, until it says where they belong.
// A small ring: the oldest is forgotten, which costs a decoder a hole and nothing else.
class FragmentStash {
 public:
  static constexpr std::size_t kMaxPieces = 64;
  struct Piece {
    FlowKey key;
    bool used = false;
    std::uint16_t offset = 0;  // in the datagram, bytes
    std::uint32_t length = 0;  // on the wire
    bool more = false;
    std::int64_t time_ns = 0;
    std::vector<std::uint8_t> bytes;
  };
  FragmentStash() : pieces_(kMaxPieces) {}
  void Put(const FlowKey& key, const Decoded& fragment, std::int64_t time_ns);
  // Moves the pieces of that datagram into `out`, by offset.
  void Take(const FlowKey& key, std::vector<Piece>& out);

 private:
  std::vector<Piece> pieces_;
  std::size_t next_ = 0;
};

class FragmentTable {
 public:
  FragmentTable() : entries_(kSets * kWays) {}
  void Put(const FragmentEntry& entry, std::uint64_t hash);
  // Nothing when unknown or older than 30 s at `now_ns`.
  [[nodiscard]] const FragmentEntry* Find(const FlowKey& key, std::uint64_t hash,
                                          std::int64_t now_ns) const;

 private:
  static constexpr std::size_t kSets = 1024;
  static constexpr std::size_t kWays = 4;
  std::vector<FragmentEntry> entries_;
};

}  // namespace tapiary::capture
