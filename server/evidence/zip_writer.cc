#include "server/evidence/zip_writer.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <ctime>

#include "base/clock.h"

namespace tapiary::server {
namespace {

constexpr std::uint16_t kVersion = 45;    // ZIP64
constexpr std::uint16_t kFlags = 0x0808;  // data descriptor, names are UTF-8
constexpr std::uint16_t kDeflated = 8;
constexpr std::uint32_t kElsewhere = 0xffffffff;
constexpr std::size_t kPieceBytes = 64 * 1024;

template <class T>
void Put(T value, std::vector<std::uint8_t>& out) {
  for (std::size_t i = 0; i < sizeof value; ++i) {
    out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
}

void PutText(std::string_view text, std::vector<std::uint8_t>& out) {
  out.insert(out.end(), text.begin(), text.end());
}

// Seconds by twos since 1980, UTC.
std::uint32_t DosTime(std::int64_t time_ns) {
  const std::time_t seconds = time_ns / base::kNanosPerSecond;
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr || parts.tm_year < 80 || parts.tm_year > 207) {
    return (1u << 21) | (1u << 16);
  }
  const auto part = [](int value) { return static_cast<std::uint32_t>(value); };
  return (part(parts.tm_year - 80) << 25) | (part(parts.tm_mon + 1) << 21) |
         (part(parts.tm_mday) << 16) | (part(parts.tm_hour) << 11) | (part(parts.tm_min) << 5) |
         (part(parts.tm_sec) / 2);
}

base::Error Failed() {
  return base::MakeError(base::ErrorCode::kInternal, "deflate failed");
}

}  // namespace

struct ZipWriter::Deflater {
  // Fast: a case is made at the pace of its reader.
  Deflater() : good(deflateInit2(&stream, 1, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) == Z_OK) {}
  ~Deflater() { deflateEnd(&stream); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  z_stream stream{};
  bool good;
};

ZipWriter::ZipWriter(std::int64_t time_ns) : time_(DosTime(time_ns)) {}

ZipWriter::~ZipWriter() = default;

base::Result<> ZipWriter::Begin(std::string_view name, std::vector<std::uint8_t>& out) {
  const std::size_t before = out.size();
  deflater_ = std::make_unique<Deflater>();
  if (!deflater_->good) return Failed();
  hash_.emplace();
  entries_.push_back({.name = std::string(name), .offset = written_});
  Put<std::uint32_t>(0x04034b50, out);
  Put(kVersion, out);
  Put(kFlags, out);
  Put(kDeflated, out);
  Put(time_, out);
  Put<std::uint32_t>(0, out);
  Put(kElsewhere, out);
  Put(kElsewhere, out);
  Put(static_cast<std::uint16_t>(name.size()), out);
  Put<std::uint16_t>(20, out);
  PutText(name, out);
  // That there is a ZIP64 field says that the descriptor's sizes have eight bytes.
  Put<std::uint16_t>(1, out);
  Put<std::uint16_t>(16, out);
  Put<std::uint64_t>(0, out);
  Put<std::uint64_t>(0, out);
  written_ += out.size() - before;
  return {};
}

base::Result<> ZipWriter::Deflate(std::string_view bytes, int flush,
                                  std::vector<std::uint8_t>& out) {
  std::array<std::uint8_t, kPieceBytes> piece;
  z_stream& stream = deflater_->stream;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  int code = Z_OK;
  do {
    stream.next_out = piece.data();
    stream.avail_out = static_cast<uInt>(piece.size());
    code = deflate(&stream, flush);
    if (code == Z_STREAM_ERROR) return Failed();
    const std::size_t made = piece.size() - stream.avail_out;
    out.insert(out.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(made));
    entries_.back().stored += made;
    written_ += made;
  } while (stream.avail_out == 0 || (flush == Z_FINISH && code != Z_STREAM_END));
  return {};
}

base::Result<> ZipWriter::Write(std::string_view bytes, std::vector<std::uint8_t>& out) {
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, 1u << 30);
    Entry& entry = entries_.back();
    entry.crc = static_cast<std::uint32_t>(crc32(
        entry.crc, reinterpret_cast<const Bytef*>(part.data()), static_cast<uInt>(part.size())));
    entry.bytes += part.size();
    hash_->Update({reinterpret_cast<const std::uint8_t*>(part.data()), part.size()});
    TAPIARY_TRY(Deflate(part, Z_NO_FLUSH, out));
    bytes.remove_prefix(part.size());
  }
  return {};
}

base::Result<ZipMember> ZipWriter::End(std::vector<std::uint8_t>& out) {
  TAPIARY_TRY(Deflate({}, Z_FINISH, out));
  deflater_.reset();
  const std::size_t before = out.size();
  const Entry& entry = entries_.back();
  Put<std::uint32_t>(0x08074b50, out);
  Put(entry.crc, out);
  Put(entry.stored, out);
  Put(entry.bytes, out);
  written_ += out.size() - before;
  return ZipMember{entry.name, entry.bytes, hash_->Finish()};
}

void ZipWriter::Finish(std::vector<std::uint8_t>& out) {
  const std::uint64_t directory = written_;
  const std::size_t before = out.size();
  for (const Entry& entry : entries_) {
    Put<std::uint32_t>(0x02014b50, out);
    Put<std::uint16_t>((3 << 8) | kVersion, out);  // made on Unix
    Put(kVersion, out);
    Put(kFlags, out);
    Put(kDeflated, out);
    Put(time_, out);
    Put(entry.crc, out);
    Put(kElsewhere, out);
    Put(kElsewhere, out);
    Put(static_cast<std::uint16_t>(entry.name.size()), out);
    Put<std::uint16_t>(28, out);
    Put<std::uint16_t>(0, out);               // comment
    Put<std::uint16_t>(0, out);               // disk
    Put<std::uint16_t>(0, out);               // inside
    Put<std::uint32_t>(0100644u << 16, out);  // mode
    Put(kElsewhere, out);
    PutText(entry.name, out);
    Put<std::uint16_t>(1, out);
    Put<std::uint16_t>(24, out);
    Put(entry.bytes, out);
    Put(entry.stored, out);
    Put(entry.offset, out);
  }
  const std::uint64_t size = out.size() - before;
  const std::uint64_t count = entries_.size();
  Put<std::uint32_t>(0x06064b50, out);  // ZIP64's own end
  Put<std::uint64_t>(44, out);
  Put<std::uint16_t>((3 << 8) | kVersion, out);
  Put(kVersion, out);
  Put<std::uint64_t>(0, out);  // disks
  Put(count, out);
  Put(count, out);
  Put(size, out);
  Put(directory, out);
  Put<std::uint32_t>(0x07064b50, out);  // where that is
  Put<std::uint32_t>(0, out);
  Put(directory + size, out);
  Put<std::uint32_t>(1, out);
  Put<std::uint32_t>(0x06054b50, out);
  Put<std::uint32_t>(0, out);  // disks
  Put<std::uint16_t>(0xffff, out);
  Put<std::uint16_t>(0xffff, out);
  Put(kElsewhere, out);
  Put(kElsewhere, out);
  Put<std::uint16_t>(0, out);
}

}  // namespace tapiary::server
