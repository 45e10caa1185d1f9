// The disks that the collector itself fills: how much room is left, and a reserve that is given up
// when nothing is (CO-11, CO-14): without it a full disk would keep the catalog from writing down
// what it removes. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tapiary::server {

struct DiskRoom {
  std::uint64_t device = 0;
  std::int64_t free_bytes = 0;  // for us: without what only root may take
};
base::Result<DiskRoom> RoomOf(const std::string& folder);

// What people are told while a disk has less room than `min_free_bytes`, else nothing: retention
// removes the oldest then, and what finds no room is refused. Any thread.
class DiskWatch {
 public:
  DiskWatch(std::vector<std::string> folders, std::int64_t min_free_bytes)
      : folders_(std::move(folders)), min_free_bytes_(min_free_bytes) {}
  [[nodiscard]] std::string Trouble() const;

 private:
  std::vector<std::string> folders_;
  std::int64_t min_free_bytes_;
};

// A file beside the catalog that takes up room while there is enough.
class DiskReserve {
 public:
  static constexpr std::int64_t kBytes = std::int64_t{64} << 20;
  explicit DiskReserve(std::string path) : path_(std::move(path)) {}
  // Made when the disk has several times its size to spare. Failure is no trouble now.
  void Make();
  // True when there was one.
  bool GiveUp();
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace tapiary::server
