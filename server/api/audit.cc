#include "server/api/audit.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "server/api/items.h"
#include "server/api/list_query.h"
#include "server/api/lists.h"
#include "server/api/select.h"
#include "server/audit/actions.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kColumns[] = {"id",     "time",  "actor", "action", "detail", "peer",
                                    "status", "bytes", "uses",  "last",   "outcome"};
constexpr std::size_t kMostActions = 20;

struct Page {
  std::vector<Json> items;
  std::int64_t next = 0;  // 0: no more
  bool partial = false;
};

std::string Parameter(const Request& request, const char* name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string() : found->second;
}

Json TextOrNull(const SqlRow& row, std::size_t column) {
  return row.IsNull(column) ? Json() : Json(row.Text(column));
}

Json NumberOrNull(const SqlRow& row, std::size_t column) {
  return row.IsNull(column) ? Json() : Json(row.Int(column));
}

// Texts were escaped when they were stored.
Json ItemOf(const SqlRow& row) {
  return {{"id", row.Int(0)},
          {"time", base::FormatTime(row.Int(1))},
          {"actor", row.Text(2)},
          {"action", row.Text(3)},
          {"detail", row.Text(4)},
          {"peer", TextOrNull(row, 5)},
          {"status", NumberOrNull(row, 6)},
          {"bytes", NumberOrNull(row, 7)},
          {"uses", NumberOrNull(row, 8)},
          {"last", row.IsNull(9) ? Json() : Json(base::FormatTime(row.Int(9)))},
          {"outcome", TextOrNull(row, 10)}};
}

// One of ours, or one that an older or newer version has written.
base::Result<> CheckAction(const Catalog& catalog, const std::string& action) {
  bool known = IsAuditAction(action);
  if (!known) {
    const SqlValue values[] = {base::EscapeBytes(action)};
    TAPIARY_TRY(catalog.Query("SELECT 1 FROM audit WHERE action = ? LIMIT 1", values,
                              [&known](const SqlRow&) { return !(known = true); }));
  }
  if (known) return {};
  return base::MakeError(base::ErrorCode::kInvalid,
                         fmt::format("action: there is no '{}'; there are: {}",
                                     base::EscapeBytes(action.substr(0, 60)), AuditActionList()));
}

base::Result<> AddActions(const Catalog& catalog, const std::string& text, SqlCondition* select) {
  if (text.empty()) return {};
  std::istringstream list(text);
  std::string marks;
  std::size_t count = 0;
  for (std::string action; std::getline(list, action, ','); ++count) {
    if (count == kMostActions) {
      return base::MakeError(base::ErrorCode::kInvalid, "action: at most 20, with commas between");
    }
    TAPIARY_TRY(CheckAction(catalog, action));
    marks += marks.empty() ? "?" : ", ?";
    select->params.emplace_back(base::EscapeBytes(action));
  }
  Append(select, " AND a.action IN (" + marks + ")");
  return {};
}

base::Result<SqlCondition> Statement(const Catalog& catalog, const Request& request,
                                     std::int64_t limit) {
  TAPIARY_ASSIGN(const std::int64_t after, ParseCount(request, "after", 1, INT64_MAX, INT64_MAX));
  SqlCondition select{fmt::format("SELECT {} FROM audit a WHERE a.id < ?", kAuditColumns), {after}};
  if (request.query.contains("from") || request.query.contains("to") ||
      request.query.contains("last")) {
    TAPIARY_ASSIGN(const TimeWindow window, ParseWindow(request, base::WallNow()));
    Append(&select,
           SqlCondition{" AND a.time_ns >= ? AND a.time_ns <= ?", {window.from_ns, window.to_ns}});
  }
  if (const std::string actor = Parameter(request, "actor"); !actor.empty()) {
    Append(&select, SqlCondition{" AND a.actor = ?", {actor}});
  }
  if (const std::string peer = Parameter(request, "peer"); !peer.empty()) {
    Append(&select, SqlCondition{" AND a.peer = ?", {base::EscapeBytes(peer)}});
  }
  TAPIARY_TRY(AddActions(catalog, Parameter(request, "action"), &select));
  Append(&select, SqlCondition{" ORDER BY a.id DESC LIMIT ?", {limit + 1}});
  return select;
}

base::Result<Page> ReadPage(const ApiContext& context, const Request& request) {
  TAPIARY_TRY(CheckParameters(request, "actor action peer from to last limit after format"));
  TAPIARY_ASSIGN(const std::int64_t limit,
                 ParseCount(request, "limit", 1, kMaxPageRows, kDefaultPageRows));
  TAPIARY_ASSIGN(const SqlCondition select, Statement(context.catalog, request, limit));
  Page page;
  bool more = false;
  const auto take = [&](const SqlRow& row) {
    more = static_cast<std::int64_t>(page.items.size()) == limit;
    if (more) return false;
    page.items.push_back(ItemOf(row));
    return true;
  };
  TAPIARY_ASSIGN(const SelectEnd end, Select(context.catalog, select, take));
  page.partial = end == SelectEnd::kTimeLimit;
  if (!page.items.empty() && (more || page.partial)) page.next = page.items.back()["id"];
  return page;
}

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Ndjson(const Page& page) {
  std::string out;
  for (const Json& item : page.items) out += Dump(item) + "\n";
  return out;
}

std::string Csv(const Page& page) {
  std::string out = fmt::format("{}\r\n", fmt::join(kColumns, ","));
  for (const Json& item : page.items) {
    bool first = true;
    for (const char* column : kColumns) {
      if (!std::exchange(first, false)) out += ',';
      const Json& value = item.at(column);
      if (value.is_string()) {
        out += CsvText(value.get<std::string>());
      } else if (!value.is_null()) {
        out += value.dump();
      }
    }
    out += "\r\n";
  }
  return out;
}

Response Answer(const Request& request, const Page& page, const std::string& format) {
  Response response = JsonResponse(200, "");
  if (format == "ndjson") {
    response.content_type = "application/x-ndjson";
    response.body = Ndjson(page);
  } else if (format == "csv") {
    response.content_type = "text/csv; charset=utf-8; header=present";
    response.headers.emplace_back("Content-Disposition",
                                  "attachment; filename=\"tapiary-audit.csv\"");
    response.body = Csv(page);
  } else {
    const Json answer = {{"items", page.items},
                         {"next", page.next == 0 ? Json() : Json(std::to_string(page.next))},
                         {"partial", page.partial}};
    response.body = Dump(answer);
  }
  if (page.next != 0) {
    response.headers.emplace_back("Link", NextLink(request, std::to_string(page.next)));
  }
  if (page.partial) response.headers.emplace_back("Tapiary-Partial", "time-limit");
  return response;
}

Response HandleAudit(const ApiContext& context, const Request& request) {
  const std::string format = Parameter(request, "format");
  if (!format.empty() && format != "json" && format != "ndjson" && format != "csv") {
    return Problem(400, "The request is wrong", "format: json, ndjson or csv");
  }
  const auto page = ReadPage(context, request);
  return page ? Answer(request, *page, format) : ProblemFor(page.error());
}

}  // namespace

const char* const kAuditColumns =
    "a.id, a.time_ns, a.actor, a.action, a.detail, a.peer, a.status, a.bytes, a.uses, a.last_ns, "
    "a.outcome";

std::string AuditRowJson(const SqlRow& row) {
  return Dump(ItemOf(row));
}

std::vector<Route> AuditRoutes(ApiContext context) {
  return {{.method = "GET",
           .pattern = "/api/v1/audit",
           .scope = Scope::kAdmin,
           .handler = [context](const Request& request,
                                BodySource&) { return HandleAudit(context, request); },
           .max_body_bytes = 0}};
}

}  // namespace tapiary::server
