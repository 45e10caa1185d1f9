// Verbs disk and put: the peers of the spool. The disk's own sequential write, and the same bytes
// by plain RocksDB Put; both sync every half second, as the sensor does.
#include <fcntl.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <string>

#include "bench/peers/load.h"
#include "bench/peers/tool.h"

namespace tapiary::bench {
namespace {

constexpr std::size_t kPieceBytes = 512 * 1024;  // a block of the sensor

std::string RandomPiece() {
  std::mt19937_64 random(1);
  std::string piece(kPieceBytes, '\0');
  for (std::size_t at = 0; at < piece.size(); at += 8) {
    const std::uint64_t value = random();
    std::memcpy(&piece[at], &value, sizeof(value));
  }
  return piece;
}

class SyncClock {
 public:
  // True once each half second.
  bool Due() {
    if (meter_.Read().seconds < next_) return false;
    next_ = meter_.Read().seconds + kSyncSeconds;
    return true;
  }

 private:
  LoadMeter meter_;
  double next_ = kSyncSeconds;
};

std::uint64_t Pieces(const std::string& mib) {
  return (std::strtoull(mib.c_str(), nullptr, 10) << 20) / kPieceBytes;
}

bool WriteAll(int file, const std::string& piece) {
  std::size_t at = 0;
  while (at < piece.size()) {
    const ssize_t wrote = write(file, piece.data() + at, piece.size() - at);
    if (wrote < 0) return false;
    at += static_cast<std::size_t>(wrote);
  }
  return true;
}

std::string Key(std::uint64_t i) {
  char key[21];
  std::snprintf(key, sizeof(key), "%020llu", static_cast<unsigned long long>(i));
  return key;
}

}  // namespace

int LoadDisk(Args args) {
  const std::uint64_t pieces = Pieces(args[1]);
  std::string piece = RandomPiece();
  const int file = open(args[0].c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) return 1;
  const LoadMeter meter;
  SyncClock clock;
  bool right = true;
  for (std::uint64_t i = 0; i < pieces && right; ++i) {
    std::memcpy(piece.data(), &i, sizeof(i));
    right = WriteAll(file, piece) && (!clock.Due() || fdatasync(file) == 0);
  }
  right = right && fdatasync(file) == 0;
  const LoadFigures figures = meter.Read();
  right = right && lseek(file, 0, SEEK_END) == static_cast<off_t>(pieces * kPieceBytes);
  close(file);
  PrintLoad(pieces * kPieceBytes, figures, right);
  return right ? 0 : 1;
}

int LoadPut(Args args) {
  const std::uint64_t pieces = Pieces(args[1]);
  std::string piece = RandomPiece();
  rocksdb::Options options;
  options.create_if_missing = true;
  options.compression = rocksdb::kNoCompression;
  rocksdb::DB* opened = nullptr;
  if (!rocksdb::DB::Open(options, args[0], &opened).ok()) return 1;
  const std::unique_ptr<rocksdb::DB> db(opened);
  const LoadMeter meter;
  SyncClock clock;
  bool right = true;
  for (std::uint64_t i = 0; i < pieces && right; ++i) {
    std::memcpy(piece.data(), &i, sizeof(i));
    right = db->Put({}, Key(i), piece).ok() && (!clock.Due() || db->SyncWAL().ok());
  }
  right = right && db->SyncWAL().ok();
  const LoadFigures figures = meter.Read();
  std::uint64_t found = 0;
  const std::unique_ptr<rocksdb::Iterator> all(db->NewIterator({}));
  for (all->SeekToFirst(); all->Valid(); all->Next()) {
    std::uint64_t number = 0;
    std::memcpy(&number, all->value().data(), sizeof(number));
    found += number == found && all->value().size() == kPieceBytes ? 1 : 0;
  }
  right = right && found == pieces;
  PrintLoad(pieces * kPieceBytes, figures, right);
  return right ? 0 : 1;
}

}  // namespace tapiary::bench
