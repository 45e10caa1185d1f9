// MemorySource: a packet source that hands out Traffic again and again, later each time, so that a
// bench of the engine measures the engine. One packet each 67.2 ns of packet time: 10 GbE at line
// rate. It is no live source: the engine waits for free blocks and loses nothing.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "bench/support/traffic.h"
#include "capture/source/packet_source.h"

namespace tapiary::bench {

inline constexpr std::int64_t kStartNs = 1'700'000'000LL * 1'000'000'000;

class MemorySource final : public capture::PacketSource {
 public:
  // The traffic must outlive the source. Ends when `allowed` packets went out and `closed` is set.
  explicit MemorySource(const Traffic& traffic) : traffic_(traffic) {
    interfaces_.push_back({.name = "memory0", .description = ""});
  }

  base::Result<> Open() override { return {}; }
  [[nodiscard]] std::string name() const override { return "memory0"; }
  [[nodiscard]] const std::vector<capture::InterfaceInfo>& interfaces() const override {
    return interfaces_;
  }
  [[nodiscard]] bool live() const override { return false; }
  [[nodiscard]] capture::SourceStats stats() const override {
    capture::SourceStats stats;
    stats.received = sent();
    return stats;
  }

  base::Result<capture::NextState> Next(capture::PacketBatch& batch, int) override {
    const std::uint64_t sent = sent_.load(std::memory_order_relaxed);
    while (sent >= allowed_.load(std::memory_order_acquire)) {
      if (closed_.load(std::memory_order_relaxed)) return capture::NextState::kEnd;
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
    const std::uint64_t left = allowed_.load(std::memory_order_relaxed) - sent;
    batch.count = static_cast<std::uint32_t>(std::min<std::uint64_t>(capture::kBatchSize, left));
    for (std::uint32_t i = 0; i < batch.count; ++i) {
      capture::Packet& packet = batch.packets[i];
      packet.bytes = traffic_.frame(at_);
      packet.wire_length = static_cast<std::uint32_t>(packet.bytes.size());
      packet.time_ns = kStartNs + static_cast<std::int64_t>((sent + i) * 672 / 10);
      if (++at_ == traffic_.size()) at_ = 0;
    }
    sent_.store(sent + batch.count, std::memory_order_release);
    return capture::NextState::kPackets;
  }

  // Any thread. Packets go out as far as they are allowed.
  void Allow(std::uint64_t packets) { allowed_.fetch_add(packets, std::memory_order_release); }
  void CloseInput() { closed_.store(true, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t sent() const { return sent_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint64_t allowed() const { return allowed_.load(std::memory_order_acquire); }

 private:
  const Traffic& traffic_;
  std::vector<capture::InterfaceInfo> interfaces_;
  std::size_t at_ = 0;
  std::atomic<std::uint64_t> sent_{0};
  std::atomic<std::uint64_t> allowed_{0};
  std::atomic<bool> closed_{false};
};

}  // namespace tapiary::bench
