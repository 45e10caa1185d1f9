#include "server/api/items.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/text.h"
#include "server/api/event_view.h"
#include "server/api/flow_json.h"
#include "server/ingest/event_fields.h"
#include "server/ingest/json_tree.h"

namespace tapiary::server {
namespace {

constexpr const char* kFlowColumns[] = {
    "/id",           "/sensor",       "/interface",     "/start",        "/end",       "/received",
    "/duration",     "/proto",        "/service",       "/vlan",         "/orig/ip",   "/orig/port",
    "/orig/mac",     "/orig/packets", "/orig/bytes",    "/resp/ip",      "/resp/port", "/resp/mac",
    "/resp/packets", "/resp/bytes",   "/community_id",  "/transactions", "/commands",  "/role_by",
    "/end_reason",   "/truncated",    "/bad_checksums",
};
constexpr const char* kTransactionColumns[] = {
    "/time",      "/received", "/sensor",           "/flow_id",  "/number",       "/orig/ip",
    "/orig/port", "/resp/ip",  "/resp/port",        "/protocol", "/operation",    "/code",
    "/unit",      "/address",  "/quantity",         "/values",   "/status",       "/exception",
    "/latency",   "/command",  "/attack_technique", "/detail",   "/community_id",
};
constexpr const char* kEventColumns[] = {
    "/id",          "/time",           "/received",         "/sensor", "/type",     "/source/ip",
    "/source/port", "/destination/ip", "/destination/port", "/user",   "/password", "/session",
    "/ecs",         "/event",
};

std::span<const char* const> Columns(ListKind kind) {
  switch (kind) {
    case ListKind::kFlows:
      return kFlowColumns;
    case ListKind::kEvents:
      return kEventColumns;
    default:
      return kTransactionColumns;
  }
}

Json TextOrNull(const std::string& escaped) {
  return escaped.empty() ? Json() : Json(escaped);
}

Json Endpoint(const std::string& ip, std::int64_t port) {
  return {{"ip", TextOrNull(ip)}, {"port", port < 0 ? Json() : Json(port)}};
}

// Rows from before events had ECS names are read now.
Json Ecs(const StoredItem& item) {
  const std::string text =
      item.ecs.empty() ? EcsJson(RecogniseEvent(item.record), item.received_ns) : item.ecs;
  Json ecs = Json::parse(text, nullptr, false);
  return ecs.is_object() ? ecs : Json::object();
}

// Whether it is an object as ingest writes them (event_text.h), so that it can be put into an
// answer as it is: one line, valid UTF-8, and no escapes in strings but \" and \\.
bool IsStoredObject(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (static_cast<unsigned char>(text[at]) < 0x20) return false;
    if (text[at] != '\\') continue;
    if (++at == text.size() || (text[at] != '"' && text[at] != '\\')) return false;
  }
  JsonTree tree;
  return base::IsValidUtf8(text) && tree.Parse(text) && tree.root().is_object();
}

Json ReadRecord(const StoredItem& item) {
  Json record = Json::parse(item.record, nullptr, false);
  if (!record.is_object()) record = {{"unreadable_record", base::EscapeBytes(item.record)}};
  return record;
}

// With every digit of its numbers, which a reader's double has not got.
std::string EventRecord(const StoredItem& item) {
  return IsStoredObject(item.record) ? item.record : DumpJson(ReadRecord(item));
}

// But for its record, "event", which comes last.
Json EventItem(const StoredItem& item) {
  return {
      {"id", item.id},
      {"time", base::FormatTime(item.time_ns)},
      {"received", base::FormatTime(item.received_ns)},
      {"sensor", item.sensor},
      {"type", TextOrNull(item.type)},
      {"source", Endpoint(item.source_ip, item.source_port)},
      {"destination", Endpoint(item.destination_ip, item.destination_port)},
      {"user", TextOrNull(item.user)},
      {"password", TextOrNull(item.password)},
      {"session", TextOrNull(item.session)},
      {"ecs", Ecs(item)},
  };
}

Json Item(ListKind kind, const StoredItem& item) {
  if (kind == ListKind::kEvents) return EventItem(item);
  Json record = ReadRecord(item);
  if (kind == ListKind::kFlows && !record.contains("unreadable_record")) {
    record = FlowObject(item.flow, std::move(record));
  }
  const char* id = kind == ListKind::kFlows ? "id" : "flow_id";
  if (record.contains(id) && record[id].is_string()) {
    record[id] = item.sensor + "." + record[id].get<std::string>();
  }
  record["sensor"] = item.sensor;
  record["received"] = base::FormatTime(item.received_ns);
  return record;
}

// Seconds, without an exponent: not every program reads that.
std::string Plain(double seconds) {
  constexpr double kMost = 1e15;  // beyond, its digits are no news
  const bool plain = seconds > -kMost && seconds < kMost;
  return plain ? fmt::format("{:.9f}", seconds) : fmt::format("{}", seconds);
}

std::string CsvCell(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_number_float()) return Plain(value.get<double>());
  if (value.is_number() || value.is_boolean()) return value.dump();
  if (value.is_string()) return CsvText(value.get<std::string>());
  if (!value.is_array()) return value.empty() ? "" : CsvText(DumpJson(value));
  std::string list;
  for (const Json& element : value) {
    if (!list.empty()) list += ' ';
    list += element.is_string() ? element.get<std::string>() : DumpJson(element);
  }
  return CsvText(list);
}

// Spreadsheets take the full-width forms of = + - @ (U+FF1D, FF0B, FF0D, FF20) for them as well.
bool BeginsFormula(std::string_view text) {
  if (text.empty()) return false;
  if (std::string_view("=+-@\t\r").find(text[0]) != text.npos) return true;
  const auto wide = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"};
  return std::ranges::any_of(wide, [text](const char* sign) { return text.starts_with(sign); });
}

std::string ColumnName(std::string_view pointer) {
  std::string name(pointer.substr(1));
  for (char& c : name) c = c == '/' ? '.' : c;
  return name;
}

}  // namespace

FilterTable TableOf(ListKind kind) {
  switch (kind) {
    case ListKind::kFlows:
      return FilterTable::kFlows;
    case ListKind::kEvents:
      return FilterTable::kEvents;
    default:
      return FilterTable::kTransactions;
  }
}

std::string ItemJson(ListKind kind, const StoredItem& item) {
  std::string json = DumpJson(Item(kind, item));
  if (kind == ListKind::kEvents) AppendMember("event", EventRecord(item), json);
  return json;
}

// Spreadsheets take what begins with these for a formula; the apostrophe makes it a text again.
std::string CsvText(std::string_view text) {
  const bool formula = BeginsFormula(text);
  if (!formula && text.find_first_of(",\"\r\n") == text.npos) return std::string(text);
  std::string cell = "\"";
  if (formula) cell += '\'';
  for (const char c : text) {
    if (c == '"') cell += '"';
    cell += c;
  }
  return cell + '"';
}

std::string ItemsCsv(ListKind kind, const std::vector<StoredItem>& items) {
  std::string out;
  for (const char* column : Columns(kind)) {
    if (!out.empty()) out += ',';
    out += ColumnName(column);
  }
  out += "\r\n";
  for (const StoredItem& stored : items) {
    const Json item = Item(kind, stored);
    bool first = true;
    for (const char* column : Columns(kind)) {
      if (!first) out += ',';
      first = false;
      const Json::json_pointer pointer{std::string(column)};
      if (item.contains(pointer)) out += CsvCell(item.at(pointer));
    }
    // The last column.
    if (kind == ListKind::kEvents) out += CsvText(EventRecord(stored));
    out += "\r\n";
  }
  return out;
}

}  // namespace tapiary::server
