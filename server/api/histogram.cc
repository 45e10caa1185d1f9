#include "server/api/histogram.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/clock.h"
#include "capture/json_writer.h"
#include "server/api/flow_search.h"
#include "server/api/list_query.h"
#include "server/api/lists.h"
#include "server/api/select.h"

namespace tapiary::server {
namespace {

constexpr std::int64_t kMinBuckets = 10;
constexpr std::int64_t kMaxBuckets = 1000;
constexpr std::int64_t kDefaultBuckets = 120;

// Sums per bucket. Real numbers, since a flow's traffic is spread evenly over its time.
struct Series {
  explicit Series(std::size_t buckets)
      : flows(buckets), packets(buckets), bytes(buckets), commands(buckets) {}
  std::vector<double> flows, packets, bytes, commands;
};

struct Scale {
  std::int64_t from_ns = 0;
  std::int64_t step_ns = 1;
  std::int64_t buckets = 1;
  [[nodiscard]] std::int64_t BucketOf(std::int64_t time_ns) const {
    return std::clamp((time_ns - from_ns) / step_ns, std::int64_t{0}, buckets - 1);
  }
};

// Spreads `amount` evenly over [start, end], as far as that lies on the scale.
void Spread(const Scale& scale, std::int64_t start_ns, std::int64_t end_ns, double amount,
            std::vector<double>* out) {
  const double whole = static_cast<double>(end_ns) - static_cast<double>(start_ns);
  const std::int64_t first = scale.BucketOf(start_ns);
  if (whole <= 0) {
    (*out)[static_cast<std::size_t>(first)] += amount;
    return;
  }
  const std::int64_t last = scale.BucketOf(end_ns);
  for (std::int64_t bucket = first; bucket <= last; ++bucket) {
    const std::int64_t from = std::max(start_ns, scale.from_ns + bucket * scale.step_ns);
    const std::int64_t to = std::min(end_ns, scale.from_ns + (bucket + 1) * scale.step_ns);
    if (to > from) {
      (*out)[static_cast<std::size_t>(bucket)] += amount * static_cast<double>(to - from) / whole;
    }
  }
}

// All flows by the time of reception: the catalog has their sums.
base::Result<SelectEnd> AddBatches(const Catalog& catalog, const TimeWindow& window,
                                   const Scale& scale, Series* out) {
  const SqlCondition select{
      "SELECT b.received_ns, b.flows, b.packets, b.bytes FROM flow_batches b "
      "WHERE b.received_ns >= ? AND b.received_ns <= ?",
      {window.from_ns, window.to_ns}};
  return Select(catalog, select, [&](const SqlRow& row) {
    const auto bucket = static_cast<std::size_t>(scale.BucketOf(row.Int(0)));
    out->flows[bucket] += static_cast<double>(row.Int(1));
    out->packets[bucket] += row.Real(2);
    out->bytes[bucket] += row.Real(3);
    return true;
  });
}

base::Result<SelectEnd> AddFlows(const Catalog& catalog, const Filter& filter,
                                 const TimeWindow& window, const Scale& scale, Series* out) {
  const bool received = window.clock == Clock::kReceived;
  if (received && filter.root().kind == FilterNode::Kind::kAlways) {
    return AddBatches(catalog, window, scale, out);
  }
  const SqlCondition all =
      SelectFrom(FilterTable::kFlows,
                 "f.received_ns, f.start_ns, f.end_ns, f.orig_packets + f.resp_packets, "
                 "f.orig_bytes + f.resp_bytes",
                 filter, &window);
  const auto add = [&](const SqlRow& row) {
    const std::int64_t start = received ? row.Int(0) : row.Int(1);
    const std::int64_t end = received ? row.Int(0) : row.Int(2);
    out->flows[static_cast<std::size_t>(scale.BucketOf(start))] += 1;
    Spread(scale, start, end, static_cast<double>(row.Int(3)), &out->packets);
    Spread(scale, start, end, static_cast<double>(row.Int(4)), &out->bytes);
    return true;
  };
  SelectEnd end = SelectEnd::kWhole;
  for (const SqlCondition& part : WindowParts(FilterTable::kFlows, window)) {
    SqlCondition select = all;
    Append(&select, part);
    TAPIARY_ASSIGN(end, Select(catalog, select, add));
    if (end == SelectEnd::kTimeLimit) break;
  }
  return end;
}

base::Result<SelectEnd> AddCommands(const Catalog& catalog, const Filter& filter,
                                    const TimeWindow& window, const Scale& scale, Series* out) {
  SqlCondition select =
      SelectFrom(FilterTable::kTransactions, TimeColumn(window.clock, FilterTable::kTransactions),
                 filter, &window);
  Append(&select, " AND t.command = 1");
  return Select(catalog, select, [&](const SqlRow& row) {
    out->commands[static_cast<std::size_t>(scale.BucketOf(row.Int(0)))] += 1;
    return true;
  });
}

void WriteNumbers(capture::JsonWriter& json, std::string_view name,
                  const std::vector<double>& numbers) {
  json.Key(name);
  json.BeginArray();
  for (const double number : numbers) json.Signed(std::llround(number));
  json.EndArray();
}

std::string ToJson(const Scale& scale, const TimeWindow& window, bool partial,
                   const Series& series) {
  std::string out;
  capture::JsonWriter json(out);
  json.BeginObject();
  json.Key("from");
  json.Time(scale.from_ns);
  json.Key("to");
  json.Time(window.to_ns);
  json.Text("clock", ToString(window.clock));
  json.Key("step");
  json.Seconds(scale.step_ns);
  json.Key("partial");
  json.Flag(partial);
  WriteNumbers(json, "flows", series.flows);
  WriteNumbers(json, "packets", series.packets);
  WriteNumbers(json, "bytes", series.bytes);
  WriteNumbers(json, "commands", series.commands);
  json.EndObject();
  return out;
}

base::Result<std::string> Histogram(const Catalog& catalog, const Request& request,
                                    const Filter& filter) {
  TAPIARY_TRY(CheckParameters(request, "filter from to last clock buckets"));
  TAPIARY_ASSIGN(TimeWindow window, ParseWindow(request, base::WallNow()));
  TAPIARY_ASSIGN(const std::int64_t buckets,
                 ParseCount(request, "buckets", kMinBuckets, kMaxBuckets, kDefaultBuckets));
  // An open end is shown up to now; later times (a sensor's clock is ahead) are in the last bucket.
  const std::int64_t shown_to =
      window.to_ns == INT64_MAX ? std::max(base::WallNow(), window.from_ns) : window.to_ns;
  const Scale scale{
      window.from_ns,
      std::max<std::int64_t>(1, (shown_to / buckets) - (window.from_ns / buckets) + 1), buckets};
  Series series(static_cast<std::size_t>(buckets));
  TAPIARY_ASSIGN(const SelectEnd flows, AddFlows(catalog, filter, window, scale, &series));
  TAPIARY_ASSIGN(const SelectEnd commands, AddCommands(catalog, filter, window, scale, &series));
  const bool partial = flows == SelectEnd::kTimeLimit || commands == SelectEnd::kTimeLimit;
  window.to_ns = shown_to;
  return ToJson(scale, window, partial, series);
}

}  // namespace

Response HandleHistogram(const ApiContext& context, const Request& request) {
  Response problem;
  const auto filter = ParseFilterParameter(request, &problem);
  if (!filter) return problem;
  auto json = Histogram(context.catalog, request, *filter);
  return json ? JsonResponse(200, std::move(*json)) : ProblemFor(json.error());
}

}  // namespace tapiary::server
