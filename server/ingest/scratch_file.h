// ScratchFile: an uploaded body on disk while it is read. It never has a name, so nothing is left
// behind, whatever happens. One thread.
#pragma once

#include <string>

#include "base/file.h"
#include "base/result.h"

namespace tapiary::server {

class ScratchFile {
 public:
  // kUnavailable when there is no room.
  static base::Result<ScratchFile> Make(const std::string& folder);
  base::Result<> Append(base::Bytes bytes);
  // Opens the same bytes, from their beginning, while this object lives.
  [[nodiscard]] std::string path() const;

 private:
  explicit ScratchFile(base::UniqueFd fd) : fd_(std::move(fd)) {}
  base::UniqueFd fd_;
};

}  // namespace tapiary::server
