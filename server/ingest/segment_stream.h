// SegmentStream: checks the blocks of a segment while its body still comes.
//
// It finds the frames by their own headers, unpacks each as soon as it is whole and notes what is
// in it, so that behind the last byte only the index is left to be compared (segment_check.h). It
// says nothing of what is wrong: whatever it does not understand ends it, and the check of the
// stored segment finds the words. Memory: a frame, a block and the index, 2 MiB each at most. One
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capture/segment/segment.h"

namespace tapiary::server {

class SegmentStream {
 public:
  void Append(base::Bytes bytes);
  // Whether exactly these blocks came before the index, each as its entry says.
  [[nodiscard]] bool Confirms(const capture::SegmentIndex& index) const;
  // What came last, as far as it is kept: the index, as a rule.
  [[nodiscard]] std::optional<std::string_view> Recent(std::uint64_t offset,
                                                       std::size_t size) const;
  // Of the first block's packets, as it came.
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
  void Remember(base::Bytes bytes);

  State state_ = State::kFrames;
  std::string pending_;  // the beginning of a frame
  std::string recent_;   // the last bytes
  std::uint64_t total_ = 0;
  std::vector<Found> found_;
  std::string interface_;
  capture::BlockExpander expander_;
};

}  // namespace tapiary::server
