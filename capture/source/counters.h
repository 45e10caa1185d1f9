// SourceCounters: the totals of a source. Written by the source's thread, read by any.
//
// Relaxed atomics: each total is exact, and a reader that sees one a little earlier than another
// does no harm. A writer adds once per batch, not per packet.
#pragma once

#include <atomic>
#include <cstdint>

#include "capture/source/packet_source.h"

namespace tapiary::capture {

class Counter {
 public:
  void Add(std::uint64_t count) { value_.fetch_add(count, std::memory_order_relaxed); }
  void Set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

struct SourceCounters {
  Counter received, bytes, filtered, dropped_kernel, dropped_nic, dropped_no_buffer, dropped_errors,
      truncated, above_mtu, bad_records, undelivered;
  std::atomic<std::uint32_t> ring_blocks = 0, ring_blocks_peak = 0;
  std::uint32_t longest_frame = UINT32_MAX;  // the source's thread alone
  std::atomic<bool> link_up = true;
  std::atomic<LinkTrouble> trouble = LinkTrouble::kNone;

  // Adds the batch that Next is about to hand out.
  void CountBatch(const PacketBatch& batch) {
    std::uint64_t captured = 0;
    std::uint64_t cut = 0;
    std::uint64_t longer = 0;
    for (std::uint32_t i = 0; i < batch.count; ++i) {
      const Packet& packet = batch.packets[i];
      captured += packet.bytes.size();
      cut += packet.bytes.size() < packet.wire_length ? 1 : 0;
      longer += packet.wire_length > longest_frame ? 1 : 0;
    }
    received.Add(batch.count);
    bytes.Add(captured);
    if (cut > 0) truncated.Add(cut);
    if (longer > 0) above_mtu.Add(longer);
  }

  [[nodiscard]] SourceStats Snapshot() const {
    SourceStats stats;
    stats.received = received.get();
    stats.bytes = bytes.get();
    stats.filtered = filtered.get();
    stats.dropped_kernel = dropped_kernel.get();
    stats.dropped_nic = dropped_nic.get();
    stats.dropped_no_buffer = dropped_no_buffer.get();
    stats.dropped_errors = dropped_errors.get();
    stats.truncated = truncated.get();
    stats.above_mtu = above_mtu.get();
    stats.bad_records = bad_records.get();
    stats.undelivered = undelivered.get();
    stats.ring_blocks = ring_blocks.load(std::memory_order_relaxed);
    stats.ring_blocks_peak = ring_blocks_peak.load(std::memory_order_relaxed);
    stats.link_up = link_up.load(std::memory_order_relaxed);
    stats.trouble = trouble.load(std::memory_order_relaxed);
    return stats;
  }
};

}  // namespace tapiary::capture
