// ObjectFile: a new file that is written once, from its beginning to its end, at the disk's pace.
//
// Large ones go past the page cache (O_DIRECT), a piece at a time while the next one is filled:
// copying them into the cache costs more processor time than all else that is done to an upload,
// and drives out what is asked for again and again. Small ones, and file systems that cannot do it,
// are written as usual. Memory: two pieces. One user; it waits for what it began.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <future>
#include <memory>

#include "base/file.h"

namespace tapiary::server {

class ObjectFile {
 public:
  // `fd` is that of an empty file, open for reading and writing.
  explicit ObjectFile(base::UniqueFd fd) : fd_(std::move(fd)) {}
  ~ObjectFile();
  ObjectFile(const ObjectFile&) = delete;
  ObjectFile& operator=(const ObjectFile&) = delete;

  // kUnavailable when the disk does not take it, here or in what was begun before.
  base::Result<> Append(base::Bytes bytes);
  // All that was appended is in the file, though not yet durable.
  base::Result<> Flush();
  [[nodiscard]] std::uint64_t size() const { return written_ + filled_; }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  struct Free {
    void operator()(std::uint8_t* bytes) const { std::free(bytes); }
  };
  using Piece = std::unique_ptr<std::uint8_t[], Free>;

  base::Result<> BeginPiece();
  base::Result<> Settle();
  void SetDirect(bool direct);

  base::UniqueFd fd_;
  bool direct_ = false;  // changed only while nothing is being written
  Piece filling_, writing_;
  std::size_t filled_ = 0;     // of filling_
  std::uint64_t written_ = 0;  // handed over to the kernel, or being so
  std::future<int> result_;    // of writing_: 0 or an errno
};

}  // namespace tapiary::server
