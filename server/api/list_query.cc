#include "server/api/list_query.h"

#include <fmt/core.h>

#include <charconv>

#include "base/clock.h"
#include "base/text.h"
#include "capture/json_writer.h"

namespace tapiary::server {
namespace {

using base::ErrorCode;
using base::MakeError;

std::string_view Parameter(const Request& request, const std::string& name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string_view() : std::string_view(found->second);
}

base::Error BadParameter(std::string_view name, std::string_view value, std::string_view expected) {
  return MakeError(
      ErrorCode::kInvalid,
      fmt::format("{}: '{}' is not {}", name, base::EscapeBytes(value.substr(0, 60)), expected));
}

// Problem+json with where the filter is wrong, for the page to show it there.
Response FilterProblem(const FilterError& error) {
  Response response = Problem(400, "Filter not understood", error.ToString());
  std::string body;
  capture::JsonWriter json(body);
  json.BeginObject();
  json.Text("type", "about:blank");
  json.Text("title", "Filter not understood");
  json.Number("status", 400);
  json.Key("detail");
  json.Text(error.ToString());
  json.Number("position", error.position);
  json.Number("length", error.length);
  json.TextOrNull("expected", error.expected);
  json.TextOrNull("suggestion", error.suggestion);
  json.EndObject();
  response.body = body;
  return response;
}

base::Result<std::int64_t> ParseTimeParameter(std::string_view name, std::string_view text) {
  auto time = base::ParseTime(text);
  if (!time && text.size() >= 19) time = base::ParseTime(std::string(text) + "Z");
  if (!time) return BadParameter(name, text, "a time such as 2026-11-01T12:00:00Z");
  return *time;
}

base::Result<ListFormat> ParseFormat(std::string_view text) {
  if (text.empty() || text == "json") return ListFormat::kJson;
  if (text == "ndjson") return ListFormat::kNdjson;
  if (text == "csv") return ListFormat::kCsv;
  return BadParameter("format", text, "json, ndjson or csv");
}

bool ParseWhole(std::string_view text, std::int64_t* value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *value);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

base::Result<Cursor> ParseCursor(std::string_view text) {
  const base::Error bad = MakeError(ErrorCode::kInvalid, "after: not a cursor of this list");
  const auto bytes = base::FromHex(text.substr(0, 200));
  if (!bytes) return bad;
  const std::string_view plain = base::AsText(*bytes);
  const std::size_t dot = plain.find('.', 2);
  Cursor cursor;
  if (plain.size() < 5 || plain[1] != '.' || (plain[0] != 'r' && plain[0] != 's') ||
      dot == plain.npos || !ParseWhole(plain.substr(2, dot - 2), &cursor.key) ||
      !ParseWhole(plain.substr(dot + 1), &cursor.id)) {
    return bad;
  }
  cursor.clock = plain[0] == 'r' ? Clock::kReceived : Clock::kSensor;
  return cursor;
}

base::Result<ListQuery> ParseRest(const Request& request, std::int64_t now_ns, ListQuery query) {
  TAPIARY_TRY(CheckParameters(request, "filter from to last clock limit after format"));
  TAPIARY_ASSIGN(query.window, ParseWindow(request, now_ns));
  TAPIARY_ASSIGN(query.limit, ParseCount(request, "limit", 1, kMaxPageRows, kDefaultPageRows));
  TAPIARY_ASSIGN(query.format, ParseFormat(Parameter(request, "format")));
  if (const std::string_view after = Parameter(request, "after"); !after.empty()) {
    TAPIARY_ASSIGN(query.after, ParseCursor(after));
    if (query.after->clock != query.window.clock) {
      return MakeError(ErrorCode::kInvalid, "after: the cursor is of a list by the other clock");
    }
  }
  return query;
}

}  // namespace

std::string_view ToString(Clock clock) {
  return clock == Clock::kReceived ? "received" : "sensor";
}

std::string Cursor::ToString() const {
  const std::string plain = fmt::format("{}.{}.{}", clock == Clock::kReceived ? 'r' : 's', key, id);
  return base::ToHex(base::AsBytes(plain));
}

base::Result<std::int64_t> ParseCount(const Request& request, const std::string& name,
                                      std::int64_t min, std::int64_t max, std::int64_t fallback) {
  const std::string_view text = Parameter(request, name);
  if (text.empty()) return fallback;
  std::int64_t value = 0;
  if (!ParseWhole(text, &value) || value < min || value > max) {
    return BadParameter(name, text, fmt::format("a number from {} to {}", min, max));
  }
  return value;
}

base::Result<> CheckParameters(const Request& request, std::string_view allowed) {
  for (const auto& [name, value] : request.query) {
    const std::string padded = fmt::format(" {} ", allowed);
    if (name.find(' ') == std::string::npos && !name.empty() &&
        padded.find(fmt::format(" {} ", name)) != std::string::npos) {
      continue;
    }
    return MakeError(ErrorCode::kInvalid,
                     fmt::format("unknown parameter '{}'; there are{}{}",
                                 base::EscapeBytes(std::string_view(name).substr(0, 60)),
                                 allowed.empty() ? " none" : ": ", allowed));
  }
  return {};
}

base::Result<TimeWindow> ParseWindow(const Request& request, std::int64_t now_ns) {
  TimeWindow window;
  const std::string_view clock = Parameter(request, "clock");
  if (clock == "sensor") {
    window.clock = Clock::kSensor;
  } else if (!clock.empty() && clock != "received") {
    return BadParameter("clock", clock, "received or sensor");
  }
  const std::string_view from = Parameter(request, "from");
  const std::string_view to = Parameter(request, "to");
  const std::string_view last = Parameter(request, "last");
  if (!last.empty() && !(from.empty() && to.empty())) {
    return MakeError(ErrorCode::kInvalid, "last: not together with from and to");
  }
  std::int64_t span = kDefaultWindowNs;
  if (!last.empty()) {
    const auto duration = base::ParseDuration(last);
    if (!duration || *duration < 0) {
      return BadParameter("last", last, "a duration such as 15m, 24h or 7d");
    }
    span = *duration;
  }
  if (!to.empty()) {
    TAPIARY_ASSIGN(window.to_ns, ParseTimeParameter("to", to));
  }
  const std::int64_t end = to.empty() ? now_ns : window.to_ns;
  window.from_ns = end < INT64_MIN + span ? INT64_MIN : end - span;
  if (!from.empty()) {
    TAPIARY_ASSIGN(window.from_ns, ParseTimeParameter("from", from));
  }
  if (window.from_ns > window.to_ns) {
    return MakeError(ErrorCode::kInvalid, "from: later than to");
  }
  return window;
}

base::Result<Filter> ParseFilterParameter(const Request& request, Response* problem) {
  FilterError error;
  auto filter = Filter::Parse(Parameter(request, "filter"), &error);
  if (!filter) *problem = FilterProblem(error);
  return filter;
}

base::Result<ListQuery> ParseListQuery(const Request& request, std::int64_t now_ns,
                                       Response* problem) {
  ListQuery query;
  TAPIARY_ASSIGN(query.filter, ParseFilterParameter(request, problem));
  auto whole = ParseRest(request, now_ns, std::move(query));
  if (!whole) *problem = ProblemFor(whole.error());
  return whole;
}

const char* TimeColumn(Clock clock, FilterTable table) {
  const bool received = clock == Clock::kReceived;
  switch (table) {
    case FilterTable::kFlows:
      return received ? "f.received_ns" : "f.start_ns";
    case FilterTable::kTransactions:
      return received ? "t.received_ns" : "t.time_ns";
    case FilterTable::kEvents:
      return received ? "e.received_ns" : "e.time_ns";
  }
  return "f.received_ns";
}

void NameAbsentFields(const Filter& filter, FilterTable table, Response* response) {
  std::string absent;
  for (const std::string_view name : filter.FieldsNotIn(table)) {
    absent += (absent.empty() ? "" : ", ") + std::string(name);
  }
  if (!absent.empty()) response->headers.emplace_back("Tapiary-Fields-Not-Here", absent);
}

SqlCondition WindowToSql(const TimeWindow& window, FilterTable table) {
  const std::string column = TimeColumn(window.clock, table);
  const bool span = table == FilterTable::kFlows && window.clock == Clock::kSensor;
  // A flow is in the window when a part of it is.
  return {fmt::format("{} >= ? AND {} <= ?", span ? "f.end_ns" : column, column),
          {window.from_ns, window.to_ns}};
}

}  // namespace tapiary::server
