// ObjectFile: a new file that is written once, from its beginning to its end, and made durable
// while it still comes.
//
// A sync has to wait for the disk to empty its own cache, the longer the more is in it: at the end
// of a large upload that took as long as receiving half of it. So the disk begins with what comes
// at once, and every few mebibytes it is told to keep them, beside the next ones. Memory: none but
// the page cache. One user; it waits for what it began.
#pragma once

#include <cstdint>
#include <future>
#include <string>

#include "base/file.h"

namespace tapiary::server {

// kUnavailable: whatever keeps the vault from taking an object is our trouble, not the sender's.
base::Error CannotStore(int errno_value, const std::string& what);

class ObjectFile {
 public:
  // `fd` is that of an empty file, open for reading and writing.
  explicit ObjectFile(base::UniqueFd fd) : fd_(std::move(fd)) {}
  ~ObjectFile();
  ObjectFile(const ObjectFile&) = delete;
  ObjectFile& operator=(const ObjectFile&) = delete;

  // In the file when it returns, though not yet durable. kUnavailable when the disk does not take
  // it, or did not keep what it took before.
  base::Result<> Append(base::Bytes bytes);
  // All of it is durable. kUnavailable when it may not be.
  base::Result<> Sync();
  [[nodiscard]] std::uint64_t size() const { return written_; }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  base::Result<> BeginSync();
  base::Result<> EndSync();

  base::UniqueFd fd_;
  std::uint64_t written_ = 0;
  std::uint64_t begun_ = 0;  // up to here the disk was told to begin, and
  std::uint64_t kept_ = 0;   // up to here to keep it
  std::future<int> sync_;    // that goes on beside: 0 or an errno
};

}  // namespace tapiary::server
