// PUT flows and facts: a batch of records as zstd protobuf, in memory within its limit.
#include <fmt/core.h>

#include "base/text.h"
#include "server/ingest/body.h"
#include "server/ingest/chain_rows.h"
#include "server/ingest/context.h"
#include "server/ingest/hour_rows.h"
#include "server/ingest/rows.h"
#include "server/ingest/stored_events.h"
#include "server/ingest/transaction_rows.h"
#include "uplink/wire/wire.h"

namespace tapiary::server {
namespace {

uplink::DecodeLimits LimitsOf(const IngestContext& context) {
  uplink::DecodeLimits limits;
  limits.max_body_bytes = context.limits.batch_bytes;
  return limits;
}

template <class Batch>
base::Result<> CheckNumbers(const Item& item, const Batch& batch) {
  if (batch.epoch == item.epoch && batch.seq == item.seq) return {};
  return base::MakeError(base::ErrorCode::kCorrupt,
                         fmt::format("the path says {}/{}, the body {}/{}", item.epoch, item.seq,
                                     batch.epoch, batch.seq));
}

// A key that SQLite cannot hold must not be cut to one that it can.
base::Result<> CheckFlowNumber(std::uint64_t number) {
  if (number <= static_cast<std::uint64_t>(INT64_MAX)) return {};
  return base::MakeError(base::ErrorCode::kCorrupt, "flow number: above 2^63");
}

// An item of an older epoch that was split is numbered under the sensor's present one; a record of
// an epoch that is still to come is nothing that a sensor sends.
base::Result<> CheckFlowId(const capture::FlowId& id, std::uint64_t epoch) {
  TAPIARY_TRY(CheckFlowNumber(id.number));
  if (id.epoch <= epoch) return {};
  return base::MakeError(base::ErrorCode::kCorrupt,
                         fmt::format("a flow of epoch {} in a batch of epoch {}", id.epoch, epoch));
}

// What a batch says against what is stored: told once, the rest of the batch is stored.
struct Contradictions {
  std::uint64_t count = 0;
  std::string first;

  void Note(Added added, std::string_view what, std::string_view which) {
    if (added == Added::kContradicts && ++count == 1) first = fmt::format("{} {}", what, which);
  }
  [[nodiscard]] base::Result<> Tell(SqlWriter& writer, const RowOwner& owner, std::string_view kind,
                                    std::uint64_t epoch, std::uint64_t seq) const {
    if (count == 0) return {};
    return Alarm(writer, owner.sensor, "record-conflict",
                 fmt::format("{} {}/{}: {} records contradict what is stored, which stays; the "
                             "first: {}",
                             kind, epoch, seq, count, first));
  }
};

// Made before the transaction begins: the rows of a batch.
class FlowWork {
 public:
  FlowWork(const RowOwner& owner, const uplink::FlowBatch& batch)
      : batch_(batch), rows_(owner.sensor_id, batch.flows) {}
  static base::Result<> Check(const uplink::FlowBatch& batch) {
    for (const auto& flow : batch.flows) TAPIARY_TRY(CheckFlowId(flow.id, batch.epoch));
    return {};
  }
  base::Result<> Add(SqlWriter& writer, const RowOwner& owner) {
    TAPIARY_ASSIGN(const auto wrong, rows_.Add(writer, owner.received_ns));
    Contradictions contradictions;
    for (const std::size_t at : wrong) {
      const capture::FlowRecord& flow = batch_.flows[at];
      contradictions.Note(Added::kContradicts, "flow",
                          fmt::format("{}.{} part {}", flow.id.epoch, flow.id.number, flow.part));
    }
    return contradictions.Tell(writer, owner, kFlows, batch_.epoch, batch_.seq);
  }

 private:
  const uplink::FlowBatch& batch_;
  FlowRows rows_;
};

// Of one facts item: far more than a sensor has, which tells 256 items at a time, or 4,096 again.
// What nobody counts and everybody's transactions wait for must be few (HP-04).
constexpr std::size_t kMaxLedgerRows = 4'096;
constexpr std::size_t kMaxGaps = 8'192;
constexpr std::size_t kMaxTold = 16'384;

std::size_t ToldOf(const uplink::FactBatch& batch) {
  if (!batch.evidence) return 0;
  std::size_t told = batch.evidence->runs.size() + batch.evidence->dropped.size();
  for (const auto& run : batch.evidence->runs) told += run.items.size();
  return told;
}

base::Result<> CheckAmounts(const uplink::FactBatch& batch) {
  const std::size_t told = ToldOf(batch);
  if (batch.ledger.size() <= kMaxLedgerRows && batch.gaps.size() <= kMaxGaps && told <= kMaxTold) {
    return {};
  }
  return base::MakeError(
      base::ErrorCode::kTooLarge,
      fmt::format("{} rows of the ledger, {} gaps and {} told items; at most {}, {} and {}",
                  batch.ledger.size(), batch.gaps.size(), told, kMaxLedgerRows, kMaxGaps,
                  kMaxTold));
}

class FactWork {
 public:
  FactWork(const RowOwner& owner, const uplink::FactBatch& batch)
      : batch_(batch), transactions_(owner.sensor_id, owner.sensor, batch.transactions) {}
  static base::Result<> Check(const uplink::FactBatch& batch) {
    TAPIARY_TRY(CheckAmounts(batch));
    for (const auto& one : batch.transactions) {
      TAPIARY_TRY(CheckFlowId(one.flow_id, batch.epoch));
    }
    return {};
  }
  base::Result<> Add(SqlWriter& writer, const RowOwner& owner) {
    TAPIARY_TRY(transactions_.Add(writer, owner.received_ns));
    for (const auto& gap : batch_.gaps) TAPIARY_TRY(AddGap(writer, owner, batch_.epoch, gap));
    TAPIARY_TRY(AddLedgers(writer, owner));
    if (!batch_.health) return {};
    return SetHealth(writer, owner, batch_.epoch, batch_.seq, *batch_.health);
  }

 private:
  base::Result<> AddLedgers(SqlWriter& writer, const RowOwner& owner) const {
    Contradictions contradictions;
    for (const auto& row : batch_.ledger) {
      TAPIARY_ASSIGN(const Added added, AddLedger(writer, owner, batch_.epoch, row));
      if (added == Added::kYes) TAPIARY_TRY(NoteLedgerHour(writer, owner, batch_.epoch, row));
      contradictions.Note(added, "ledger of", base::EscapeBytes(row.interface));
    }
    return contradictions.Tell(writer, owner, kFacts, batch_.epoch, batch_.seq);
  }

  const uplink::FactBatch& batch_;
  TransactionRows transactions_;
};

// Rows that no retention removes; most of a sensor's replace what is there, all count.
std::size_t LastingRows(const uplink::FlowBatch&) {
  return 0;
}
std::size_t LastingRows(const uplink::FactBatch& batch) {
  return batch.ledger.size() + batch.gaps.size() + ToldOf(batch);
}

base::Result<> TakeEvidenceOf(SqlWriter&, const Item&, const ItemRow&, const uplink::FlowBatch&) {
  return {};
}
base::Result<> TakeEvidenceOf(SqlWriter& writer, const Item& item, const ItemRow& row,
                              const uplink::FactBatch& batch) {
  return TakeEvidence(writer, item, row, batch);
}

// `decode` gives the batch, Work checks it, makes its rows and writes them.
template <class Work, class Decode>
base::Result<Reply> PutBatch(IngestContext& context, const Request& request, BodySource& body,
                             std::string_view kind, Decode decode) {
  TAPIARY_ASSIGN(Item item, ItemFromPut(request, kind));
  TAPIARY_ASSIGN(const bool known, IsKnown(context.catalog, item));
  std::string bytes;
  TAPIARY_ASSIGN(const BodyFacts facts, CopyBody(request, body, context.limits.batch_bytes,
                                                 [&](base::Bytes part) -> base::Result<> {
                                                   if (!known) bytes += base::AsText(part);
                                                   return {};
                                                 }));
  item.bytes = facts.bytes;
  if (known) {
    TAPIARY_TRY(StoreItem(context.catalog, item, {}));
    return Reply{Stored::kRepeated, 0, R"({"result":"repeated"})"};
  }
  TAPIARY_ASSIGN(const auto batch, decode(base::AsBytes(bytes), LimitsOf(context)));
  TAPIARY_TRY(CheckNumbers(item, batch));
  TAPIARY_TRY(Work::Check(batch));
  Work work({item.sensor_id, item.sensor, 0}, batch);
  const auto write = [&](SqlWriter& writer, const ItemRow& row) -> base::Result<> {
    TAPIARY_TRY(work.Add(writer, {item.sensor_id, item.sensor, row.received_ns}));
    TAPIARY_TRY(KeepBody(writer, row, base::AsBytes(bytes)));
    TAPIARY_TRY(CountStoredBody(writer, {item.sensor_id, item.sensor, row.received_ns}, kind,
                                static_cast<std::int64_t>(bytes.size())));
    TAPIARY_TRY(NoteItem(writer, item, row));
    return TakeEvidenceOf(writer, item, row, batch);
  };
  TAPIARY_ASSIGN(const bool added, StoreItem(context.catalog, item, write));
  if (!added) return Reply{Stored::kRepeated, 0, R"({"result":"repeated"})"};
  context.quota.ChargeLastingRows(item.sensor_id, LastingRows(batch));
  return Reply{Stored::kNew, item.bytes, R"({"result":"stored"})"};
}

}  // namespace

base::Result<Reply> PutFlows(IngestContext& context, const Request& request, BodySource& body) {
  return PutBatch<FlowWork>(context, request, body, kFlows, uplink::DecodeFlows);
}

base::Result<Reply> PutFacts(IngestContext& context, const Request& request, BodySource& body) {
  return PutBatch<FactWork>(context, request, body, kFacts, uplink::DecodeFacts);
}

}  // namespace tapiary::server
