// Store: RocksDB behind a few plain calls. Internal to the spool; store.cc is the only file that
// knows RocksDB. Not thread-safe: the spool's mutex guards it.
//
// Tuned for a queue: no compression (bodies are compressed), a cap on the write-ahead log so that a
// rarely written family does not pin it (SP-03), scans that never look at deleted ranges (SP-01).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace tapiary::uplink {

enum class Family : std::uint8_t { kMeta = 0, kPackets = 1, kFlows = 2, kFacts = 3 };
inline constexpr std::size_t kFamilies = 4;

class StoreBatch;
class StoreFiles;

class Store {
 public:
  // kCorrupt: the files break RocksDB's format. kIo: the disk said no.
  static base::Result<std::unique_ptr<Store>> Open(std::string path, std::int64_t max_bytes);
  ~Store();

  // New data keeps a reserve of the disk free; deletions may use it, so that a full disk can be
  // drained. After a failure of Write, the store must be recovered before more is put in.
  enum class Room { kKeepReserve, kUseReserve };
  base::Result<> Write(StoreBatch& batch, bool sync, Room room = Room::kKeepReserve);
  // Takes the finished files in, all or nothing, synced: each byte is written once, without a copy
  // in the log. Their rows are then as if Write had put them.
  base::Result<> Ingest(StoreFiles& files);
  // Makes a failed store writable again: resume, else reopen; proven by a synced write.
  base::Result<> Recover();

  [[nodiscard]] base::Result<std::optional<std::string>> Get(Family family, std::string_view key);
  // Visits entries from `from` (included) to `to` (excluded; "" is no end) until visit returns
  // false. Entries in ranges that were deleted may still be visited: begin at the queue's head.
  using Visit = std::function<bool(std::string_view key, std::string_view value)>;
  base::Result<> Scan(Family family, std::string_view from, std::string_view to,
                      const Visit& visit);
  // The last entry at or after `from`.
  using Entry = std::pair<std::string, std::string>;
  base::Result<std::optional<Entry>> Last(Family family, std::string_view from);

  // Gives the space of a deleted range back at once where whole files lie in it.
  void DropFiles(Family family, std::string_view from, std::string_view to);
  // Moves remaining deleted entries out of the files. Slow; may take seconds.
  void Compact(Family family, std::string_view from, std::string_view to);
  void Flush();
  [[nodiscard]] std::uint64_t DiskBytes() const;

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
  friend class StoreBatch;
  friend class StoreFiles;
};

// Rows for Ingest, written into table files of their own beside the store; what is not taken in is
// deleted. Rows of a file must come in order of keys, and no file may begin within another one's
// range. Errors are kept for Ingest.
class StoreFiles {
 public:
  StoreFiles(Store& store, Family family);
  ~StoreFiles();
  StoreFiles(const StoreFiles&) = delete;
  StoreFiles& operator=(const StoreFiles&) = delete;
  // Goes into the file called `file`, which the first row makes.
  void Put(std::uint64_t file, std::string_view key, std::string_view value);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  friend class Store;
};

// Changes that become durable together.
class StoreBatch {
 public:
  explicit StoreBatch(Store& store);
  ~StoreBatch();
  StoreBatch(const StoreBatch&) = delete;
  StoreBatch& operator=(const StoreBatch&) = delete;
  void Put(Family family, std::string_view key, std::string_view value);
  void Delete(Family family, std::string_view key);
  void DeleteRange(Family family, std::string_view from, std::string_view to);
  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  friend class Store;
};

}  // namespace tapiary::uplink
