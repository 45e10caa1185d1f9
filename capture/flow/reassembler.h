// Reassembler: the in-order bytes of one direction of a TCP connection, for flows with an OT
// decoder.
//
// Each byte is delivered once: repeats and overlaps are cut, the first copy wins. Segments beyond a
// hole are held, within hard limits, until the hole is filled or given up: at once when the peer
// has acknowledged past it (it got the bytes, the capture point did not), else when the limits or
// one second of packet time are passed. An acknowledgement alone never discards anything, so data
// that a mirror delivers after its ACK is not lost (OT-04). Segments that were captured short leave
// a gap of what is missing. One thread; allocates only for held bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "base/byte_cursor.h"
#include "base/clock.h"

namespace tapiary::capture {

class StreamSink {
 public:
  virtual ~StreamSink() = default;
  // Bytes of one segment (or its new part), valid during the call. Never empty.
  virtual void OnBytes(std::uint8_t side, base::Bytes bytes, std::int64_t time_ns) = 0;
  // `missed` bytes that will not come: before a segment border, or (`cut`) the uncaptured end of
  // the segment delivered just now.
  virtual void OnGap(std::uint8_t side, std::uint32_t missed, bool cut) = 0;
};

class Reassembler {
 public:
  static constexpr std::size_t kMaxHeldBytes = 32 * 1024;
  static constexpr std::size_t kMaxHeldSegments = 64;
  static constexpr std::int64_t kMaxHeldNs = base::kNanosPerSecond;

  explicit Reassembler(std::uint8_t side) : side_(side) {}
  // The next byte expected, by a SYN. Without it the first segment decides.
  void Start(std::uint32_t seq);
  // `length` is the segment's payload on the wire, of which `bytes` were captured.
  void Push(std::uint32_t seq, base::Bytes bytes, std::uint32_t length, std::int64_t time_ns,
            StreamSink& sink);
  // The peer acknowledged everything before `ack`.
  void Acknowledge(std::uint32_t ack, StreamSink& sink);
  // No more will come: gives up all holes.
  void Flush(StreamSink& sink);
  [[nodiscard]] bool holding() const { return !held_.empty(); }

 private:
  struct Held {
    std::uint32_t seq = 0;
    std::uint32_t length = 0;
    std::uint32_t offset = 0;  // in arena_
    std::uint32_t size = 0;
    std::int64_t time_ns = 0;
  };
  void Hold(std::uint32_t seq, base::Bytes bytes, std::uint32_t length, std::int64_t time_ns);
  void Deliver(std::uint32_t seq, base::Bytes bytes, std::uint32_t length, std::int64_t time_ns,
               StreamSink& sink);
  void DeliverHeld(StreamSink& sink);
  void GiveUpHole(StreamSink& sink);
  [[nodiscard]] bool MustGiveUp(std::size_t more_bytes, std::int64_t time_ns) const;

  std::uint8_t side_;
  bool started_ = false;
  bool acked_ = false;
  std::uint32_t next_ = 0;
  std::uint32_t ack_ = 0;
  std::vector<Held> held_;  // by sequence number
  std::vector<std::uint8_t> arena_;
};

}  // namespace tapiary::capture
