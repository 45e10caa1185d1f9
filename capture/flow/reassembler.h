// Reassembler: the in-order bytes of one direction of a TCP connection, for flows with an OT
// decoder.
//
// Each byte is delivered once: repeats and overlaps are cut, the first copy wins. Segments beyond a
// hole are held, within hard limits, until the hole is filled or given up: at once when the peer
// has acknowledged past it (it got the bytes, the capture point did not), else when the limits or
// one second of packet time are passed. An acknowledgement alone never discards anything, so data
// that a mirror delivers after its ACK is not lost (OT-04). Segments that were captured short leave
// a gap of what is missing. One thread; allocates for held bytes and once for the window.
//
// Decoys. Who inserts a segment that the receiver drops (a wrong checksum, a TTL that runs out)
// before the real one would have the first copy win here and not there. So a segment with a wrong
// checksum, in a direction in which another one's was right, is doubted: it waits until the peer
// acknowledges it, and meanwhile a copy with a right checksum wins. Where the peer's
// acknowledgements are not seen it waits a second; else only for room that good ones need, or the
// end. Where checksums are offloaded all of a direction are wrong and none is doubted; where a host
// merges segments some are, and these come with the peer's next acknowledgement, so nothing is
// lost. Doubted segments never make the stream jump over a hole. Every copy, the held ones and the
// last kWindow bytes delivered, is compared: other content is a conflict, whichever won. Not told
// apart: segments captured short or in IP fragments (their checksum cannot be checked, they count
// as right), and what the network drops; those only show as conflicts.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/byte_cursor.h"
#include "base/clock.h"

namespace tapiary::capture {

// How far a segment's bytes are what its receiver takes. Better ones first.
enum class SegmentTrust : std::uint8_t {
  kGood,      // the checksum is right, or cannot be checked
  kUnproven,  // it is wrong, and so were all before in this direction: offload
  kDoubted,   // it is wrong and others were right
};

struct StreamSegment {
  std::uint32_t seq = 0;
  base::Bytes bytes;         // captured payload
  std::uint32_t length = 0;  // payload on the wire
  std::int64_t time_ns = 0;
  SegmentTrust trust = SegmentTrust::kGood;
};

class StreamSink {
 public:
  virtual ~StreamSink() = default;
  // Bytes of one segment (or its new part), valid during the call. Never empty.
  virtual void OnBytes(std::uint8_t side, base::Bytes bytes, std::int64_t time_ns) = 0;
  // `missed` bytes that will not come: before a segment border, or (`cut`) the uncaptured end of
  // the segment delivered just now.
  virtual void OnGap(std::uint8_t side, std::uint32_t missed, bool cut) = 0;
  // A segment of that time has other bytes than another copy. `decoy_taken`: its checksum is right,
  // and that of the copy that was delivered is not.
  virtual void OnConflict(std::uint8_t side, bool decoy_taken, std::int64_t time_ns) = 0;
};

class Reassembler {
 public:
  static constexpr std::size_t kMaxHeldBytes = 32 * 1024;
  static constexpr std::size_t kMaxHeldSegments = 64;
  static constexpr std::int64_t kMaxHeldNs = base::kNanosPerSecond;
  static constexpr std::uint32_t kWindow = 512;  // a power of two

  explicit Reassembler(std::uint8_t side) : side_(side) {}
  // The next byte expected, by a SYN. Without it the first segment decides.
  void Start(std::uint32_t seq);
  // The peer's acknowledgements are seen, by the one of the SYN.
  void ExpectAcknowledgements();
  void Push(const StreamSegment& segment, StreamSink& sink);
  // The peer acknowledged everything before `ack`.
  void Acknowledge(std::uint32_t ack, StreamSink& sink);
  // Takes doubted segments that nobody acknowledged or replaced in time.
  void Expire(std::int64_t now_ns, StreamSink& sink);
  // When Expire has something to do; INT64_MAX: never.
  [[nodiscard]] std::int64_t next_due_ns() const;
  // No more will come: gives up all holes.
  void Flush(StreamSink& sink);
  [[nodiscard]] bool holding() const { return !held_.empty(); }
  // Behind held segments; not the window.
  [[nodiscard]] std::size_t held_bytes() const {
    return held_.capacity() * sizeof(Held) + arena_.capacity();
  }
  // Memory is short: gives up doubted segments or the first hole. Something must be held.
  void GiveUpOldest(StreamSink& sink);

 private:
  struct Held {
    std::uint32_t seq = 0;
    std::uint32_t length = 0;
    std::uint32_t offset = 0;  // in arena_
    std::uint32_t size = 0;
    std::int64_t time_ns = 0;
    SegmentTrust trust = SegmentTrust::kGood;
    [[nodiscard]] std::uint32_t end() const { return seq + length; }
  };
  void Hold(const StreamSegment& segment);
  // False: there is none for this one.
  bool MakeRoom(const StreamSegment& segment, StreamSink& sink);
  [[nodiscard]] bool IsFull(const StreamSegment& segment) const;
  [[nodiscard]] bool WaitedTooLong(std::int64_t now_ns) const;
  // How far what is held goes without a hole.
  [[nodiscard]] std::uint32_t Reach() const;
  // What is next is there, doubted.
  [[nodiscard]] bool NextIsDoubted() const;
  bool DropDoubtedBeyondHole();
  void DropOld();
  void Compact();

  // Up to `limit`, what of it is new.
  void Deliver(const StreamSegment& segment, std::uint32_t limit, StreamSink& sink);
  // Without `forced` doubted ones only as far as they are acknowledged.
  void DeliverHeld(bool forced, StreamSink& sink);
  bool DeliverOne(bool forced, StreamSink& sink);
  void SettleAcknowledged(StreamSink& sink);
  void GiveUp(StreamSink& sink);
  [[nodiscard]] StreamSegment ToSegment(const Held& held) const;

  void Compare(const StreamSegment& segment, StreamSink& sink) const;
  [[nodiscard]] bool DiffersFromHeld(const StreamSegment& segment) const;
  // The first byte in which it differs from what was delivered, as a distance from its begin; -1.
  [[nodiscard]] std::int32_t DiffersFromWindow(const StreamSegment& segment) const;
  [[nodiscard]] bool IsKeepAlive(const StreamSegment& segment) const;
  void Remember(base::Bytes bytes, SegmentTrust trust);

  std::uint8_t side_;
  bool started_ = false;
  bool acked_ = false;
  std::uint32_t next_ = 0;
  std::uint32_t ack_ = 0;
  std::vector<Held> held_;  // by sequence number
  std::vector<std::uint8_t> arena_;

  // The byte of sequence number s is at s % kWindow, for the last window_size_ before next_.
  std::unique_ptr<std::array<std::uint8_t, kWindow>> window_;
  std::uint32_t window_size_ = 0;
  // Of those, delivered with a wrong checksum: the last run.
  std::uint32_t bad_begin_ = 0;
  std::uint32_t bad_end_ = 0;
};

}  // namespace tapiary::capture
