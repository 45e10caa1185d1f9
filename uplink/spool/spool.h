// Spool: everything a sensor has recorded and not yet delivered, in RocksDB, on disk.
//
// The spool writer puts rounds of blocks and records in; the forwarder takes items out in order and
// acknowledges them. Three kinds, each its own queue: packets (segments), flows, facts. A round is
// durable (synced) when Write returns. Heads of queues are stored cursors: nothing ever seeks over
// deleted entries. When the byte budget is passed the oldest packets go first, then flows, then
// facts, and each dropped range is a gap record that is itself delivered. A full or failing disk
// makes the spool read-only: Write fails, tries again by itself, and needs no restart.
//
// Any thread may call any method; one mutex inside. Format: docs/formats/spool.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "capture/records.h"

namespace tapiary::uplink {

enum class Kind : std::uint8_t { kPackets = 0, kFlows = 1, kFacts = 2 };
std::string_view ToString(Kind kind);  // packets, flows, facts

struct SpoolOptions {
  std::string path;                                 // a folder of its own, made when absent
  bool evidence = false;                            // chain and sign the items; key in the folder
  std::int64_t max_bytes = std::int64_t{10} << 30;  // on disk
  std::int64_t segment_bytes = 16 << 20;            // a segment closes at this size
  std::int64_t segment_age_ns = 60 * base::kNanosPerSecond;  // or at this age
  // How far behind the last round packets, and flow records, may be lost by kill -9: the age of an
  // open block, and the active timeout. Only for the gap records of an unclean stop.
  std::int64_t packet_delay_ns = base::kNanosPerSecond;
  std::int64_t flow_delay_ns = 60 * base::kNanosPerSecond;
  std::int64_t retry_ns = base::kNanosPerSecond;      // between tries to write again
  std::function<std::int64_t()> now = base::WallNow;  // for tests
};

// A compressed block, as it is stored: one zstd frame of pcapng.
struct StoredBlock {
  std::uint32_t stream = 0;
  std::uint64_t number = 0;
  std::string interface;
  std::uint32_t packets = 0;
  std::uint32_t raw_bytes = 0;
  std::int64_t first_ns = 0;
  std::int64_t last_ns = 0;
  std::string frame;
};

struct Seal;

// Makes an item's body once its place is known, a facts item with the seal's evidence when there is
// one. The same arguments must give the same bytes: a failed round is tried again.
using Encode = std::function<std::string(std::uint64_t epoch, std::uint64_t seq, const Seal* seal)>;

// What becomes durable together. Blocks of one stream must be in order.
struct Round {
  std::vector<StoredBlock> blocks;
  std::vector<Encode> flows;
  std::vector<Encode> facts;
  bool close_segments = false;  // all, whatever their size and age
  [[nodiscard]] bool empty() const {
    return blocks.empty() && flows.empty() && facts.empty() && !close_segments;
  }
};

// Where an item is. Ordered as it is delivered.
struct Place {
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  auto operator<=>(const Place&) const = default;
};

struct Item {
  Kind kind = Kind::kFacts;
  Place place;
  std::string body;            // what is sent
  std::int64_t stored_ns = 0;  // when it was put in (a segment: when it was opened)
  std::int64_t first_ns = 0;   // packets: of the segment; others: stored_ns
  std::int64_t last_ns = 0;
  std::uint64_t packets = 0;  // packets: in the segment
  std::string interface;      // packets: of the segment
};

struct SpoolStatus {
  bool writable = true;
  std::string trouble;                 // why not
  std::uint64_t live_bytes = 0;        // waiting to be delivered
  std::uint64_t disk_bytes = 0;        // files of the store
  std::int64_t oldest_ns = 0;          // stored_ns of the oldest item; 0: nothing waits
  std::uint64_t segments_waiting = 0;  // closed ones
  std::uint64_t dropped_bytes = 0;     // over the budget, since the epoch began
};

class Spool {
 public:
  // Opens or makes the store and begins a new epoch, larger than all before. A broken store is
  // moved aside and a new one made. An unclean end of the epoch before is told by gap records. On a
  // full disk it opens read-only. kExists: another process uses it; kPermission, kIo: the folder
  // cannot be used.
  static base::Result<std::unique_ptr<Spool>> Open(SpoolOptions options);
  // Without Close this is an unclean stop.
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  [[nodiscard]] std::uint64_t epoch() const;

  // Makes the round durable, all or nothing. Call it every 500 ms, also with an empty round: it
  // closes segments by age, keeps the time of the last sign of life, and enforces the budget. On
  // failure nothing was taken and the same round should be tried again: kUnavailable without having
  // tried when the last failure is less than retry_ns ago, kIo otherwise.
  base::Result<> Write(const Round& round);

  // The oldest item of a kind, or nothing. Constant time, whatever was delivered before. An item
  // that cannot be read any more is turned into a gap record and skipped.
  base::Result<std::optional<Item>> Next(Kind kind);
  // Cheap: false when Next would give nothing.
  [[nodiscard]] bool Has(Kind kind) const;

  // Each removes the item from its queue; all do nothing when it has been dropped meanwhile.
  base::Result<> Acknowledge(const Item& item);
  // Appends others in its stead, atomically.
  base::Result<> Replace(const Item& item, const std::vector<Encode>& others);
  // Keeps a copy in the folder's quarantine/ (up to a limit) and queues `gap`, atomically.
  base::Result<> Quarantine(const Item& item, const capture::GapRecord& gap);

  // Somebody follows what arrives: for a while, segments close at this age, when that is less than
  // the options say.
  void HurrySegments(std::int64_t age_ns, std::int64_t for_ns);

  [[nodiscard]] SpoolStatus status() const;

  // Closes open segments, and marks the stop as clean. Nothing may be called after it.
  base::Result<> Close();

 private:
  struct Impl;
  explicit Spool(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapiary::uplink
