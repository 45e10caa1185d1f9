#include "server/evidence/zip_reader.h"

#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/byte_cursor.h"
#include "base/text.h"

namespace tapiary::server {
namespace {

constexpr std::uint32_t kLocal = 0x04034b50;
constexpr std::uint32_t kCentral = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50;
constexpr std::uint32_t kEnd64 = 0x06064b50;
constexpr std::uint32_t kEnd64Place = 0x07064b50;
constexpr std::uint32_t kDescriptor = 0x08074b50;
constexpr std::uint32_t kElsewhere = 0xffffffff;
constexpr std::size_t kEndBytes = 22;
constexpr std::size_t kPlaceBytes = 20;
constexpr std::size_t kEnd64Bytes = 56;
constexpr std::size_t kLocalBytes = 30;
constexpr std::size_t kPieceBytes = 64 * 1024;
constexpr std::uint64_t kMaxDirectory = 1u << 20;
constexpr std::uint16_t kHasDescriptor = 8;
constexpr std::uint16_t kEncrypted = 1;

base::Error Corrupt(const char* what) {
  return base::MakeError(base::ErrorCode::kCorrupt, what);
}

// Sizes and place that the 32-bit fields have no room for.
void ReadExtra(base::Bytes extra, ZipEntry* entry) {
  base::ByteCursor cursor(extra);
  while (cursor.remaining() >= 4) {
    const std::uint16_t id = cursor.U16Le();
    const std::uint16_t size = cursor.U16Le();
    base::ByteCursor field(cursor.Take(size));
    if (cursor.failed()) return;
    if (id != 1) continue;
    if (entry->bytes == kElsewhere) entry->bytes = field.U64Le();
    if (entry->stored == kElsewhere) entry->stored = field.U64Le();
    if (entry->offset == kElsewhere) entry->offset = field.U64Le();
  }
}

// Takes data as they are, or inflated, and what is true of them.
class Unpacker {
 public:
  using Sink = std::function<base::Result<>(std::string_view)>;

  Unpacker(const ZipEntry& entry, const Sink& sink) : entry_(entry), sink_(sink) {
    if (entry.method == 8) ok_ = inflateInit2(&stream_, -15) == Z_OK;
  }
  ~Unpacker() {
    if (entry_.method == 8) inflateEnd(&stream_);
  }
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;

  base::Result<> Take(std::string_view part) {
    if (!ok_) return Corrupt("the member cannot be inflated");
    if (entry_.method == 0) return Give(part);
    if (ended_) return Corrupt("data behind the end of a member");
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(part.data()));
    stream_.avail_in = static_cast<uInt>(part.size());
    std::array<char, kPieceBytes> piece;
    int code = Z_OK;
    do {
      stream_.next_out = reinterpret_cast<Bytef*>(piece.data());
      stream_.avail_out = static_cast<uInt>(piece.size());
      code = inflate(&stream_, Z_NO_FLUSH);
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
        return Corrupt("the member cannot be inflated");
      }
      TAPIARY_TRY(Give({piece.data(), piece.size() - stream_.avail_out}));
    } while (code == Z_OK && stream_.avail_out == 0);
    ended_ = code == Z_STREAM_END;
    if (ended_ && stream_.avail_in > 0) return Corrupt("data behind the end of a member");
    return {};
  }
  base::Result<> End() const {
    const bool whole = entry_.method == 0 || ended_;
    if (whole && bytes_ == entry_.bytes && crc_ == entry_.crc) return {};
    return Corrupt("the member is not as the directory says");
  }

 private:
  base::Result<> Give(std::string_view piece) {
    if (piece.empty()) return {};
    bytes_ += piece.size();
    if (bytes_ > entry_.bytes) return Corrupt("the member is longer than the directory says");
    crc_ = static_cast<std::uint32_t>(
        crc32(crc_, reinterpret_cast<const Bytef*>(piece.data()), static_cast<uInt>(piece.size())));
    return sink_(piece);
  }

  const ZipEntry& entry_;
  const Sink& sink_;
  z_stream stream_{};
  bool ok_ = true;
  bool ended_ = false;
  std::uint64_t bytes_ = 0;
  std::uint32_t crc_ = 0;
};

}  // namespace

base::Result<std::string> ZipReader::Bytes(std::uint64_t offset, std::size_t size) const {
  if (offset > size_ || size > size_ - offset) return Corrupt("the archive is cut off");
  std::string bytes(size, '\0');
  for (std::size_t at = 0; at < size;) {
    const ssize_t got = pread(fd_, bytes.data() + at, size - at, static_cast<off_t>(offset + at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return base::MakeError(base::ErrorCode::kIo, "the archive cannot be read");
    at += static_cast<std::size_t>(got);
  }
  return bytes;
}

base::Result<ZipReader> ZipReader::Open(int fd) {
  struct stat status {};
  if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    return base::MakeError(base::ErrorCode::kIo, "not a file");
  }
  ZipReader reader;
  reader.fd_ = fd;
  reader.size_ = static_cast<std::uint64_t>(status.st_size);
  TAPIARY_TRY(reader.FindDirectory());
  return reader;
}

// Without a comment at the end, which our archives do not have: nothing may hide there.
base::Result<> ZipReader::FindDirectory() {
  if (size_ < kEndBytes) return Corrupt("not a ZIP archive");
  const std::uint64_t end = size_ - kEndBytes;
  TAPIARY_ASSIGN(const std::string bytes, Bytes(end, kEndBytes));
  base::ByteCursor cursor(base::AsBytes(bytes));
  if (cursor.U32Le() != kEnd) return Corrupt("not a ZIP archive, or with something at its end");
  cursor.Skip(6);
  std::uint64_t count = cursor.U16Le();
  std::uint64_t size = cursor.U32Le();
  directory_ = cursor.U32Le();
  std::uint64_t follows = end;
  if (directory_ == kElsewhere || size == kElsewhere || count == 0xffff) {
    if (end < kPlaceBytes + kEnd64Bytes) return Corrupt("not a ZIP archive");
    TAPIARY_ASSIGN(const std::string place, Bytes(end - kPlaceBytes, kPlaceBytes));
    base::ByteCursor where(base::AsBytes(place));
    if (where.U32Le() != kEnd64Place) return Corrupt("the archive's end is broken");
    where.Skip(4);
    follows = where.U64Le();
    if (follows != end - kPlaceBytes - kEnd64Bytes) return Corrupt("the archive's end is broken");
    TAPIARY_ASSIGN(const std::string end64, Bytes(follows, kEnd64Bytes));
    base::ByteCursor big(base::AsBytes(end64));
    if (big.U32Le() != kEnd64) return Corrupt("the archive's end is broken");
    big.Skip(28);
    count = big.U64Le();
    size = big.U64Le();
    directory_ = big.U64Le();
  }
  if (size > kMaxDirectory || directory_ > follows || size != follows - directory_) {
    return Corrupt("the archive's directory is not where its end says");
  }
  return ReadDirectory(count, size);
}

base::Result<> ZipReader::ReadDirectory(std::uint64_t count, std::uint64_t size) {
  if (count > kMaxEntries) return Corrupt("too many members");
  TAPIARY_ASSIGN(const std::string bytes, Bytes(directory_, size));
  base::ByteCursor cursor(base::AsBytes(bytes));
  for (std::uint64_t i = 0; i < count; ++i) {
    if (cursor.U32Le() != kCentral) return Corrupt("the archive's directory is broken");
    ZipEntry entry;
    cursor.Skip(4);
    entry.flags = cursor.U16Le();
    entry.method = cursor.U16Le();
    cursor.Skip(4);
    entry.crc = cursor.U32Le();
    entry.stored = cursor.U32Le();
    entry.bytes = cursor.U32Le();
    const std::uint16_t name = cursor.U16Le();
    const std::uint16_t extra = cursor.U16Le();
    const std::uint16_t comment = cursor.U16Le();
    cursor.Skip(8);
    entry.offset = cursor.U32Le();
    entry.name = base::AsText(cursor.Take(name));
    ReadExtra(cursor.Take(extra), &entry);
    if (cursor.failed() || comment != 0) return Corrupt("the archive's directory is broken");
    if ((entry.flags & kEncrypted) != 0 || (entry.method != 0 && entry.method != 8)) {
      return Corrupt("a member is encrypted, or packed in a way that is not known here");
    }
    entries_.push_back(std::move(entry));
  }
  if (cursor.remaining() != 0) return Corrupt("the archive's directory is broken");
  std::ranges::sort(entries_, {}, &ZipEntry::offset);
  return {};
}

base::Result<std::uint64_t> ZipReader::DataOf(const ZipEntry& entry) const {
  TAPIARY_ASSIGN(const std::string bytes, Bytes(entry.offset, kLocalBytes));
  base::ByteCursor cursor(base::AsBytes(bytes));
  if (cursor.U32Le() != kLocal) return Corrupt("a member is not where the directory says");
  cursor.Skip(22);
  const std::uint64_t name = cursor.U16Le();
  const std::uint64_t extra = cursor.U16Le();
  TAPIARY_ASSIGN(const std::string own, Bytes(entry.offset + kLocalBytes, name));
  if (own != entry.name) return Corrupt("a member has two names");
  const std::uint64_t data = entry.offset + kLocalBytes + name + extra;
  if (data > directory_ || entry.stored > directory_ - data) {
    return Corrupt("a member reaches beyond its place");
  }
  return data;
}

base::Result<> ZipReader::Read(
    const ZipEntry& entry,
    const std::function<base::Result<>(std::string_view piece)>& sink) const {
  TAPIARY_ASSIGN(std::uint64_t at, DataOf(entry));
  Unpacker unpacker(entry, sink);
  for (std::uint64_t left = entry.stored; left > 0;) {
    const std::size_t size = std::min<std::uint64_t>(left, kPieceBytes);
    TAPIARY_ASSIGN(const std::string part, Bytes(at, size));
    TAPIARY_TRY(unpacker.Take(part));
    at += size;
    left -= size;
  }
  return unpacker.End();
}

base::Result<> ZipReader::CheckLayout() const {
  std::uint64_t at = 0;
  for (const ZipEntry& entry : entries_) {
    if (entry.offset != at) return Corrupt("something lies between the members");
    TAPIARY_ASSIGN(const std::uint64_t data, DataOf(entry));
    at = data + entry.stored;
    if ((entry.flags & kHasDescriptor) == 0) continue;
    // With or without a signature, sizes of four or eight bytes.
    const std::size_t room = static_cast<std::size_t>(std::min<std::uint64_t>(24, directory_ - at));
    TAPIARY_ASSIGN(const std::string bytes, Bytes(at, room));
    base::ByteCursor cursor(base::AsBytes(bytes));
    std::uint64_t size = cursor.U32Le() == kDescriptor ? 4 : 0;
    base::ByteCursor big(base::AsBytes(bytes));
    big.Skip(size + 4);
    const bool wide = big.U64Le() == entry.stored && big.U64Le() == entry.bytes && !big.failed();
    at += size + (wide ? 20 : 12);
  }
  if (at != directory_) return Corrupt("something lies behind the last member");
  return {};
}

}  // namespace tapiary::server
