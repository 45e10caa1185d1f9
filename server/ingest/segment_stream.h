// SegmentStream: checks the blocks of a segment while its body still comes.
//
// It finds the frames by their own headers, unpacks each as soon as it is whole and notes what is
// in it, so that behind the last byte only the index is left to be compared. It says nothing of
// what is wrong: whatever it does not understand ends it, and the check of the stored segment finds
// the words. Large blocks go to a CheckPool while that has room. Memory: a frame, a block and the
// index, 2 MiB each at most, and as much for each block that the pool has. One thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capture/segment/segment.h"
#include "server/ingest/check_pool.h"

namespace tapiary::server {

class SegmentStream {
 public:
  // Without a pool it does everything itself. The pool must outlive it.
  explicit SegmentStream(CheckPool* pool = nullptr) : pool_(pool) {}
  ~SegmentStream();
  SegmentStream(const SegmentStream&) = delete;
  SegmentStream& operator=(const SegmentStream&) = delete;

  void Append(base::Bytes bytes);
  // Whether exactly these blocks came before the index, each as its entry says. Waits for those
  // that the pool has.
  [[nodiscard]] bool Confirms(const capture::SegmentIndex& index);
  // What came last, as far as it is kept: the index, as a rule.
  [[nodiscard]] std::optional<std::string_view> Recent(std::uint64_t offset,
                                                       std::size_t size) const;
  // Of the first block's packets, as it came; once Confirms was true.
  [[nodiscard]] const std::string& interface() const { return interface_; }

 private:
  struct Found {
    std::uint64_t stored_bytes = 0;
    std::uint32_t raw_bytes = 0;
    std::uint32_t packets = 0;
    bool timed = false;  // a packet has a time
    std::int64_t first_ns = 0, last_ns = 0;
  };
  enum class State : std::uint8_t { kFrames, kTail, kLost };

  void Take(base::Bytes bytes);
  std::size_t TakeFrames(base::Bytes bytes);
  void TakeFrame(base::Bytes frame);
  bool GiveToPool(base::Bytes frame, std::size_t number, Found found);
  void Check(base::Bytes frame, std::size_t number, Found found, capture::BlockExpander& expander);
  void Await();
  void Remember(base::Bytes bytes);

  State state_ = State::kFrames;
  std::string pending_;  // the beginning of a frame
  std::string recent_;   // the last bytes
  std::uint64_t total_ = 0;
  std::size_t frames_ = 0;
  capture::BlockExpander expander_;

  CheckPool* const pool_;
  std::mutex mutex_;  // guards all below
  std::condition_variable changed_;
  std::size_t given_ = 0;  // blocks that the pool has
  bool bad_ = false;       // a block is not what it should be
  std::vector<Found> found_;
  std::string interface_;
};

}  // namespace tapiary::server
