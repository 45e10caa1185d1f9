// Flow state: what is kept per flow, split by how often it is needed.
//
// - FlowHot, 128 bytes, two cache lines: all that an ordinary packet touches. The key, counters,
//   deadlines, TCP positions, blocks noted.
// - FlowCold, 72 bytes: what every flow needs beyond that, at its birth and death and when its
//   deadline is looked at: number, start, the links of eviction order and timer wheel, MACs, TCP
//   initial numbers.
// - FlowMore, 120 bytes from the heap: the list of blocks of flows that are in more than a few, and
//   the way to FlowRare.
// - FlowRare, some 450 bytes from the heap: what most flows never have. Totals (of flows that sent
//   a part or whose hot counters would overflow), gaps and repeats, anomalies, tunnels, labels,
//   noise, the OT session. Whoever has something to write makes it; readers of one that is not
//   there see an empty one.
// What follows from the key (service by port, usual anomaly) is not stored at all.
// Hot and cold halves are in arrays of the FlowTable under the same index. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capture/flow/block_list.h"
#include "capture/flow/flow_key.h"
#include "capture/label/labeler.h"
#include "capture/label/noise.h"
#include "capture/ot/session.h"
#include "capture/records.h"

namespace tapiary::capture {

inline constexpr std::uint32_t kNoFlow = UINT32_MAX;

enum FlowBits : std::uint16_t {
  kOrigIsHigh = 1 << 0,   // the key's high end is the originator
  kSeqKnown = 1 << 1,     // and << 2 for the high side: next_seq is good
  kFinSeen = 1 << 3,      // and << 4 for the high side
  kEmbryo = 1 << 5,       // nothing but a first packet or a SYN so far: first to be evicted
  kRoleFrozen = 1 << 6,   // a record with these roles went out
  kHasSession = 1 << 7,   // FlowRare::session is there
  kEnding = 1 << 8,       // out of the table, its record is due at the next call
  kSynAckFirst = 1 << 9,  // began with SYN+ACK, roles still open
  kGuessing = 1 << 10,    // the OT decoders have not given up on it
  kUsualPort = 1 << 11,   // an OT protocol lives on one of its ports
  kLive = 1 << 12,        // holds a flow, in the table or ending
  kNotStored = 1 << 13,   // a noise rule keeps its packets from being stored
  kSumsRight = 1 << 14,   // and << 15 for the high side: a TCP checksum was right, one that is
                          // wrong is no offload
};
inline constexpr std::uint16_t SideBit(FlowBits bit, std::uint8_t side) {
  return static_cast<std::uint16_t>(bit << side);
}

struct alignas(64) FlowHot {
  FlowKey key;
  std::uint32_t hash = 0;
  std::uint32_t block_base = 0;  // low half of the block that bit 0 of block_bits means

  std::uint32_t packets[2] = {0, 0};  // by side, since the last fold
  std::uint32_t bytes[2] = {0, 0};
  std::uint32_t payload[2] = {0, 0};
  std::int64_t last_ns = kTimeUnknown;  // largest packet time; moves back with the clock
  std::int64_t due_ns = INT64_MAX;      // no deadline of the flow is earlier
  std::uint32_t next_seq[2] = {0, 0};   // expected TCP sequence number
  // Blocks noted that are not in FlowMore::blocks yet: a bit for each of the 63 from block_base on;
  // or, with the highest bit set, up to three others by their distance (flow.cc).
  std::uint64_t block_bits = 0;
  std::uint8_t tcp_flags[2] = {0, 0};
  std::uint16_t bits = 0;
  TcpState state = TcpState::kNone;
  RoleBy role_by = RoleBy::kFirstSeen;
  std::uint8_t guess_left = 0;  // segments that may still be offered to the OT decoders
  std::uint8_t label_left = 0;  // packets that may still be offered to the labeler

  [[nodiscard]] bool Has(std::uint16_t bit) const { return (bits & bit) != 0; }
  void Set(std::uint16_t bit) { bits = static_cast<std::uint16_t>(bits | bit); }
  void Clear(std::uint16_t bit) { bits = static_cast<std::uint16_t>(bits & ~bit); }
  [[nodiscard]] std::uint8_t orig_side() const { return Has(kOrigIsHigh) ? 1 : 0; }
  void SetOrigSide(std::uint8_t side) { side == 1 ? Set(kOrigIsHigh) : Clear(kOrigIsHigh); }
  [[nodiscard]] bool ended() const {
    return state == TcpState::kClosed || state == TcpState::kReset;
  }
};
static_assert(sizeof(FlowHot) == 128);

// Ranges of sequence numbers that never came. A few are remembered, so that a late segment is told
// from a retransmitted one; older ones stay missed.
struct SeqHoles {
  struct Range {
    std::uint32_t begin = 0, end = 0;
  };
  std::array<Range, 4> ranges{};
  std::uint8_t count = 0;
};

struct FlowSide {
  bool asked_anew = false;    // a SYN in the middle of the connection that nobody granted yet
  std::uint32_t new_isn = 0;  // of asked_anew
  std::uint64_t packets = 0;  // folded totals
  std::uint64_t bytes = 0;
  std::uint64_t payload = 0;
  std::uint64_t part_packets = 0;  // totals when the last part went out
  std::uint64_t part_bytes = 0;
  std::uint64_t part_payload = 0;
  std::uint64_t part_missed = 0;
  std::uint64_t missed = 0;
  std::uint64_t retransmitted = 0;
  SeqHoles holes;
};

struct FlowLabelling {
  FlowLabels labels;
  std::unique_ptr<LabelSession> session;  // null: it has said what it can
};

struct FlowRare {
  FlowSide sides[2];
  std::int64_t end_ns = kTimeUnknown;   // largest packet time before the clock was last set back
  std::int64_t late_ns = kTimeUnknown;  // of the last packet far behind the clock
  std::uint32_t part = 0;
  std::uint32_t merged_into = kNoFlow;  // a provisional flow of fragments whose flow was found
  std::uint64_t truncated = 0;
  std::uint64_t bad_checksums = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t transactions = 0;
  std::uint64_t commands = 0;
  std::vector<TunnelLayer> tunnels;  // around the first packet that had any
  std::string_view service;          // by content, static text; by port: made at export
  std::vector<std::pair<std::string_view, std::uint64_t>> anomalies;  // static texts
  std::vector<std::pair<std::string_view, std::uint64_t>> counters;   // static texts
  std::unique_ptr<OtSession> session;
  std::unique_ptr<FlowLabelling> labelling;  // of flows that were offered to the labeler
  const NoiseMark* noise = nullptr;          // in the meter's filter
  std::string community_id;  // kept for flows with transactions, else made at export
};

struct FlowMore {
  BlockList blocks;  // what has no room in the hot half
  std::unique_ptr<FlowRare> rare;
};

struct FlowCold {
  // Flows of 8 years at a million a second, and blocks of 2^42: enough for good.
  static constexpr std::uint64_t kMaxNumber = (std::uint64_t{1} << 48) - 1;
  static constexpr std::uint64_t kMaxBlockHigh = (1u << 10) - 1;

  std::uint64_t number : 48 = 0;
  std::uint64_t block_high : 10 = 0;  // the other half of FlowHot::block_base
  std::uint64_t end_reason : 3 = 0;   // EndReason, once it ended
  bool one_way : 1 = false;           // an ICMP kind that nobody answers
  bool low_isn : 1 = false;           // isn[0] is known
  bool high_isn : 1 = false;
  std::int64_t start_ns = kTimeUnknown;       // smallest packet time
  std::int64_t part_start_ns = kTimeUnknown;  // active timeout counts from here
  std::unique_ptr<FlowMore> more;             // null for most; see MakeRare, RareOf
  std::uint32_t list_next = kNoFlow;          // eviction order
  std::uint32_t list_prev = kNoFlow;
  std::uint32_t wheel_next = kNoFlow;  // TimerWheel's
  std::uint32_t wheel_prev = kNoFlow;
  std::uint32_t listed = 0;       // low half of the time it took its place in the eviction order
  std::uint32_t isn[2] = {0, 0};  // by side: initial sequence number, or the first seen minus one
  MacAddress macs[2] = {};

  [[nodiscard]] bool has_isn(std::uint8_t side) const { return side == 0 ? low_isn : high_isn; }
  void SetIsn(std::uint8_t side, std::uint32_t to) {
    isn[side] = to;
    if (side == 0) {
      low_isn = true;
    } else {
      high_isn = true;
    }
  }
};
static_assert(sizeof(FlowCold) == 72);

inline const FlowRare kNoRare;
inline bool HasRare(const FlowCold& cold) {
  return cold.more && cold.more->rare;
}
inline const FlowRare& RareOf(const FlowCold& cold) {
  return HasRare(cold) ? *cold.more->rare : kNoRare;
}
// Both allocate once a flow: never on the way of an ordinary packet.
inline FlowMore& MakeMore(FlowCold& cold) {
  if (!cold.more) cold.more = std::make_unique<FlowMore>();
  return *cold.more;
}
inline FlowRare& MakeRare(FlowCold& cold) {
  FlowMore& more = MakeMore(cold);
  if (!more.rare) more.rare = std::make_unique<FlowRare>();
  return *more.rare;
}

struct SideTotals {
  std::uint64_t packets = 0, bytes = 0, payload = 0;
};
// Of the whole flow so far.
SideTotals TotalsOf(const FlowHot& hot, const FlowCold& cold, std::uint8_t side);
// Adds the hot counters to the totals of the rare part and clears them.
void FoldCounters(FlowHot& hot, FlowCold& cold);
// Notes that a packet went into `block`. Room for 63 blocks in a row, or 4 that lie apart, is in
// the hot half: with many flows, each is in every second block or so, with very many in one of
// hundreds.
inline void NoteFlowBlock(FlowHot& hot, FlowCold& cold, std::uint64_t block);
void NoteFarBlock(FlowHot& hot, FlowCold& cold, std::uint64_t block);
// All blocks noted (see BlockList), which are forgotten then.
std::vector<BlockRun> TakeBlocks(FlowHot& hot, FlowCold& cold);
// Adds the blocks of `from` to those of `to`.
void MergeBlocks(FlowHot& from_hot, FlowCold& from, FlowHot& to_hot, FlowCold& to);
// Names are few and static; a flow keeps at most 16 of them.
void CountAnomaly(FlowCold& cold, std::string_view name);
// As OtOutput::Count; at most 32 names.
void AddCounter(FlowCold& cold, std::string_view name, std::uint64_t add);
// The record of the flow as it stands. Moves the blocks out, and unless it is the last one, marks
// the part as gone. `first_stream` as in MeterOptions.
struct ExportContext {
  FlowId id;
  std::uint32_t first_stream = 0;
  std::string_view interface;
};
FlowRecord ExportFlow(FlowHot& hot, FlowCold& cold, const ExportContext& context, EndReason reason,
                      bool last);
IpAddress EndAddress(const FlowKey& key, std::uint8_t side);
std::uint16_t EndPort(const FlowKey& key, std::uint8_t side);
// By the server's port; static text, often empty.
std::string_view UsualService(const FlowKey& key);
std::string FlowCommunityId(const FlowKey& key, bool one_way);

inline void NoteFlowBlock(FlowHot& hot, FlowCold& cold, std::uint64_t block) {
  const std::uint32_t ahead = static_cast<std::uint32_t>(block) - hot.block_base;
  const bool in_a_row = static_cast<std::int64_t>(hot.block_bits) > 0;
  if (ahead < 63 && in_a_row) {
    hot.block_bits |= std::uint64_t{1} << ahead;
    return;
  }
  NoteFarBlock(hot, cold, block);
}

}  // namespace tapiary::capture
