// CaptureOutput: where a verb writes packets: a file, a pipe, or standard output.
//
// A reader who leaves (EPIPE) and an interrupt end it quietly: the caller asks which. Interrupts
// are the process's: SIGINT and SIGTERM set a flag from the first CaptureOutput on. One thread.
#pragma once

#include <string>
#include <string_view>

#include "base/file.h"
#include "base/result.h"

namespace tapiary::cli {

// Whether SIGINT or SIGTERM came. Any thread.
bool Interrupted();

class CaptureOutput {
 public:
  // Empty or "-": standard output. kInvalid for a terminal: packets are no text. A file is made,
  // and what it held is lost, when the first bytes are written.
  static base::Result<CaptureOutput> Open(const std::string& path);

  // All of it, at once: nothing is held back. After an error that is an end, ended() is true.
  base::Result<> Write(std::string_view bytes);
  // Waits so long; shorter when it has ended.
  void Wait(int milliseconds);
  // The reader has left, or there was an interrupt.
  [[nodiscard]] bool ended() const { return reader_left_ || Interrupted(); }
  [[nodiscard]] bool reader_left() const { return reader_left_; }
  // A file, which can be read from its beginning again.
  [[nodiscard]] bool is_file() const { return is_file_; }
  // There is something to write to: of a file, since its first bytes.
  [[nodiscard]] bool begun() const { return fd() >= 0; }
  // Closes it. kIo when the disk could not take it all.
  base::Result<> Close();

 private:
  [[nodiscard]] int fd() const { return file_.valid() ? file_.get() : standard_; }
  base::Result<> OpenFile();

  std::string name_;
  int standard_ = -1;
  base::UniqueFd file_;
  bool is_file_ = false;
  bool reader_left_ = false;
};

}  // namespace tapiary::cli
