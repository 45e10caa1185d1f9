// Flow state: what is kept per flow, split by how often a packet needs it.
//
// FlowHot is two cache lines, the only memory that an ordinary packet touches: the key, then
// counters, deadlines and TCP positions. FlowCold is for births, deaths, faults and flows with an
// OT decoder. Both live in arrays of the FlowTable under the same index. Counters of the hot half
// are 32 bits wide and are folded into the cold half before they can overflow. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
  kHasSession = 1 << 7,   // FlowCold::session is there
  kEnding = 1 << 8,       // out of the table, its record is due at the next call
  kSynAckFirst = 1 << 9,  // began with SYN+ACK, roles still open
  kGuessing = 1 << 10,    // the OT decoders have not given up on it
  kUsualPort = 1 << 11,   // an OT protocol lives on one of its ports
  kLive = 1 << 12,        // holds a flow, in the table or ending
  kNotStored = 1 << 13,   // a noise rule keeps its packets from being stored
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
  std::uint64_t block_bits = 0;         // blocks noted that are not in FlowCold::blocks yet
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
  MacAddress mac{};
  bool has_isn = false;
  std::uint32_t isn = 0;      // initial sequence number, or the first seen minus one
  bool asked_anew = false;    // a SYN in the middle of the connection that nobody granted yet
  bool sums_right = false;    // a TCP checksum was right: one that is wrong is no offload
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

// Of 64 blocks in a row, a bit for each that holds packets of the flow. Without bits: all blocks
// from the end of the window before to `first`.
struct BlockWindow {
  std::uint64_t first = 0;
  std::uint64_t bits = 0;
};

struct FlowLabelling {
  FlowLabels labels;
  std::unique_ptr<LabelSession> session;  // null: it has said what it can
};

struct FlowCold {
  std::uint64_t number = 0;
  std::int64_t start_ns = kTimeUnknown;       // smallest packet time
  std::int64_t end_ns = kTimeUnknown;         // largest before the clock was last set back
  std::int64_t late_ns = kTimeUnknown;        // of the last packet that was not the latest
  std::int64_t part_start_ns = kTimeUnknown;  // active timeout counts from here
  std::uint32_t part = 0;
  std::uint32_t list_next = kNoFlow;  // eviction order
  std::uint32_t list_prev = kNoFlow;
  std::uint32_t wheel_next = kNoFlow;  // TimerWheel's
  std::uint32_t wheel_prev = kNoFlow;
  EndReason end_reason = EndReason::kIdle;
  std::int64_t listed_ns = 0;  // time at which it took its place in the eviction order
  FlowSide sides[2];
  std::uint64_t truncated = 0;
  std::uint64_t bad_checksums = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t transactions = 0;
  std::uint64_t commands = 0;
  // Around the first packet that had any; allocated for such flows only, at their birth.
  std::vector<TunnelLayer> tunnels;
  bool one_way = false;      // an ICMP kind that nobody answers
  std::string_view service;  // static text
  std::string_view service_by;
  std::string_view usual_anomaly;  // what to say when nothing on its usual port parsed
  std::vector<std::pair<std::string_view, std::uint64_t>> anomalies;  // static texts
  std::vector<std::pair<std::string_view, std::uint64_t>> counters;   // static texts
  std::vector<BlockWindow> blocks;  // what NoteFlowBlock has folded
  std::uint32_t block_high = 0;     // the other half of FlowHot::block_base
  std::unique_ptr<OtSession> session;
  std::unique_ptr<FlowLabelling> labelling;  // of flows that were offered to the labeler
  const NoiseMark* noise = nullptr;          // in the meter's filter
  std::string community_id;             // kept for flows with transactions, else made at export
  std::uint32_t merged_into = kNoFlow;  // a provisional flow of fragments whose flow was found
};

// Adds the hot counters to the cold totals and clears them.
void FoldCounters(FlowHot& hot, FlowCold& cold);
// Notes that a packet went into `block`. Blocks are noted in the hot half, 64 of them, before the
// list of the cold half needs to come from memory: with many flows and small packets, a flow has
// packets in every second block or so.
inline void NoteFlowBlock(FlowHot& hot, FlowCold& cold, std::uint64_t block);
// Moves the blocks noted to the cold half's list.
void FoldBlocks(FlowHot& hot, FlowCold& cold);
// All blocks noted, which are forgotten then. Of more than 4096 windows, or 4096 runs, the last
// ones become one: a list may name a block too many, never one too few.
std::vector<BlockRun> TakeBlocks(FlowHot& hot, FlowCold& cold);
// Adds the blocks of `from` to those of `to`.
void MergeBlocks(FlowHot& from_hot, FlowCold& from, FlowHot& to_hot, FlowCold& to);
// Names are few and static; a flow keeps at most 16 of them.
void CountAnomaly(FlowCold& cold, std::string_view name);
// As OtOutput::Count; at most 32 names.
void AddCounter(FlowCold& cold, std::string_view name, std::uint64_t add);
// The record of the flow as it stands. Moves the blocks out, marks the part as gone. `first_stream`
// and `epoch` as in MeterOptions.
struct ExportContext {
  std::uint64_t epoch = 0;
  std::uint32_t first_stream = 0;
  std::string_view interface;
};
FlowRecord ExportFlow(FlowHot& hot, FlowCold& cold, const ExportContext& context, EndReason reason,
                      bool last);
IpAddress EndAddress(const FlowKey& key, std::uint8_t side);
std::uint16_t EndPort(const FlowKey& key, std::uint8_t side);
std::string FlowCommunityId(const FlowKey& key, bool one_way);

inline void NoteFlowBlock(FlowHot& hot, FlowCold& cold, std::uint64_t block) {
  const std::uint32_t ahead = static_cast<std::uint32_t>(block) - hot.block_base;
  if (ahead < 64 && hot.block_bits != 0) {
    hot.block_bits |= std::uint64_t{1} << ahead;
    return;
  }
  FoldBlocks(hot, cold);
  hot.block_base = static_cast<std::uint32_t>(block);
  cold.block_high = static_cast<std::uint32_t>(block >> 32);
  hot.block_bits = 1;
}

}  // namespace tapiary::capture
