// Inside ingest: what the five handlers share. Not for others. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "server/ingest/check_pool.h"
#include "server/ingest/ingest.h"
#include "server/ingest/item.h"
#include "server/ingest/live_tail.h"

namespace tapiary::server {

inline constexpr std::string_view kSegments = "segments";
inline constexpr std::string_view kFlows = "flows";
inline constexpr std::string_view kFacts = "facts";
inline constexpr std::string_view kPcap = "pcap";
inline constexpr std::string_view kEvents = "events";

enum class Stored : std::uint8_t { kNew, kRepeated };

// What a handler found out when nothing is wrong. Errors become problems by their code.
struct Reply {
  Stored stored = Stored::kNew;  // 201, or 200
  std::uint64_t bytes = 0;       // of the body
  std::string json;
};

// At most `limit` holders; one that waits too long gets kUnavailable.
class Slots {
 public:
  explicit Slots(int limit) : free_(limit) {}
  base::Result<> Take(std::chrono::milliseconds wait);
  void GiveBack();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int free_;  // guarded by mutex_
};

struct IngestContext {
  IngestContext(Catalog& its_catalog, Vault& its_vault, IngestLimits its_limits)
      : catalog(its_catalog),
        vault(its_vault),
        limits(std::move(its_limits)),
        imports(limits.pcap_imports),
        live_tail(catalog),
        quota(limits.sensor) {}

  Catalog& catalog;
  Vault& vault;
  const IngestLimits limits;
  Slots imports;
  LiveTail live_tail;
  CheckPool checks;
  SensorQuota quota;
  std::atomic<bool> stopping{false};  // long work ends with kUnavailable

  // Whether the sensor may send this now; counts and logs when not.
  Pass Admit(std::string_view kind, const Request& request);
  // Counts the result, logs what is refused and makes the answer.
  Response Answer(std::string_view kind, std::string_view sensor,
                  const base::Result<Reply>& result);
  [[nodiscard]] IngestMetrics metrics() const;

 private:
  Response RefuseQuery(std::string_view kind, const Request& request);
  void CountResult(std::string_view kind, std::string_view result, std::uint64_t bytes);
  void LogRefusal(std::string_view kind, std::string_view sensor, const base::Error& error);

  struct Count {
    std::uint64_t items = 0;
    std::uint64_t bytes = 0;
  };
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, Count> counts_;  // guarded by mutex_
  // All three guarded by mutex_. Our own trouble is not hidden by a sender that is refused all the
  // time.
  base::RateLimit refused_log_{10 * base::kNanosPerSecond};
  base::RateLimit unavailable_log_{base::kNanosPerSecond};
  base::RateLimit limited_log_{10 * base::kNanosPerSecond};
};

// Objects that are in the vault while their rows are not yet in the catalog: removed at the end of
// its life unless Keep was called.
class NewObjects {
 public:
  explicit NewObjects(Vault& vault) : vault_(vault) {}
  ~NewObjects();
  NewObjects(const NewObjects&) = delete;
  NewObjects& operator=(const NewObjects&) = delete;
  void Add(std::string name) { names_.push_back(std::move(name)); }
  void Keep() { names_.clear(); }
  // After a failed transaction: a commit whose answer was lost may stand, and its objects with it.
  // When the catalog cannot tell, they stay too; the sweeper removes what no row names.
  void KeepIfStored(const Catalog& catalog, const Item& item, const base::Error& error);

 private:
  Vault& vault_;
  std::vector<std::string> names_;
};

base::Result<Reply> PutSegment(IngestContext& context, const Request& request, BodySource& body);
base::Result<Reply> PutFlows(IngestContext& context, const Request& request, BodySource& body);
base::Result<Reply> PutFacts(IngestContext& context, const Request& request, BodySource& body);
base::Result<Reply> PostPcap(IngestContext& context, const Request& request, BodySource& body);
base::Result<Reply> PostEvents(IngestContext& context, const Request& request, BodySource& body);

}  // namespace tapiary::server
