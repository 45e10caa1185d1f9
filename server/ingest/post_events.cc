// POST events: JSON facts of honeypot services. Each record is stored, or quarantined alone with
// its index and a reason.
#include <fmt/core.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "capture/json_writer.h"
#include "server/ingest/body.h"
#include "server/ingest/context.h"
#include "server/ingest/event_fields.h"
#include "server/ingest/event_rejects.h"
#include "server/ingest/event_text.h"
#include "server/ingest/expand.h"
#include "server/ingest/rows.h"
#include "server/ingest/stored_events.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kMaxKey = 128;
constexpr std::size_t kMaxRejectedShown = 100;

struct EventsResult {
  std::uint64_t stored = 0;
  std::uint64_t rejected = 0;
  std::vector<std::pair<std::size_t, std::string>> reasons;  // the first ones, by index

  void Reject(std::size_t index, std::string reason) {
    ++rejected;
    if (reasons.size() < kMaxRejectedShown) reasons.emplace_back(index, std::move(reason));
  }
};

std::string Json(const EventsResult& result) {
  std::string out;
  capture::JsonWriter json(out);
  json.BeginObject();
  json.Number("stored", result.stored);
  json.Key("rejected");
  json.BeginArray();
  for (const auto& [index, reason] : result.reasons) {
    json.BeginObject();
    json.Number("index", index);
    json.Text("reason", reason);
    json.EndObject();
  }
  json.EndArray();
  if (result.rejected > result.reasons.size()) json.Number("rejected_count", result.rejected);
  if (result.rejected != 0) json.Number("quarantined", result.rejected);
  json.EndObject();
  return out;
}

// A repeated key means a repeated request. Without a key each request is new.
base::Result<base::Sha256Digest> RequestHash(const Request& request) {
  const std::string_view key = request.Header("idempotency-key");
  const bool printable = std::ranges::all_of(key, [](char c) { return c >= 0x20 && c < 0x7f; });
  if (key.size() > kMaxKey || !printable) {
    return base::MakeError(
        base::ErrorCode::kInvalid,
        fmt::format("Idempotency-Key may have {} printable ASCII characters", kMaxKey));
  }
  if (!key.empty()) return base::Sha256Of(base::AsBytes(key));
  std::array<std::uint8_t, 32> random{};
  if (::getrandom(random.data(), random.size(), 0) != static_cast<ssize_t>(random.size())) {
    return base::Error::FromErrno(errno, "no random bytes");
  }
  return random;
}

SqlValue PortValue(const std::optional<std::uint16_t>& port) {
  return port ? SqlValue(std::int64_t{*port}) : SqlValue(nullptr);
}

// Escaped already.
SqlValue OptionalText(std::optional<std::string> text) {
  return text ? SqlValue(std::move(*text)) : SqlValue(nullptr);
}

constexpr std::string_view kColumns =
    "sensor_id, time_ns, received_ns, type, source_ip, source_port, destination_ip, "
    "destination_port, user_name, password, session, record, ecs";
enum Column : std::size_t { kTime = 1, kReceived = 2, kRecord = 11, kEcs = 12, kColumnCount = 13 };

// The rows of a request, made before the write transaction, which others wait for.
class EventRows {
 public:
  // Takes the JSON of those that are stored.
  EventRows(std::int64_t sensor_id, std::vector<EventText>& events);
  // Inside Catalog::WriteRepeatable.
  base::Result<> Add(SqlWriter& writer, const RowOwner& owner, EventsResult& result);
  // After Add has failed: the database refuses a row of those that it was given at once. True: from
  // now on they are given one by one, so that Add can be tried again.
  bool TakeApart();

 private:
  void SetReceived(std::int64_t received_ns);
  base::Result<> AddTogether(SqlWriter& writer);
  base::Result<std::string> TryOne(SqlWriter& writer, std::size_t row) const;

  const std::vector<EventText>& events_;
  NewRows rows_{"events", kColumns, kColumnCount, 0, true, kReceived};
  std::vector<EcsText> ecs_;          // of each row
  std::vector<std::size_t> untimed_;  // rows whose event has no time of its own
  bool refused_ = false;              // a row, when they were given at once
  bool singly_ = false;
};

EventRows::EventRows(std::int64_t sensor_id, std::vector<EventText>& events) : events_(events) {
  rows_.values.reserve(events.size() * kColumnCount);
  ecs_.reserve(events.size());
  for (EventText& event : events) {
    if (!event.reason.empty()) continue;
    EventFields& fields = event.fields;
    if (!fields.time_ns) untimed_.push_back(ecs_.size());
    ecs_.emplace_back(fields);
    std::vector<SqlValue>& values = rows_.values;
    values.emplace_back(sensor_id);
    values.emplace_back(fields.time_ns.value_or(0));
    values.emplace_back(nullptr);
    values.emplace_back(std::move(fields.type));
    values.push_back(AddressValue(fields.source_ip));
    values.push_back(PortValue(fields.source_port));
    values.push_back(AddressValue(fields.destination_ip));
    values.push_back(PortValue(fields.destination_port));
    values.push_back(OptionalText(std::move(fields.user)));
    values.push_back(OptionalText(std::move(fields.password)));
    values.push_back(OptionalText(std::move(fields.session)));
    values.emplace_back(std::move(event.json));
    values.emplace_back(nullptr);
  }
}

void EventRows::SetReceived(std::int64_t received_ns) {
  const std::string received = base::FormatTime(received_ns);
  for (std::size_t row = 0; row < ecs_.size(); ++row) {
    SqlValue* const values = &rows_.values[row * kColumnCount];
    values[kReceived] = received_ns;
    values[kEcs] = ecs_[row].Finish(received);
  }
  for (const std::size_t row : untimed_) rows_.values[row * kColumnCount + kTime] = received_ns;
}

// Far cheaper than an attempt for each, or for all.
base::Result<> EventRows::AddTogether(SqlWriter& writer) {
  refused_ = false;
  std::vector<std::size_t> existing;
  base::Result<> inserted = writer.InsertNew(rows_, &existing);
  if (inserted && !existing.empty()) {
    inserted = base::MakeError(base::ErrorCode::kExists, "an event that is there already");
  }
  refused_ = !inserted && inserted.error().code != base::ErrorCode::kUnavailable;
  return inserted;
}

bool EventRows::TakeApart() {
  singly_ |= refused_;
  return std::exchange(refused_, false);
}

// What is wrong with a record that the database refuses; nothing when it is stored. A database that
// is full or away is not the record's fault (CO-03).
base::Result<std::string> EventRows::TryOne(SqlWriter& writer, std::size_t row) const {
  static const std::string sql = fmt::format(
      "INSERT INTO events ({}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", kColumns);
  const std::span values = std::span(rows_.values).subspan(row * kColumnCount, kColumnCount);
  const auto inserted = writer.Attempt([&]() -> base::Result<> {
    TAPIARY_TRY(writer.Execute(sql, values));
    return {};
  });
  if (inserted) return std::string();
  if (inserted.error().code == base::ErrorCode::kUnavailable) return inserted.error();
  return inserted.error().message;
}

base::Result<> EventRows::Add(SqlWriter& writer, const RowOwner& owner, EventsResult& result) {
  result = {};
  SetReceived(owner.received_ns);
  if (!singly_) TAPIARY_TRY(AddTogether(writer));
  std::int64_t stored = 0, bytes = 0;
  std::size_t next_row = 0;
  for (std::size_t i = 0; i < events_.size(); ++i) {
    std::string reason = events_[i].reason;
    const std::size_t row = next_row;
    next_row += reason.empty() ? 1 : 0;
    if (reason.empty() && singly_) {
      TAPIARY_ASSIGN(reason, TryOne(writer, row));
    }
    if (reason.empty()) {
      ++stored;
      const SqlValue& record = rows_.values[row * kColumnCount + kRecord];
      bytes += static_cast<std::int64_t>(std::get<std::string>(record).size());
      continue;
    }
    const std::string_view raw = events_[i].raw;
    TAPIARY_TRY(InsertReject(writer, owner, {i, reason, raw, raw.size()}));
    result.Reject(i, std::move(reason));
  }
  result.stored = static_cast<std::uint64_t>(stored);
  TAPIARY_TRY(CountStoredEvents(writer, owner, stored, bytes));
  if (result.rejected == 0) return {};
  return DropOldRejects(writer, owner, kMaxRejects);
}

// A body of which nothing can be stored is an error of its sender.
base::Result<> CheckAny(const std::vector<EventText>& events) {
  const auto good = [](const EventText& event) { return event.reason.empty(); };
  if (events.empty() || std::ranges::any_of(events, good)) return {};
  return base::MakeError(base::ErrorCode::kInvalid,
                         fmt::format("none of {} events can be read; the first: {}", events.size(),
                                     events.front().reason));
}

// The numbers that stand for the key say nothing to who sent it.
base::Error WithKeyNamed(base::Error error) {
  if (error.code == base::ErrorCode::kConflict) {
    error.message = "other events were stored under this Idempotency-Key; nothing was changed";
  }
  return error;
}

}  // namespace

base::Result<Reply> PostEvents(IngestContext& context, const Request& request, BodySource& body) {
  TAPIARY_ASSIGN(const base::Sha256Digest hash, RequestHash(request));
  std::string text;
  TAPIARY_ASSIGN(const BodyFacts facts, CopyBody(request, body, context.limits.events_bytes,
                                                 [&text](base::Bytes part) -> base::Result<> {
                                                   text += base::AsText(part);
                                                   return {};
                                                 }));
  const Item item{request.identity.sensor_id,
                  request.identity.sensor_name,
                  kEvents,
                  EpochOf(hash),
                  SeqOf(hash),
                  facts.digest,
                  facts.bytes,
                  std::string(request.Header("idempotency-key"))};
  TAPIARY_ASSIGN(text, ExpandBody(std::move(text), context.limits.events_bytes));
  TAPIARY_ASSIGN(auto events, SplitEvents(text, context.limits.events_per_request,
                                          context.limits.mappings.get()));
  TAPIARY_TRY(CheckAny(events));
  EventRows rows(item.sensor_id, events);
  EventsResult result;
  const auto work = [&](SqlWriter& writer, const ItemRow& row) {
    return rows.Add(writer, {item.sensor_id, item.sensor, row.received_ns}, result);
  };
  auto added = StoreItem(context.catalog, item, work, WorkKind::kRepeatable);
  if (!added && rows.TakeApart()) {
    added = StoreItem(context.catalog, item, work, WorkKind::kRepeatable);
  }
  if (!added) return WithKeyNamed(added.error());
  if (!*added) return Reply{Stored::kRepeated, 0, R"({"stored":0,"rejected":[],"repeated":true})"};
  return Reply{Stored::kNew, item.bytes, Json(result)};
}

}  // namespace tapiary::server
