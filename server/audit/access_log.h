// AccessLog: who searched, saw and downloaded what, as rows of the audit.
//
// A search costs its caller no write: it waits in memory for at most a second, and a crash loses
// that second. What one caller asks for again within ten minutes is counted in the same row, so a
// page that refreshes itself fills nothing. A download's row is durable before the first byte and
// gets its end later. Memory, rows a minute and rows in all are bounded (docs/audit.md). Any
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

struct Access {
  std::string actor{};
  std::string peer{};
  std::string action{};  // search, view, download
  std::string detail{};  // path and parameters
  std::string same{};    // what makes it the same as another one, beside actor, peer and action
  int status = 0;
  std::uint64_t bytes = 0;
  std::int64_t uses = 1;     // that it counts as
  std::int64_t time_ns = 0;  // 0: now
};

struct AccessLogOptions {
  std::int64_t same_ns = 600 * base::kNanosPerSecond;  // so long one row is counted up
  int rows_per_minute = 60;                            // of one actor; the rest is summed up
  std::size_t entries = 10'000;                        // in memory
  std::int64_t keep_ns = 730 * base::kNanosPerDay;
  std::int64_t keep_rows = 1'000'000;  // of each action
};

class AccessLog {
 public:
  // Starts a thread that writes and removes what is too old. The catalog must outlive it.
  AccessLog(Catalog& catalog, AccessLogOptions options);
  // Writes what waits.
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  // Does not block on the catalog and cannot fail: what finds no place is counted, and the number
  // becomes a row `audit-gap`.
  void Note(Access access);
  // The row's id; it is durable.
  base::Result<std::int64_t> Begin(const Access& access);
  // For downloads that come again and again, as a live tail's: makes sure that there is a durable
  // row for the same; true when it was made now, and counts this one.
  base::Result<bool> BeginSame(const Access& access);
  // Of a row that Begin made. Written within a second.
  void End(std::int64_t id, std::uint64_t bytes, std::string outcome);

  // Writes what waits, now. Errors leave it waiting.
  base::Result<> Flush();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Removes rows beyond these limits, all but those that are the catalog's own memory; how many.
base::Result<std::int64_t> TrimAudit(Catalog& catalog, const AccessLogOptions& options,
                                     std::int64_t now_ns);

}  // namespace tapiary::server
