// Traffic: frames made beforehand for benches, and what any right reader must count in them.
//
// UDP over IPv4 between 10.0.0.0/8 addresses, on a port that no OT protocol uses, both directions,
// flows in random order so that no cache is kind by accident. Sizes are those of the frame without
// FCS: 60 is the smallest on Ethernet; the mix is the "simple IMIX", 7 of 60, 4 of 590, 1 of 1,514.
// All frames lie in one array. Build once, read by any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/byte_cursor.h"
#include "base/result.h"

namespace tapiary::bench {

inline constexpr std::uint32_t kImix = 0;  // as TrafficOptions::frame_bytes

struct TrafficOptions {
  std::size_t flows = 10'000;
  std::size_t frames = 100'000;    // at least `flows`: each flow has one
  std::uint32_t frame_bytes = 60;  // 60..1514, or kImix
  bool incompressible = false;     // random payload; else zeros
  std::uint64_t seed = 1;
  std::uint16_t port = 8080;  // of the servers
};

class Traffic {
 public:
  explicit Traffic(const TrafficOptions& options);

  [[nodiscard]] std::size_t size() const { return starts_.size() - 1; }
  [[nodiscard]] base::Bytes frame(std::size_t i) const {
    return base::Bytes(bytes_).subspan(starts_[i], starts_[i + 1] - starts_[i]);
  }
  [[nodiscard]] std::uint64_t total_bytes() const { return starts_.back(); }
  [[nodiscard]] std::size_t flows() const { return flows_; }

  // Writes a pcap file with nanosecond times, `gap_ns` apart, from `start_ns`.
  base::Result<> WritePcap(const std::string& path, std::int64_t start_ns,
                           std::int64_t gap_ns) const;

 private:
  std::vector<std::uint8_t> bytes_;
  std::vector<std::size_t> starts_;  // one more than frames
  std::size_t flows_;
};

}  // namespace tapiary::bench
