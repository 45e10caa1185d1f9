// The inside of Spool, spread over spool.cc (rounds and items), spool_open.cc (start, epochs,
// recovery) and spool_budget.cc (overflow). Internal. Methods need the mutex held.
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/log.h"
#include "uplink/spool/evidence_log.h"
#include "uplink/spool/item_queue.h"
#include "uplink/spool/segment_queue.h"
#include "uplink/spool/spool.h"
#include "uplink/spool/store.h"

namespace tapiary::uplink {

struct Spool::Impl {
  // What one batch changes, set by Set after it was written.
  struct Change {
    explicit Change(Impl& spool)
        : batch(*spool.store),
          flows(spool.flows.state()),
          facts(spool.facts.state()),
          evidence(spool.evidence.Begin()) {}
    StoreBatch batch;
    ItemQueue::State flows;
    ItemQueue::State facts;
    EvidenceLog::State evidence;
  };

  explicit Impl(SpoolOptions given) : options(std::move(given)) {}

  // spool_open.cc
  base::Result<> Start();
  base::Result<> EnsureStore();  // opens, begins or recovers what is not ready
  base::Result<> OpenStore();
  base::Result<> MoveAside(const base::Error& why);
  base::Result<> BeginEpoch();
  base::Result<std::vector<capture::GapRecord>> UncleanGaps();
  base::Result<> ChooseEpoch();
  void LoadKey();
  base::Result<> EnsureReadable();      // the same, but a store that refuses writes will do
  void Fail(const base::Error& error);  // notes that the store needs recovery

  // spool.cc
  base::Result<> WriteRound(const Round& round, bool clean_stop);
  base::Result<std::optional<Item>> First(Kind kind);
  base::Result<> SkipBroken(Kind kind, const base::Error& why);
  // Why an item leaves: what it holds has arrived, or will not, and why.
  struct Leave {
    std::string_view dropped_for;  // empty: it has arrived
  };
  base::Result<> Remove(const Item& item, Leave leave, const std::vector<Encode>& facts,
                        const std::vector<Encode>& others);
  void AppendFlows(Change& change, std::int64_t now_ns, const Encode& encode);
  void AppendFacts(Change& change, std::int64_t now_ns, const Encode& encode);
  void AppendEvidence(Change& change, std::int64_t now_ns);  // a facts item that has nothing else
  base::Result<> WriteChange(Change& change, bool sync, Store::Room room);
  void Set(Change& change);
  [[nodiscard]] bool IsOldest(const Item& item) const;

  // spool_budget.cc
  [[nodiscard]] std::uint64_t BytesOverBudget(std::uint64_t incoming_bytes);
  base::Result<> EnforceBudget(std::uint64_t incoming_bytes);
  base::Result<> DropPackets(std::uint64_t& needed);
  base::Result<> DropItems(ItemQueue& queue, std::uint64_t& needed);
  void TellDropped(Kind kind, std::uint64_t items, std::uint64_t bytes);
  void ReturnDelivered();
  void ReturnSpace();

  [[nodiscard]] std::uint64_t LiveBytes() const {
    return segments.bytes() + flows.bytes() + facts.bytes();
  }
  [[nodiscard]] SegmentQueue::Limits limits(std::int64_t now_ns) const {
    // A clock that was set back does not prolong it.
    const bool hurry = now_ns >= hurry_from_ns && now_ns < hurry_until_ns;
    return {static_cast<std::uint64_t>(options.segment_bytes),
            hurry ? std::min(hurry_age_ns, options.segment_age_ns) : options.segment_age_ns,
            evidence.active()};
  }
  ItemQueue& Queue(Kind kind) { return kind == Kind::kFlows ? flows : facts; }

  SpoolOptions options;
  mutable std::mutex mutex;
  base::UniqueFd lock;
  std::unique_ptr<Store> store;
  bool begun = false;            // this epoch's first write is durable
  bool failed = false;           // the store refused a write
  std::string trouble;           // what it said
  std::int64_t retry_at_ns = 0;  // steady clock

  std::uint64_t epoch = 0;
  std::uint64_t previous_epoch = 0;            // 0: this is the first
  std::int64_t alive_ns = 0;                   // last one written
  std::vector<capture::GapRecord> start_gaps;  // told with the epoch's first write
  std::optional<SigningKey> signing_key;
  EvidenceLog evidence;
  SegmentQueue segments;
  ItemQueue flows{Kind::kFlows};
  ItemQueue facts{Kind::kFacts};
  std::int64_t hurry_age_ns = 0;  // of segments, within these times
  std::int64_t hurry_from_ns = 0;
  std::int64_t hurry_until_ns = 0;
  std::uint64_t dropped_bytes = 0;
  base::RateLimit drop_log{10 * base::kNanosPerSecond};
  std::int64_t next_space_check_ns = 0;  // steady clock
};

// A facts item that holds gap records alone.
Encode EncodeGaps(std::vector<capture::GapRecord> gaps);

}  // namespace tapiary::uplink
