// POST events: JSON facts of honeypot services. Each record is stored, or quarantined alone with
// its index and a reason.
#include <fmt/core.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>

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
SqlValue OptionalText(const std::optional<std::string>& text) {
  return text ? SqlValue(*text) : SqlValue(nullptr);
}

base::Result<> InsertEvent(SqlWriter& writer, const RowOwner& owner, const EventFields& fields,
                           const std::string& json) {
  const std::vector<SqlValue> values{
      owner.sensor_id,
      fields.time_ns.value_or(owner.received_ns),
      owner.received_ns,
      fields.type,
      AddressValue(fields.source_ip),
      PortValue(fields.source_port),
      AddressValue(fields.destination_ip),
      PortValue(fields.destination_port),
      OptionalText(fields.user),
      OptionalText(fields.password),
      OptionalText(fields.session),
      json,
      EcsJson(fields, owner.received_ns),
  };
  TAPIARY_TRY(writer.Execute(
      "INSERT INTO events (sensor_id, time_ns, received_ns, type, source_ip, source_port, "
      "destination_ip, destination_port, user_name, password, session, record, ecs) "
      "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      values));
  return {};
}

// What is wrong with a record that the database refuses; nothing when it is stored. A database that
// is full or away is not the record's fault (CO-03).
base::Result<std::string> TryInsert(SqlWriter& writer, const RowOwner& owner,
                                    const EventText& event, const EventFields& fields) {
  if (!event.reason.empty()) return event.reason;
  const auto inserted =
      writer.Attempt([&] { return InsertEvent(writer, owner, fields, event.json); });
  if (inserted) return std::string();
  if (inserted.error().code == base::ErrorCode::kUnavailable) return inserted.error();
  return inserted.error().message;
}

// All in one attempt, which is far cheaper than one for each; false when the database refuses one.
base::Result<bool> TryInsertTogether(SqlWriter& writer, const RowOwner& owner,
                                     const std::vector<EventText>& events,
                                     const std::vector<EventFields>& fields) {
  const auto inserted = writer.Attempt([&]() -> base::Result<> {
    for (std::size_t i = 0; i < events.size(); ++i) {
      if (!events[i].reason.empty()) continue;
      TAPIARY_TRY(InsertEvent(writer, owner, fields[i], events[i].json));
    }
    return {};
  });
  if (!inserted && inserted.error().code == base::ErrorCode::kUnavailable) return inserted.error();
  return inserted.has_value();
}

base::Result<> InsertAll(SqlWriter& writer, const RowOwner& owner,
                         const std::vector<EventText>& events,
                         const std::vector<EventFields>& fields, EventsResult& result) {
  TAPIARY_ASSIGN(const bool together, TryInsertTogether(writer, owner, events, fields));
  std::int64_t stored = 0;
  std::int64_t bytes = 0;
  for (std::size_t i = 0; i < events.size(); ++i) {
    std::string reason = events[i].reason;
    if (!together) {
      TAPIARY_ASSIGN(reason, TryInsert(writer, owner, events[i], fields[i]));
    }
    if (reason.empty()) {
      ++result.stored;
      ++stored;
      bytes += static_cast<std::int64_t>(events[i].json.size());
      continue;
    }
    const std::string_view raw = events[i].raw;
    TAPIARY_TRY(InsertReject(writer, owner, {i, reason, raw, raw.size()}));
    result.Reject(i, std::move(reason));
  }
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
                  facts.bytes};
  TAPIARY_ASSIGN(text, ExpandBody(std::move(text), context.limits.events_bytes));
  TAPIARY_ASSIGN(const auto events, SplitEvents(text, context.limits.events_per_request));
  TAPIARY_TRY(CheckAny(events));
  // Before the transaction: others wait for it.
  std::vector<EventFields> fields(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (events[i].reason.empty())
      fields[i] = RecogniseEvent(events[i].json, context.limits.mappings.get());
  }
  EventsResult result;
  const auto work = [&](SqlWriter& writer, const ItemRow& row) {
    result = {};
    return InsertAll(writer, {item.sensor_id, item.sensor, row.received_ns}, events, fields,
                     result);
  };
  TAPIARY_ASSIGN(const bool added, StoreItem(context.catalog, item, work));
  if (!added) return Reply{Stored::kRepeated, 0, R"({"stored":0,"rejected":[],"repeated":true})"};
  return Reply{Stored::kNew, item.bytes, Json(result)};
}

}  // namespace tapiary::server
