// ZipWriter: a ZIP archive written in one pass, however large its members become.
//
// Source: PKWARE APPNOTE 6.3.9. Sizes and check sums follow each member (data descriptor), in their
// ZIP64 form; members are deflated, since readers of streams know no other end. Appends to a
// buffer. One owner, no thread rule.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"

namespace tapiary::server {

struct ZipMember {
  std::string name;
  std::uint64_t bytes = 0;  // before it was deflated
  base::Sha256Digest digest{};
};

class ZipWriter {
 public:
  explicit ZipWriter(std::int64_t time_ns);  // of all members
  ~ZipWriter();
  ZipWriter(const ZipWriter&) = delete;
  ZipWriter& operator=(const ZipWriter&) = delete;

  // One member at a time: Begin, Write as often as needed, End.
  base::Result<> Begin(std::string_view name, std::vector<std::uint8_t>& out);
  base::Result<> Write(std::string_view bytes, std::vector<std::uint8_t>& out);
  base::Result<ZipMember> End(std::vector<std::uint8_t>& out);
  // The directory. Nothing may follow.
  void Finish(std::vector<std::uint8_t>& out);

 private:
  struct Entry {
    std::string name;
    std::uint64_t offset = 0;
    std::uint64_t stored = 0;
    std::uint64_t bytes = 0;
    std::uint32_t crc = 0;
  };
  base::Result<> Deflate(std::string_view bytes, int flush, std::vector<std::uint8_t>& out);

  std::uint32_t time_ = 0;              // as MS-DOS has it
  struct Deflater;                      // zlib's
  std::unique_ptr<Deflater> deflater_;  // of the member that is open
  std::uint64_t written_ = 0;
  std::optional<base::Sha256> hash_;
  std::vector<Entry> entries_;
};

}  // namespace tapiary::server
