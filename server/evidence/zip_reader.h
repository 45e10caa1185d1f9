// ZipReader: members of a ZIP archive that may have been made by anybody.
//
// Source: PKWARE APPNOTE 6.3.9, with ZIP64; stored and deflated members. Whatever lies between and
// around the members that the directory names is found and told: an archive must have nothing that
// is in no digest. One owner, no thread rule.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tapiary::server {

struct ZipEntry {
  std::string name;
  std::uint64_t offset = 0;  // of its local header
  std::uint64_t stored = 0;
  std::uint64_t bytes = 0;
  std::uint32_t crc = 0;
  std::uint16_t method = 0;
  std::uint16_t flags = 0;
};

class ZipReader {
 public:
  static constexpr std::size_t kMaxEntries = 1000;

  // kCorrupt for what is no archive that we understand. The descriptor stays the caller's.
  static base::Result<ZipReader> Open(int fd);

  [[nodiscard]] const std::vector<ZipEntry>& entries() const { return entries_; }  // by offset
  // The member's bytes, piece by piece; an error of the sink ends it. kCorrupt when they are not as
  // the directory says.
  base::Result<> Read(const ZipEntry& entry,
                      const std::function<base::Result<>(std::string_view piece)>& sink) const;
  // kCorrupt when members overlap, or something lies outside of them.
  [[nodiscard]] base::Result<> CheckLayout() const;

 private:
  // Where the member's data begin, by its local header.
  [[nodiscard]] base::Result<std::uint64_t> DataOf(const ZipEntry& entry) const;
  [[nodiscard]] base::Result<std::string> Bytes(std::uint64_t offset, std::size_t size) const;
  base::Result<> FindDirectory();
  base::Result<> ReadDirectory(std::uint64_t count, std::uint64_t size);

  int fd_ = -1;
  std::uint64_t size_ = 0;
  std::uint64_t directory_ = 0;
  std::vector<ZipEntry> entries_;
};

}  // namespace tapiary::server
