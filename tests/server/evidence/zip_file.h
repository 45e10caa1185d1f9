// A file with these bytes, open for reading.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>

#include "base/file.h"
#include "base/text.h"
#include "server/evidence/zip_reader.h"
#include "tests/base/temp_folder.h"

namespace tapiary::server::test {

class ZipFile {
 public:
  explicit ZipFile(std::string_view bytes) {
    std::ofstream(path(), std::ios::binary) << bytes;
    file_ = base::UniqueFd(open(path().c_str(), O_RDONLY | O_CLOEXEC));
  }
  [[nodiscard]] std::string path() const { return folder_.path() + "/a.zip"; }
  [[nodiscard]] base::Result<ZipReader> Open() const { return ZipReader::Open(file_.get()); }

 private:
  base::TempFolder folder_;
  base::UniqueFd file_;
};

inline base::Result<std::string> ContentOf(const ZipReader& reader, const ZipEntry& entry) {
  std::string content;
  const auto read = reader.Read(entry, [&content](std::string_view piece) -> base::Result<> {
    content += piece;
    return {};
  });
  if (!read) return read.error();
  return content;
}

}  // namespace tapiary::server::test
