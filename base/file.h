// Files and descriptors: RAII, whole-file reads with a limit, and writes that survive a power cut.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/byte_cursor.h"
#include "base/result.h"

namespace tapiary::base {

// Owns a file descriptor; closes it at the end of its life.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~UniqueFd() { reset(); }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool valid() const { return fd_ >= 0; }
  void reset();

 private:
  int fd_ = -1;
};

// kTooLarge when the file holds more than max_bytes.
Result<std::string> ReadFile(const std::string& path, std::size_t max_bytes);
// Writes all bytes, repeating after short writes.
Result<> WriteAll(int fd, Bytes bytes, const std::string& path_for_errors);
// Writes path + ".tmp" with `mode`, syncs it, renames it over path, syncs the folder. All or
// nothing.
Result<> WriteFileDurably(const std::string& path, Bytes bytes, unsigned mode);
// fsync of a folder, so that renames and new names in it are durable.
Result<> SyncFolder(const std::string& path);
// Makes the folder and its parents with `mode`; success when it is there already.
Result<> MakeFolders(const std::string& path, unsigned mode);

}  // namespace tapiary::base
