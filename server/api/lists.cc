#include "server/api/lists.h"

#include <fmt/core.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <optional>
#include <tuple>

#include "base/clock.h"
#include "base/text.h"
#include "capture/json_writer.h"
#include "server/api/flow_search.h"
#include "server/api/select.h"
#include "server/query/event_lookup.h"
#include "server/query/flow_lookup.h"
#include "server/query/value.h"

namespace tapiary::server {
namespace {

std::string_view NameOf(ListKind kind) {
  constexpr std::string_view kNames[] = {"flows", "transactions", "commands", "events"};
  return kNames[static_cast<std::size_t>(kind)];
}

const char* AliasOf(FilterTable table) {
  constexpr const char* kAliases[] = {"f", "t", "e"};
  return kAliases[static_cast<std::size_t>(table)];
}

constexpr std::string_view kEventColumns =
    ", COALESCE(e.type, ''), COALESCE(e.user_name, ''), COALESCE(e.password, ''), "
    "COALESCE(e.session, ''), e.source_ip, e.source_port, e.destination_ip, e.destination_port, "
    "COALESCE(e.ecs, '')";

std::string Columns(ListKind kind, Clock clock) {
  const FilterTable table = TableOf(kind);
  const char* alias = AliasOf(table);
  std::string columns = fmt::format("{0}.id, {1}, {2}, {0}.received_ns, s.name, {0}.record", alias,
                                    TimeColumn(clock, table), TimeColumn(Clock::kSensor, table));
  if (kind == ListKind::kEvents) columns += kEventColumns;
  if (kind == ListKind::kFlows) columns.append(", ").append(kFlowItemColumns);
  return columns;
}

// 16 bytes as the catalog stores them, or "".
std::string AddressText(const SqlRow& row, std::size_t column) {
  return FromAddressKey(row.Blob(column)).ToString();
}

StoredItem ReadItem(ListKind kind, const SqlRow& row) {
  StoredItem item;
  item.id = row.Int(0);
  item.key = row.Int(1);
  item.time_ns = row.Int(2);
  item.received_ns = row.Int(3);
  item.sensor = base::EscapeBytes(row.Text(4));
  item.record = row.Text(5);
  if (kind == ListKind::kFlows) item.flow = ReadFlowColumns(row, 6);
  if (kind != ListKind::kEvents) return item;
  item.type = row.Text(6);
  item.user = row.Text(7);
  item.password = row.Text(8);
  item.session = row.Text(9);
  item.source_ip = AddressText(row, 10);
  item.source_port = row.IsNull(11) ? -1 : row.Int(11);
  item.destination_ip = AddressText(row, 12);
  item.destination_port = row.IsNull(13) ? -1 : row.Int(13);
  item.ecs = row.Text(14);
  return item;
}

// A page ends behind this much, however many items were asked for: records may be large.
constexpr std::size_t kMaxPageBytes = 16u << 20;

std::size_t BytesOf(const StoredItem& item) {
  return item.record.size() + item.type.size() + item.user.size() + item.password.size() +
         item.session.size() + item.ecs.size();
}

struct Page {
  std::vector<StoredItem> items;
  bool more = false;
  bool partial = false;
};

// How the page's rows are found: all that meet a condition, or batch by batch what a search finds.
struct PagePart {
  SqlCondition condition{};
  std::optional<AddressSearch> search{};
};

std::vector<PagePart> PartsOf(ListKind kind, const ListQuery& query) {
  std::vector<PagePart> parts;
  if (kind == ListKind::kFlows && query.window.clock == Clock::kReceived) {
    for (const auto& search : AddressSearches(query.filter)) parts.push_back({.search = search});
  }
  if (!parts.empty()) return parts;
  for (auto& part : WindowParts(TableOf(kind), query.window))
    parts.push_back({.condition = std::move(part)});
  return parts;
}

// The part's rows, in order.
SqlCondition PageStatement(ListKind kind, const ListQuery& query, const PagePart& part) {
  const FilterTable table = TableOf(kind);
  const Clock clock = query.window.clock;
  TimeWindow window = query.window;
  // The cursor's key bounds the index search, so that a deep page starts where the last one ended.
  if (query.after) window.to_ns = std::min(window.to_ns, query.after->key);
  const std::string id = std::string(AliasOf(table)) + ".id";
  std::string key = TimeColumn(clock, table);
  SqlCondition select = SelectFrom(table, Columns(kind, clock), query.filter, &window);
  if (kind == ListKind::kCommands) Append(&select, " AND t.command = 1");
  if (query.after) {
    Append(&select, SqlCondition{fmt::format(" AND ({}, {}) < (?, ?)", key, id),
                                 {query.after->key, query.after->id}});
  }
  if (part.search) {
    const std::string from = " FROM flows f ";
    select.text.replace(select.text.find(from), from.size(),
                        fmt::format(" FROM {} ", kFlowsByBatch));
    Append(&select, SqlCondition{" AND b.received_ns >= ? AND b.received_ns <= ? AND ",
                                 {window.from_ns, window.to_ns}});
    Append(&select, ConditionOf(*part.search));
    key = "b.received_ns";
  }
  Append(&select, part.condition);
  Append(&select, SqlCondition{fmt::format(" ORDER BY {} DESC, {} DESC LIMIT ?", key, id),
                               {query.limit + 1}});
  return select;
}

base::Result<Page> ReadRows(Catalog& catalog, ListKind kind, const SqlCondition& select,
                            std::int64_t limit) {
  Page page;
  std::size_t bytes = 0;
  const auto take = [&](const SqlRow& row) {
    page.more = static_cast<std::int64_t>(page.items.size()) == limit || bytes >= kMaxPageBytes;
    if (page.more) return false;
    page.items.push_back(ReadItem(kind, row));
    bytes += BytesOf(page.items.back());
    return true;
  };
  TAPIARY_ASSIGN(const SelectEnd end, Select(catalog, select, take));
  page.partial = end == SelectEnd::kTimeLimit;
  return page;
}

std::tuple<std::int64_t, std::int64_t> OrderOf(const StoredItem& item) {
  return {item.key, item.id};
}

// Joins pages over the same time. They end where the first of them that is not whole ends, so that
// the next page misses nothing; a flow of two of the addresses is in two of them.
Page Merge(std::vector<Page> pages, std::int64_t limit) {
  Page merged;
  auto floor = std::tuple(INT64_MIN, INT64_MIN);
  for (Page& page : pages) {
    if (page.more || page.partial) {
      floor = std::max(floor, page.items.empty() ? std::tuple(INT64_MAX, INT64_MAX)
                                                 : OrderOf(page.items.back()));
    }
    merged.more |= page.more;
    merged.partial |= page.partial;
    std::ranges::move(page.items, std::back_inserter(merged.items));
  }
  auto& items = merged.items;
  std::erase_if(items, [&floor](const StoredItem& item) { return OrderOf(item) < floor; });
  std::ranges::sort(items, std::greater(), OrderOf);
  const auto same = std::ranges::unique(items, {}, &StoredItem::id);
  items.erase(same.begin(), same.end());
  if (static_cast<std::int64_t>(items.size()) > limit) {
    items.resize(static_cast<std::size_t>(limit));
    merged.more = true;
  }
  return merged;
}

base::Result<Page> ReadPage(Catalog& catalog, ListKind kind, const ListQuery& query) {
  std::vector<Page> pages;
  for (const PagePart& part : PartsOf(kind, query)) {
    const SqlCondition select = PageStatement(kind, query, part);
    TAPIARY_ASSIGN(Page page, ReadRows(catalog, kind, select, query.limit));
    pages.push_back(std::move(page));
  }
  return pages.size() == 1 ? std::move(pages.front()) : Merge(std::move(pages), query.limit);
}

void WriteWindow(capture::JsonWriter& json, const TimeWindow& window) {
  json.Key("from");
  json.Time(window.from_ns);
  json.Key("to");
  window.to_ns == INT64_MAX ? json.Null() : json.Time(window.to_ns);
  json.Text("clock", ToString(window.clock));
}

std::string PageJson(ListKind kind, const ListQuery& query, const Page& page,
                     const std::string& next) {
  std::string tail;
  capture::JsonWriter json(tail);
  json.BeginObject();
  json.TextOrNull("next", next);
  json.Key("partial");
  json.Flag(page.partial);
  json.Key("fields_not_here");
  json.BeginArray();
  for (const std::string_view name : query.filter.FieldsNotIn(TableOf(kind))) json.Text(name);
  json.EndArray();
  WriteWindow(json, query.window);
  json.EndObject();
  std::string out = "{\"items\":[";
  for (const StoredItem& item : page.items) {
    if (out.back() != '[') out += ",\n";
    out += ItemJson(kind, item);
  }
  return out + "]," + tail.substr(1);
}

std::string Ndjson(ListKind kind, const Page& page) {
  std::string out;
  for (const StoredItem& item : page.items) out += ItemJson(kind, item) + "\n";
  return out;
}

}  // namespace

std::string UrlEncode(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

std::string NextLink(const Request& request, const std::string& next) {
  std::string query;
  for (const auto& [name, value] : request.query) {
    if (name != "after") query += fmt::format("{}={}&", UrlEncode(name), UrlEncode(value));
  }
  return fmt::format("<{}?{}after={}>; rel=\"next\"", request.path, query, next);
}

SqlCondition SelectFrom(FilterTable table, std::string_view columns, const Filter& filter,
                        const TimeWindow* window) {
  SqlCondition select;
  const char* alias = AliasOf(table);
  const bool by_run = table == FilterTable::kEvents && AsksForSource(filter);
  select.text = fmt::format(
      "SELECT {} FROM {} CROSS JOIN sensors s WHERE s.id = {}.sensor_id", columns,
      by_run ? std::string(kEventsByRun) : fmt::format("{} {}", ToString(table), alias), alias);
  if (by_run) Append(&select, fmt::format(" AND {}", kIsInRun));
  if (window != nullptr) {
    Append(&select, " AND ");
    Append(&select, WindowToSql(*window, table));
  }
  Append(&select, " AND ");
  Append(&select, ToSql(filter, table));
  return select;
}

base::Result<Filter> FilterForFlowId(std::string_view id) {
  const std::size_t last = id.rfind('.');
  const bool three = last != id.npos && last != 0 && id.rfind('.', last - 1) != id.npos;
  std::string text;
  for (const char c : id.substr(0, 300)) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  auto filter = Filter::Parse("flow.id == \"" + text + "\"");
  if (three && filter) return filter;
  return base::MakeError(base::ErrorCode::kInvalid, "not a flow id (SENSOR.EPOCH.NUMBER)");
}

Response HandleList(const ApiContext& context, ListKind kind, const Request& request) {
  Response problem;
  const auto query = ParseListQuery(request, base::WallNow(), &problem);
  if (!query) return problem;
  const auto page = ReadPage(context.catalog, kind, *query);
  if (!page) return ProblemFor(page.error());
  std::string next;
  // A page that the time limit cut goes on behind its last row as well.
  if (!page->items.empty() && (page->more || page->partial)) {
    const StoredItem& last = page->items.back();
    next = Cursor{query->window.clock, last.key, last.id}.ToString();
  }
  Response response = JsonResponse(200, "");
  if (query->format == ListFormat::kJson) {
    response.body = PageJson(kind, *query, *page, next);
  } else if (query->format == ListFormat::kNdjson) {
    response.content_type = "application/x-ndjson";
    response.body = Ndjson(kind, *page);
  } else {
    response.content_type = "text/csv; charset=utf-8; header=present";
    response.headers.emplace_back(
        "Content-Disposition",
        fmt::format("attachment; filename=\"tapiary-{}.csv\"", NameOf(kind)));
    response.body = ItemsCsv(kind, page->items);
  }
  if (!next.empty()) response.headers.emplace_back("Link", NextLink(request, next));
  if (page->partial) response.headers.emplace_back("Tapiary-Partial", "time-limit");
  NameAbsentFields(query->filter, TableOf(kind), &response);
  return response;
}

base::Result<bool> ReadListPart(Catalog& catalog, ListKind kind, ListQuery* query, std::string* out,
                                const std::function<void(const StoredItem&)>& seen) {
  TAPIARY_ASSIGN(const Page page, ReadPage(catalog, kind, *query));
  *out += Ndjson(kind, page);
  for (const StoredItem& item : page.items) seen(item);
  if (!page.more && !page.partial) return false;
  if (page.items.empty()) {
    return base::MakeError(base::ErrorCode::kUnavailable, "the list takes too long to read");
  }
  query->after = Cursor{query->window.clock, page.items.back().key, page.items.back().id};
  return true;
}

Response HandleFlow(const ApiContext& context, const Request& request) {
  const auto filter = FilterForFlowId(request.path_params.at("id"));
  if (!filter) return ProblemFor(filter.error());
  const SqlCondition select = SelectFrom(
      FilterTable::kFlows, Columns(ListKind::kFlows, Clock::kReceived), *filter, nullptr);
  std::string json;
  const auto take = [&json](const SqlRow& row) {
    json = ItemJson(ListKind::kFlows, ReadItem(ListKind::kFlows, row));
    return false;
  };
  const auto end = Select(context.catalog, select, take);
  if (!end) return ProblemFor(end.error());
  if (json.empty()) return Problem(404, "Not found", "there is no flow with this id");
  return JsonResponse(200, std::move(json));
}

}  // namespace tapiary::server
