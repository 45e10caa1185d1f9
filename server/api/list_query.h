// What a list request asks for: filter, time window, page, format. Checked here, so that what
// follows works on values. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "server/http/handler.h"
#include "server/query/sql.h"

namespace tapiary::server {

inline constexpr std::int64_t kDefaultWindowNs = base::kNanosPerDay;
inline constexpr std::int64_t kDefaultPageRows = 100;
inline constexpr std::int64_t kMaxPageRows = 1000;

// Whose clock the window means: the collector's, which cannot hide what a sensor with a wrong
// clock sent (HP-01), or the sensor's.
enum class Clock : std::uint8_t { kReceived, kSensor };

struct TimeWindow {
  std::int64_t from_ns = 0;
  std::int64_t to_ns = INT64_MAX;  // INT64_MAX: open
  Clock clock = Clock::kReceived;
};

enum class ListFormat : std::uint8_t { kJson, kNdjson, kCsv };

// Where the page before ended; its text form is opaque to clients.
struct Cursor {
  Clock clock = Clock::kReceived;
  std::int64_t key = 0;
  std::int64_t id = 0;
  [[nodiscard]] std::string ToString() const;
};

struct ListQuery {
  Filter filter;
  TimeWindow window;
  std::int64_t limit = kDefaultPageRows;
  std::optional<Cursor> after;
  ListFormat format = ListFormat::kJson;
};

// A filter that does not parse is answered with its position; other errors say which parameter is
// wrong. `problem` is set exactly when the result is an error.
base::Result<ListQuery> ParseListQuery(const Request& request, std::int64_t now_ns,
                                       Response* problem);
// The parts that downloads share: filter=, and last= or from= and to=, clock=.
base::Result<Filter> ParseFilterParameter(const Request& request, Response* problem);
base::Result<TimeWindow> ParseWindow(const Request& request, std::int64_t now_ns);
// kInvalid names the first parameter that is not in `allowed` (space-separated): a misspelt one
// must not be taken for "everything".
base::Result<> CheckParameters(const Request& request, std::string_view allowed);
// Names the filter's fields that the table has not got in the header Tapiary-Fields-Not-Here.
void NameAbsentFields(const Filter& filter, FilterTable table, Response* response);
// A whole number within [min, max], or `fallback` when it is not given.
base::Result<std::int64_t> ParseCount(const Request& request, const std::string& name,
                                      std::int64_t min, std::int64_t max, std::int64_t fallback);

// The window as a condition on a table's rows, with the aliases of sql.h.
SqlCondition WindowToSql(const TimeWindow& window, FilterTable table);
// The column that orders the table's rows by this clock.
const char* TimeColumn(Clock clock, FilterTable table);
std::string_view ToString(Clock clock);

}  // namespace tapiary::server
