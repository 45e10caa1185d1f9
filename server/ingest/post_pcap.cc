// POST pcap: for what has only tcpdump and curl. The file is known by its content: its hash gives
// the item's numbers and the epoch of its flows.
#include "base/clock.h"
#include "base/text.h"
#include "capture/json_writer.h"
#include "server/ingest/body.h"
#include "server/ingest/context.h"
#include "server/ingest/pcap_import.h"
#include "server/ingest/scratch_file.h"
#include "server/ingest/transaction_rows.h"
#include "server/ingest/upload_hours.h"

namespace tapiary::server {
namespace {

constexpr std::chrono::milliseconds kSlotWait{10'000};
constexpr std::size_t kFewRecords = 10'000;

class HeldSlot {
 public:
  explicit HeldSlot(Slots& slots) : slots_(slots) {}
  ~HeldSlot() { GiveBack(); }
  void GiveBack() {
    if (held_) slots_.GiveBack();
    held_ = false;
  }
  HeldSlot(const HeldSlot&) = delete;
  HeldSlot& operator=(const HeldSlot&) = delete;

 private:
  Slots& slots_;
  bool held_ = true;
};

struct Summary {
  std::uint64_t packets = 0, flows = 0, transactions = 0, commands = 0, segments = 0;
  std::string note;
};

std::string Json(const Summary& summary) {
  std::string out;
  capture::JsonWriter json(out);
  json.BeginObject();
  json.Number("packets", summary.packets);
  json.Number("flows", summary.flows);
  json.Number("transactions", summary.transactions);
  json.Number("commands", summary.commands);
  json.Number("segments", summary.segments);
  json.TextOrNull("note", summary.note);
  json.EndObject();
  return out;
}

// What an earlier upload of the same file gave.
base::Result<Summary> StoredSummary(const Catalog& catalog, const Item& item) {
  const std::vector<SqlValue> key{item.sensor_id, static_cast<std::int64_t>(item.epoch)};
  Summary summary;
  summary.note = "this file was stored before; nothing was added";
  const std::vector<SqlValue> item_key{item.sensor_id, std::string(item.kind),
                                       static_cast<std::int64_t>(item.epoch),
                                       static_cast<std::int64_t>(item.seq)};
  TAPIARY_TRY(catalog.Query(
      "SELECT removed_ns FROM items WHERE sensor_id = ? AND kind = ? AND epoch = ? AND seq = ?",
      item_key, [&summary](const SqlRow& row) {
        if (!row.IsNull(0)) {
          summary.note = "this file was stored before, and retention removed its packets on " +
                         base::FormatTime(row.Int(0)) + "; it is not taken again";
        }
        return false;
      }));
  const auto number = [](const SqlRow& row, std::size_t column) {
    return static_cast<std::uint64_t>(row.Int(column));
  };
  TAPIARY_TRY(
      catalog.Query("SELECT COUNT(*), SUM(packets) FROM segments WHERE sensor_id = ? AND epoch = ?",
                    key, [&](const SqlRow& row) {
                      summary.segments = number(row, 0);
                      summary.packets = number(row, 1);
                      return false;
                    }));
  TAPIARY_TRY(catalog.Query("SELECT COUNT(*) FROM flows WHERE sensor_id = ? AND epoch = ?", key,
                            [&](const SqlRow& row) {
                              summary.flows = number(row, 0);
                              return false;
                            }));
  TAPIARY_TRY(catalog.Query(
      "SELECT COUNT(*), SUM(command) FROM transactions WHERE sensor_id = ? AND epoch = ?", key,
      [&](const SqlRow& row) {
        summary.transactions = number(row, 0);
        summary.commands = number(row, 1);
        return false;
      }));
  return summary;
}

base::Result<Reply> Repeated(IngestContext& context, const Item& item) {
  TAPIARY_TRY(StoreItem(context.catalog, item, {}));  // the same content, or a conflict
  TAPIARY_ASSIGN(const Summary summary, StoredSummary(context.catalog, item));
  return Reply{Stored::kRepeated, 0, Json(summary)};
}

base::Result<> AddRows(SqlWriter& writer, const RowOwner& owner, std::int64_t item_id,
                       PcapContent& content, FlowRows& flows, TransactionRows& transactions) {
  for (SegmentRow& segment : content.segments) {
    segment.item_id = item_id;
    TAPIARY_TRY(InsertSegment(writer, owner, segment));
    TAPIARY_TRY(NoteUploadHours(writer, owner, segment));
  }
  TAPIARY_TRY(flows.Add(writer, owner.received_ns));
  return transactions.Add(writer, owner.received_ns);
}

std::size_t HoursOf(const PcapContent& content) {
  std::size_t hours = 0;
  for (const SegmentRow& segment : content.segments) hours += segment.hours.size();
  return hours;
}

// curl's other ways to send a file change its bytes, and nothing in these says so.
base::Error WithAdvice(base::Error error, std::string_view content_type) {
  if (error.code != base::ErrorCode::kCorrupt) return error;
  if (content_type.starts_with("multipart/")) {
    error.message += "; it came as a form: with curl use --data-binary @FILE, not -F";
  } else if (content_type.starts_with("application/x-www-form-urlencoded")) {
    error.message += "; if curl sent it, then with --data-binary @FILE, not -d?";
  }
  return error;
}

}  // namespace

base::Result<Reply> PostPcap(IngestContext& context, const Request& request, BodySource& body) {
  TAPIARY_ASSIGN(ScratchFile file,
                 ScratchFile::Make(context.limits.scratch_folder, request.content_length));
  TAPIARY_ASSIGN(const BodyFacts facts,
                 CopyBody(request, body, context.limits.pcap_bytes,
                          [&file](base::Bytes bytes) { return file.Append(bytes); }));
  const Item item{request.identity.sensor_id,
                  request.identity.sensor_name,
                  kPcap,
                  EpochOf(facts.digest),
                  SeqOf(facts.digest),
                  facts.digest,
                  facts.bytes};
  TAPIARY_ASSIGN(const bool known, IsKnown(context.catalog, item));
  if (known) return Repeated(context, item);

  TAPIARY_TRY(context.imports.Take(kSlotWait));
  HeldSlot slot(context.imports);
  NewObjects objects(context.vault);
  auto imported = ImportPcap(context, file.path(), item.sensor, item.epoch, objects);
  if (!imported) return WithAdvice(imported.error(), request.Header("content-type"));
  PcapContent content = *std::move(imported);
  // Slots are for the processor and for memory; the disk serves many at once better than one.
  if (content.records.flows.size() + content.records.transactions.size() <= kFewRecords) {
    slot.GiveBack();
  }
  TAPIARY_TRY(CommitPending(content, objects));
  FlowRows flows(item.sensor_id, content.records.flows);
  TransactionRows transactions(item.sensor_id, item.sensor, content.records.transactions);
  const auto work = [&](SqlWriter& writer, const ItemRow& row) {
    return AddRows(writer, {item.sensor_id, item.sensor, row.received_ns}, row.id, content, flows,
                   transactions);
  };
  const auto added = StoreItem(context.catalog, item, work);
  if (!added) {
    objects.KeepIfStored(context.catalog, item, added.error());
    return added.error();
  }
  if (!*added) return Repeated(context, item);
  objects.Keep();
  context.quota.ChargeLastingRows(item.sensor_id, HoursOf(content));
  return Reply{Stored::kNew, item.bytes,
               Json({content.packets, content.flows, content.transactions, content.commands,
                     content.segments.size(), content.note})};
}

}  // namespace tapiary::server
