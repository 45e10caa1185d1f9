// ScratchFile: an uploaded body on disk while it is read. It never has a name, so nothing is left
// behind, whatever happens. Small ones stay in memory: making a file's place on the disk and giving
// it back takes longer than all that is done with them. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/file.h"
#include "base/result.h"

namespace tapiary::server {

class ScratchFile {
 public:
  // For so many bytes, if they are announced. kUnavailable when there is no room.
  static base::Result<ScratchFile> Make(const std::string& folder,
                                        std::optional<std::uint64_t> bytes = std::nullopt);
  base::Result<> Append(base::Bytes bytes);
  // Opens the same bytes, from their beginning, while this object lives.
  [[nodiscard]] std::string path() const;

 private:
  explicit ScratchFile(base::UniqueFd fd) : fd_(std::move(fd)) {}
  base::UniqueFd fd_;
};

}  // namespace tapiary::server
