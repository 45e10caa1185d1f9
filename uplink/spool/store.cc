#include "uplink/spool/store.h"

#include <fmt/core.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <rocksdb/write_batch.h>

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <map>
#include <vector>

#include "base/file.h"

namespace tapiary::uplink {

namespace {

using base::ErrorCode;
using base::MakeError;

constexpr std::size_t kCacheBytes = 8 << 20;
constexpr std::int64_t kMinBuffer = 1 << 20;
constexpr std::int64_t kMaxBuffer = 16 << 20;
constexpr std::int64_t kMaxLog = 64 << 20;
constexpr int kOpenFiles = 256;  // a long backlog has thousands of files
const std::array<const char*, kFamilies> kFamilyNames = {"default", "packets", "flows", "facts"};

rocksdb::Slice Slice(std::string_view text) {
  return {text.data(), text.size()};
}
std::string_view View(const rocksdb::Slice& slice) {
  return {slice.data(), slice.size()};
}

base::Error ToError(const rocksdb::Status& status, std::string_view what) {
  ErrorCode code = ErrorCode::kIo;
  // An empty CURRENT or a missing MANIFEST is reported as an input/output error.
  if (status.IsCorruption() || status.IsNotFound() || status.IsPathNotFound()) {
    code = ErrorCode::kCorrupt;
  }
  return MakeError(code, fmt::format("{}: {}", what, status.ToString()));
}

rocksdb::ColumnFamilyOptions FamilyOptions(std::int64_t max_bytes,
                                           const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::ColumnFamilyOptions options;
  const auto buffer = static_cast<std::size_t>(std::clamp(max_bytes / 64, kMinBuffer, kMaxBuffer));
  options.write_buffer_size = buffer;
  options.max_write_buffer_number = 3;
  // Keys only grow, so files hardly overlap and small ones can be dropped whole.
  options.target_file_size_base = buffer * 2;
  options.max_bytes_for_level_base = buffer * 8;
  options.level0_file_num_compaction_trigger = 2;
  options.compression = rocksdb::kNoCompression;
  options.bottommost_compression = rocksdb::kNoCompression;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  // Distributions build RocksDB for any x86-64, where its CRC32C is a table look-up: 1.2 s per GB.
  table.checksum = rocksdb::kXXH3;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

rocksdb::DBOptions DbOptions(std::int64_t max_bytes) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.max_total_wal_size =
      static_cast<std::uint64_t>(std::clamp(max_bytes / 16, 2 * kMinBuffer, kMaxLog));  // SP-03
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  options.avoid_flush_during_recovery = true;  // starting needs as little space as possible
  options.max_bgerror_resume_count = 0;        // Recover decides, and proves it (SP-02)
  options.keep_log_file_num = 2;
  options.max_log_file_size = 1 << 20;
  options.info_log_level = rocksdb::WARN_LEVEL;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.max_background_jobs = 2;
  options.bytes_per_sync = 1 << 20;
  options.max_open_files = kOpenFiles;
  return options;
}

rocksdb::ReadOptions ScanOptions() {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  // What a queue's head has passed is never read again, so tombstones need not be consulted.
  options.ignore_range_deletions = true;
  return options;
}

// RocksDB turns an empty CURRENT or a store without MANIFEST into errors of several kinds.
bool LooksBroken(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const bool exists = fs::exists(path, error) && !fs::is_empty(path, error);
  if (!exists) return false;
  const fs::path current = fs::path(path) / "CURRENT";
  return fs::exists(current, error) && fs::file_size(current, error) == 0;
}

// Tables or logs without CURRENT: RocksDB would silently make a new store beside them.
bool LacksCurrent(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (fs::exists(fs::path(path) / "CURRENT", error)) return false;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    const auto extension = entry.path().extension();
    if (extension == ".sst" || extension == ".log") return true;
  }
  return false;
}

}  // namespace

struct Store::Impl {
  std::string path;
  std::int64_t max_bytes = 0;
  std::unique_ptr<rocksdb::DB> db;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;

  ~Impl() { Shut(); }

  void Shut() {
    if (!db) return;
    for (auto* handle : handles) db->DestroyColumnFamilyHandle(handle);
    handles.clear();
    db->Close();
    db.reset();
  }

  // Files of RocksDB must not meet a full disk while they are opened or repaired: some of its
  // releases end the process then. So the space that it may need is tried first (SP-02).
  base::Result<> ProveSpace() const {
    std::uint64_t needed = std::uint64_t{1} << 20;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(path, ignored)) {
      if (entry.path().extension() == ".log") needed += entry.file_size(ignored);
    }
    const std::string probe = path + ".space";
    const base::UniqueFd fd(open(probe.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    int error = errno;
    if (fd.valid()) {
      error = posix_fallocate(fd.get(), 0, static_cast<off_t>(needed));
      unlink(probe.c_str());
      if (error == 0) return {};
    }
    return MakeError(ErrorCode::kIo, base::Error::FromErrno(error, probe).message);
  }

  // The room that writes leave on the disk, for flushes and compactions of what was written.
  base::Result<> CheckReserve(std::size_t batch_bytes) const {
    struct statvfs disk {};
    if (statvfs(path.c_str(), &disk) != 0) return {};
    const std::uint64_t total = std::uint64_t{disk.f_blocks} * disk.f_frsize;
    const std::uint64_t available = std::uint64_t{disk.f_bavail} * disk.f_frsize;
    const std::uint64_t reserve =
        std::min<std::uint64_t>(std::uint64_t{4} * kMaxBuffer, total / 8) + batch_bytes;
    if (available >= reserve) return {};
    return MakeError(ErrorCode::kIo, fmt::format("no space left on the disk: {} bytes are free, {} "
                                                 "are kept in reserve",
                                                 available, reserve));
  }

  // A budget above the disk's size says nothing about buffers.
  void ShrinkToDisk() {
    struct statvfs disk {};
    if (statvfs(path.c_str(), &disk) != 0) return;
    const std::uint64_t total = std::uint64_t{disk.f_blocks} * disk.f_frsize;
    max_bytes = static_cast<std::int64_t>(
        std::min(static_cast<std::uint64_t>(max_bytes), std::max<std::uint64_t>(total, 1 << 20)));
  }

  base::Result<> Open() {
    TAPIARY_TRY(ProveSpace());
    if (LooksBroken(path) || LacksCurrent(path)) {
      return MakeError(ErrorCode::kCorrupt, "spool store: CURRENT is empty or missing");
    }
    RemoveLeftovers();
    const auto cache = rocksdb::NewLRUCache(kCacheBytes);
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const char* name : kFamilyNames) {
      families.emplace_back(name, FamilyOptions(max_bytes, cache));
    }
    rocksdb::DB* raw = nullptr;
    const auto status = rocksdb::DB::Open(DbOptions(max_bytes), path, families, &handles, &raw);
    if (!status.ok()) return ToError(status, "spool store");
    db.reset(raw);
    return {};
  }

  [[nodiscard]] std::string IngestFolder() const { return path + "/ingest"; }

  // Files of rounds that a crash cut short.
  void RemoveLeftovers() const {
    std::error_code ignored;
    std::filesystem::remove_all(IngestFolder(), ignored);
  }

  rocksdb::ColumnFamilyHandle* Handle(Family family) const {
    return handles[static_cast<std::size_t>(family)];
  }

  // Shared by all calls: after a failed reopen there is no store until Recover succeeds.
  base::Result<> Ready() const {
    if (!db) return MakeError(ErrorCode::kUnavailable, "spool store is not open");
    return {};
  }
};

struct StoreBatch::Impl {
  Store::Impl* store = nullptr;
  rocksdb::WriteBatch batch;
};

StoreBatch::StoreBatch(Store& store) : impl_(std::make_unique<Impl>()) {
  impl_->store = store.impl_.get();
}
StoreBatch::~StoreBatch() = default;

void StoreBatch::Put(Family family, std::string_view key, std::string_view value) {
  if (impl_->store->db) {
    impl_->batch.Put(impl_->store->Handle(family), Slice(key), Slice(value));
  }
}
void StoreBatch::Delete(Family family, std::string_view key) {
  if (impl_->store->db) impl_->batch.Delete(impl_->store->Handle(family), Slice(key));
}
void StoreBatch::DeleteRange(Family family, std::string_view from, std::string_view to) {
  if (impl_->store->db) {
    impl_->batch.DeleteRange(impl_->store->Handle(family), Slice(from), Slice(to));
  }
}
std::size_t StoreBatch::bytes() const {
  return impl_->batch.GetDataSize();
}

struct StoreFiles::Impl {
  Store::Impl* store = nullptr;
  rocksdb::ColumnFamilyHandle* family = nullptr;
  rocksdb::Options options;
  struct File {
    std::string path;
    std::unique_ptr<rocksdb::SstFileWriter> writer;
  };
  std::map<std::uint64_t, File> files;
  rocksdb::Status status;  // the first that was not ok
  std::size_t bytes = 0;

  void Keep(const rocksdb::Status& next) {
    if (status.ok()) status = next;
  }

  rocksdb::SstFileWriter& WriterOf(std::uint64_t name) {
    File& file = files[name];
    if (!file.writer) {
      std::error_code error;
      std::filesystem::create_directory(store->IngestFolder(), error);
      file.path = fmt::format("{}/{}.sst", store->IngestFolder(), name);
      file.writer = std::make_unique<rocksdb::SstFileWriter>(rocksdb::EnvOptions(), options, family,
                                                             /*invalidate_page_cache=*/false);
      Keep(file.writer->Open(file.path));
    }
    return *file.writer;
  }
};

StoreFiles::StoreFiles(Store& store, Family family) : impl_(std::make_unique<Impl>()) {
  impl_->store = store.impl_.get();
  if (!impl_->store->db) return;
  impl_->family = impl_->store->Handle(family);
  impl_->options = impl_->store->db->GetOptions(impl_->family);
}

StoreFiles::~StoreFiles() {
  std::error_code ignored;
  for (const auto& [name, file] : impl_->files) std::filesystem::remove(file.path, ignored);
}

void StoreFiles::Put(std::uint64_t file, std::string_view key, std::string_view value) {
  if (impl_->family == nullptr || !impl_->status.ok()) return;
  impl_->bytes += key.size() + value.size();
  rocksdb::SstFileWriter& writer = impl_->WriterOf(file);
  if (impl_->status.ok()) impl_->Keep(writer.Put(Slice(key), Slice(value)));
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

base::Result<std::unique_ptr<Store>> Store::Open(std::string path, std::int64_t max_bytes) {
  auto impl = std::make_unique<Impl>();
  impl->path = std::move(path);
  impl->max_bytes = max_bytes;
  impl->ShrinkToDisk();
  TAPIARY_TRY(impl->Open());
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

base::Result<> Store::Write(StoreBatch& batch, bool sync, Room room) {
  TAPIARY_TRY(impl_->Ready());
  if (room == Room::kKeepReserve) TAPIARY_TRY(impl_->CheckReserve(batch.bytes()));
  rocksdb::WriteOptions options;
  options.sync = sync;
  const auto status = impl_->db->Write(options, &batch.impl_->batch);
  if (!status.ok()) return ToError(status, "spool write");
  return {};
}

base::Result<> Store::Ingest(StoreFiles& files) {
  TAPIARY_TRY(impl_->Ready());
  StoreFiles::Impl& from = *files.impl_;
  if (from.files.empty()) return {};
  TAPIARY_TRY(impl_->CheckReserve(from.bytes));
  std::vector<std::string> paths;
  for (auto& [name, file] : from.files) {
    if (from.status.ok()) from.Keep(file.writer->Finish());  // synced
    paths.push_back(file.path);
  }
  rocksdb::IngestExternalFileOptions options;
  options.move_files = true;
  options.write_global_seqno = false;  // the file stays as it was written (SP-06)
  if (from.status.ok()) from.Keep(impl_->db->IngestExternalFile(from.family, paths, options));
  if (!from.status.ok()) return ToError(from.status, "spool write");
  return {};
}

base::Result<> Store::Recover() {
  const auto probe = [this] {
    rocksdb::WriteOptions options;
    options.sync = true;
    return impl_->db->Put(options, impl_->Handle(Family::kMeta), "m/probe", "1");
  };
  TAPIARY_TRY(impl_->ProveSpace());
  TAPIARY_TRY(impl_->CheckReserve(0));
  if (impl_->db && impl_->db->Resume().ok() && probe().ok()) return {};
  impl_->Shut();
  TAPIARY_TRY(impl_->Open());
  const auto status = probe();
  if (!status.ok()) return ToError(status, "spool write");
  return {};
}

base::Result<std::optional<std::string>> Store::Get(Family family, std::string_view key) {
  TAPIARY_TRY(impl_->Ready());
  std::string value;
  const auto status = impl_->db->Get({}, impl_->Handle(family), Slice(key), &value);
  if (status.IsNotFound()) return std::optional<std::string>();
  if (!status.ok()) return ToError(status, "spool read");
  return std::optional<std::string>(std::move(value));
}

base::Result<> Store::Scan(Family family, std::string_view from, std::string_view to,
                           const Visit& visit) {
  TAPIARY_TRY(impl_->Ready());
  rocksdb::ReadOptions options = ScanOptions();
  const rocksdb::Slice end = Slice(to);
  if (!to.empty()) options.iterate_upper_bound = &end;
  const std::unique_ptr<rocksdb::Iterator> at(
      impl_->db->NewIterator(options, impl_->Handle(family)));
  for (at->Seek(Slice(from)); at->Valid(); at->Next()) {
    if (!visit(View(at->key()), View(at->value()))) return {};
  }
  if (!at->status().ok()) return ToError(at->status(), "spool read");
  return {};
}

base::Result<std::optional<Store::Entry>> Store::Last(Family family, std::string_view from) {
  TAPIARY_TRY(impl_->Ready());
  rocksdb::ReadOptions options = ScanOptions();
  const rocksdb::Slice begin = Slice(from);
  options.iterate_lower_bound = &begin;
  const std::unique_ptr<rocksdb::Iterator> at(
      impl_->db->NewIterator(options, impl_->Handle(family)));
  at->SeekToLast();
  if (at->Valid()) {
    return std::optional<Entry>(Entry(View(at->key()), View(at->value())));
  }
  if (!at->status().ok()) return ToError(at->status(), "spool read");
  return std::optional<Entry>();
}

void Store::DropFiles(Family family, std::string_view from, std::string_view to) {
  if (!impl_->db) return;
  const rocksdb::Slice begin = Slice(from);
  const rocksdb::Slice end = Slice(to);
  // Failure costs only space, which compaction gives back later.
  (void)rocksdb::DeleteFilesInRange(impl_->db.get(), impl_->Handle(family), &begin, &end,
                                    /*include_end=*/false);
}

void Store::Compact(Family family, std::string_view from, std::string_view to) {
  if (!impl_->db) return;
  const rocksdb::Slice begin = Slice(from);
  const rocksdb::Slice end = Slice(to);
  rocksdb::CompactRangeOptions options;
  options.exclusive_manual_compaction = false;
  (void)impl_->db->CompactRange(options, impl_->Handle(family), &begin, &end);
}

void Store::Flush() {
  if (impl_->db) (void)impl_->db->Flush({}, impl_->handles);
}

std::uint64_t Store::DiskBytes() const {
  std::uint64_t bytes = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(impl_->path, error)) {
    const auto size = entry.is_regular_file(error) ? entry.file_size(error) : 0;
    if (!error) bytes += size;
  }
  return bytes;
}

}  // namespace tapiary::uplink
