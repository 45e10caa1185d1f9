// Inside ingest: one function per kind of catalog row. Each is called inside Catalog::Write.
//
// Text from outside is escaped (base/text.h), numbers above 2^63-1 are cut to it, an address is 16
// bytes or NULL (see schema.cc).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "capture/records.h"
#include "server/catalog/catalog.h"
#include "uplink/wire/wire.h"

namespace tapiary::server {

SqlValue NumberValue(std::uint64_t value);
// The same for counts: the sum of two is a number of both databases too, whatever a sensor sends.
SqlValue AmountValue(std::uint64_t value);
SqlValue TextValue(std::string_view bytes);
SqlValue AddressValue(const capture::IpAddress& address);

struct HourPackets {
  std::int64_t hour_ns = 0;
  std::uint64_t packets = 0;
};

struct SegmentRow {
  std::int64_t item_id = 0;
  std::uint64_t epoch = 0;
  std::uint32_t stream = 0;
  std::uint64_t first_block = 0;
  std::uint64_t block_count = 0;
  std::string interface;  // as it came
  std::int64_t first_ns = 0;
  std::int64_t last_ns = 0;
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::string object;
  // Of an upload's:
  std::vector<HourPackets> hours{};            // upload_hours.h
  std::optional<base::Sha256Digest> digest{};  // of the object
};

// Whose rows, and when they came.
struct RowOwner {
  std::int64_t sensor_id = 0;
  std::string sensor;
  std::int64_t received_ns = 0;
};

// kConflict when the blocks are stored already, as another item.
base::Result<> InsertSegment(SqlWriter& writer, const RowOwner& owner, const SegmentRow& segment);
// A record may add to what is stored and never change it.
enum class Added : std::uint8_t { kYes, kContradicts };

struct BatchTotals;
struct BatchAddresses;
// The rows of a batch of flows: made before the write transaction, which others wait for. Parts of
// a flow may come in any order: the newest part's totals stand, blocks of all are joined.
class FlowRows {
 public:
  // The flows must outlive it.
  FlowRows(std::int64_t sensor_id, std::span<const capture::FlowRecord> flows);
  ~FlowRows();
  // Once, inside Catalog::Write. The numbers of flows that contradict, whose stored rows stay: it
  // is another flow (ends, protocol, start) or its totals do not grow with the parts.
  base::Result<std::vector<std::size_t>> Add(SqlWriter& writer, std::int64_t received_ns);

 private:
  void CountNew(const std::vector<std::size_t>& existing, BatchTotals* totals) const;

  std::int64_t sensor_id_;
  std::span<const capture::FlowRecord> flows_;
  std::vector<std::size_t> first_;   // of their id in the batch
  std::vector<std::size_t> singly_;  // the others
  std::vector<SqlValue> values_;     // of first_
  std::unique_ptr<BatchAddresses> addresses_;
};

base::Result<> AddGap(SqlWriter& writer, const RowOwner& owner, std::uint64_t epoch,
                      const capture::GapRecord& gap);
// The row whose totals are all at least the other's is the newest: totals only grow, clocks may
// jump (HP-01). kContradicts, and the stored row stays, when neither is.
base::Result<Added> AddLedger(SqlWriter& writer, const RowOwner& owner, std::uint64_t epoch,
                              const capture::LedgerRow& ledger);
// The newest by (epoch, seq) stands. The JSON says how far the sensor's clock is from ours (HP-01).
base::Result<> SetHealth(SqlWriter& writer, const RowOwner& owner, std::uint64_t epoch,
                         std::uint64_t seq, const uplink::SensorHealth& health);

}  // namespace tapiary::server
