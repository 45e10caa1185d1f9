// Progress: how many bytes have come, on one line of a terminal's stderr.
//
// Silent for the first 2 s and where stderr is no terminal; also when data goes to the same
// terminal, where the line would be in its way. One thread.
#pragma once

#include <cstdint>

namespace tapiary::cli {

class Progress {
 public:
  // `to_file`: the data does not go to standard output.
  explicit Progress(bool to_file = false);
  void Show(std::uint64_t bytes);
  // Takes the line away. The destructor does not: whoever ends the transfer says when.
  void Clear();

 private:
  bool wanted_ = false;
  bool shown_ = false;
  std::int64_t begin_ns_ = 0;
  std::int64_t next_ns_ = 0;
};

}  // namespace tapiary::cli
