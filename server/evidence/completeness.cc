#include "server/evidence/completeness.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/clock.h"
#include "server/ingest/hour_rows.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::ordered_json;
using Span = std::pair<std::int64_t, std::int64_t>;

// Ledgers come every 10 s: so far apart, one goes on where the other ended.
constexpr std::int64_t kJoinNs = 60 * base::kNanosPerSecond;

// Totals since an epoch began, at one time.
struct Totals {
  std::int64_t time_ns = 0;
  std::int64_t offered = 0, recorded = 0, recorded_bytes = 0, filtered = 0;
  std::int64_t tcp_bytes = 0, missed_bytes = 0;
  std::map<std::string, std::int64_t> lost;
};

std::int64_t NumberOf(const Json& json, const char* name) {
  const auto member = json.find(name);
  if (member == json.end() || !member->is_number_integer()) return 0;
  if (member->is_number_unsigned()) {
    return static_cast<std::int64_t>(
        std::min<std::uint64_t>(member->get<std::uint64_t>(), INT64_MAX));
  }
  return std::max<std::int64_t>(0, member->get<std::int64_t>());
}

Totals ReadTotals(std::int64_t time_ns, std::string_view record) {
  Totals totals;
  totals.time_ns = time_ns;
  const Json json = Json::parse(record, nullptr, false);
  if (!json.is_object()) return totals;
  totals.offered = NumberOf(json, "offered");
  totals.recorded = NumberOf(json, "recorded");
  totals.recorded_bytes = NumberOf(json, "recorded_bytes");
  totals.filtered = NumberOf(json, "filtered");
  if (json.contains("mirror") && json["mirror"].is_object()) {
    totals.tcp_bytes = NumberOf(json["mirror"], "tcp_bytes");
    totals.missed_bytes = NumberOf(json["mirror"], "missed_bytes");
  }
  if (!json.contains("lost") || !json["lost"].is_object()) return totals;
  for (const auto& [reason, packets] : json["lost"].items()) {
    if (packets.is_number_integer()) totals.lost[reason] = NumberOf(json["lost"], reason.c_str());
  }
  return totals;
}

struct LedgerHour {
  std::int64_t epoch = 0;
  std::int64_t hour_ns = 0;
  std::string interface;
  Totals totals;
};

base::Result<std::vector<LedgerHour>> LedgerHours(const Catalog& catalog,
                                                  const CompletenessQuery& query) {
  std::vector<LedgerHour> hours;
  const SqlValue values[] = {query.sensor_id, query.from_ns, query.to_ns};
  TAPIARY_TRY(catalog.Query(
      "SELECT epoch, hour_ns, interface, time_ns, record FROM ledger_hours WHERE sensor_id = ? AND "
      "hour_ns >= ? AND hour_ns < ? ORDER BY hour_ns, interface, epoch",
      values, [&hours](const SqlRow& row) {
        hours.push_back({row.Int(0), row.Int(1), std::string(row.Text(2)),
                         ReadTotals(row.Int(3), row.Text(4))});
        return true;
      }));
  return hours;
}

// The account before: by totals, which grow whatever the clock does.
base::Result<std::optional<Totals>> Before(const Catalog& catalog, std::int64_t sensor_id,
                                           const LedgerHour& hour) {
  std::optional<Totals> before;
  const SqlValue values[] = {sensor_id,           hour.epoch,          hour.interface,
                             hour.totals.offered, hour.totals.offered, hour.totals.time_ns};
  TAPIARY_TRY(catalog.Query(
      "SELECT time_ns, record FROM ledger_hours WHERE sensor_id = ? AND epoch = ? AND interface = "
      "? AND (offered < ? OR (offered = ? AND time_ns < ?)) ORDER BY offered DESC, time_ns DESC "
      "LIMIT 1",
      values, [&before](const SqlRow& row) {
        before = ReadTotals(row.Int(0), row.Text(1));
        return false;
      }));
  return before;
}

// When an epoch began: its number is that time in milliseconds, where the clock was sane.
std::int64_t EpochBegin(const LedgerHour& hour) {
  const bool sane = hour.epoch > 0 && hour.epoch < INT64_MAX / base::kNanosPerMilli;
  const std::int64_t begin_ns = sane ? hour.epoch * base::kNanosPerMilli : hour.totals.time_ns;
  return std::min(begin_ns, hour.totals.time_ns);
}

// What a sensor says is not believed to fit.
void Grow(std::int64_t* sum, std::int64_t from, std::int64_t to) {
  const std::int64_t more = to > from ? to - from : 0;
  *sum += std::min(more, INT64_MAX - *sum);
}

void Add(const LedgerHour& hour, const std::optional<Totals>& before, InterfaceAccount* account) {
  const Totals none;
  const Totals& from = before ? *before : none;
  const Totals& to = hour.totals;
  Grow(&account->offered, from.offered, to.offered);
  Grow(&account->recorded, from.recorded, to.recorded);
  Grow(&account->recorded_bytes, from.recorded_bytes, to.recorded_bytes);
  Grow(&account->filtered, from.filtered, to.filtered);
  Grow(&account->tcp_bytes, from.tcp_bytes, to.tcp_bytes);
  Grow(&account->missed_bytes, from.missed_bytes, to.missed_bytes);
  for (const auto& [reason, packets] : to.lost) {
    const auto had = from.lost.find(reason);
    const std::int64_t before_then = had == from.lost.end() ? 0 : had->second;
    if (packets > before_then) Grow(&account->lost[reason], before_then, packets);
  }
  const std::int64_t begin_ns = before ? before->time_ns : EpochBegin(hour);
  account->spans.emplace_back(std::min(begin_ns, to.time_ns), to.time_ns);
}

// What of [from, to) the spans leave out, but for what is too short to matter.
std::vector<Span> LeftOut(std::vector<Span> spans, std::int64_t from_ns, std::int64_t to_ns) {
  std::ranges::sort(spans);
  std::vector<Span> out;
  std::int64_t at_ns = from_ns;
  for (const auto& [begin_ns, end_ns] : spans) {
    if (begin_ns > at_ns && begin_ns - at_ns > kJoinNs)
      out.emplace_back(at_ns, std::min(begin_ns, to_ns));
    at_ns = std::max(at_ns, end_ns);
    if (at_ns >= to_ns) return out;
  }
  if (to_ns - at_ns > kJoinNs) out.emplace_back(at_ns, to_ns);
  return out;
}

using ByHour = std::map<std::int64_t, HourAccount>;

base::Result<> AddLedgers(const Catalog& catalog, const CompletenessQuery& query, ByHour* hours) {
  TAPIARY_ASSIGN(const auto rows, LedgerHours(catalog, query));
  for (const LedgerHour& row : rows) {
    HourAccount& hour = (*hours)[row.hour_ns];
    if (hour.interfaces.empty() || hour.interfaces.back().interface != row.interface) {
      hour.interfaces.emplace_back().interface = row.interface;
    }
    TAPIARY_ASSIGN(const auto before, Before(catalog, query.sensor_id, row));
    Add(row, before, &hour.interfaces.back());
  }
  for (auto& [hour_ns, hour] : *hours) {
    std::vector<Span> spans;
    for (const InterfaceAccount& one : hour.interfaces) {
      spans.insert(spans.end(), one.spans.begin(), one.spans.end());
    }
    // The hour after it may begin with what its last minute had: its first account tells.
    const auto next = hours->find(hour_ns + base::kNanosPerHour);
    if (next != hours->end()) {
      for (const InterfaceAccount& one : next->second.interfaces) {
        spans.insert(spans.end(), one.spans.begin(), one.spans.end());
      }
    }
    hour.unknown =
        LeftOut(std::move(spans), hour_ns, std::min(hour_ns + base::kNanosPerHour, query.now_ns));
  }
  return {};
}

// Packets of segments by the hour of the first one, as segment_hours has counted them.
base::Result<> AddStored(const Catalog& catalog, const CompletenessQuery& query, ByHour* hours) {
  const SqlValue values[] = {query.sensor_id, query.from_ns, query.to_ns};
  TAPIARY_TRY(catalog.Query(
      "SELECT hour_ns, segments, packets FROM segment_hours WHERE sensor_id = ? AND hour_ns >= ? "
      "AND hour_ns < ?",
      values, [hours](const SqlRow& row) {
        HourAccount& hour = (*hours)[row.Int(0)];
        hour.removed_segments = row.Int(1);
        hour.removed_packets = row.Int(2);
        return true;
      }));
  const SqlValue window[] = {query.sensor_id, query.from_ns, query.to_ns};
  TAPIARY_TRY(catalog.Query(
      "SELECT g.first_ns, g.packets, g.bytes FROM segments g WHERE g.sensor_id = ? AND "
      "g.first_ns >= ? AND g.first_ns < ? AND g.epoch < 4611686018427387904",
      window, [hours](const SqlRow& row) {
        HourAccount& hour = (*hours)[HourOf(row.Int(0))];
        ++hour.segments;
        hour.packets += row.Int(1);
        hour.bytes += row.Int(2);
        return true;
      }));
  for (auto& [hour_ns, hour] : *hours) {
    hour.removed_segments = std::max<std::int64_t>(0, hour.removed_segments - hour.segments);
    hour.removed_packets = std::max<std::int64_t>(0, hour.removed_packets - hour.packets);
  }
  return {};
}

// What came with POST pcap, each packet by its own time.
base::Result<> AddUploads(const Catalog& catalog, const CompletenessQuery& query, ByHour* hours) {
  const SqlValue values[] = {query.sensor_id, query.from_ns, query.to_ns};
  return catalog.Query(
      "SELECT u.hour_ns, u.packets, g.id FROM upload_hours u LEFT JOIN segments g ON "
      "g.sensor_id = u.sensor_id AND g.epoch = u.epoch AND g.stream = u.stream AND "
      "g.first_block = u.first_block WHERE u.sensor_id = ? AND u.hour_ns >= ? AND u.hour_ns < ?",
      values, [hours](const SqlRow& row) {
        HourAccount& hour = (*hours)[row.Int(0)];
        Grow(row.IsNull(2) ? &hour.removed_uploaded : &hour.uploaded, 0, row.Int(1));
        return true;
      });
}

// What the sensor recorded and dropped before it was delivered; by the hour in which the gap
// begins.
base::Result<> AddDropped(const Catalog& catalog, const CompletenessQuery& query, ByHour* hours) {
  const SqlValue values[] = {query.sensor_id, query.from_ns, query.to_ns};
  return catalog.Query(
      "SELECT from_ns, reason, record FROM gaps WHERE sensor_id = ? AND from_ns >= ? AND from_ns < "
      "?",
      values, [hours](const SqlRow& row) {
        const Json json = Json::parse(row.Text(2), nullptr, false);
        if (!json.is_object() || json.value("kind", std::string()) != "packets") return true;
        auto& dropped = (*hours)[HourOf(row.Int(0))].dropped[std::string(row.Text(1))];
        Grow(&dropped, 0, NumberOf(json, "items"));
        return true;
      });
}

}  // namespace

base::Result<std::vector<HourAccount>> Accounts(const Catalog& catalog,
                                                const CompletenessQuery& query) {
  CompletenessQuery whole = query;
  whole.from_ns = HourOf(query.from_ns);
  if (whole.to_ns <= whole.from_ns) return std::vector<HourAccount>();
  if ((whole.to_ns - 1) / base::kNanosPerHour - whole.from_ns / base::kNanosPerHour >=
      kMaxStatementHours) {
    return base::MakeError(base::ErrorCode::kInvalid, "at most 31 days at a time");
  }
  whole.to_ns = HourOf(whole.to_ns - 1) + base::kNanosPerHour;
  ByHour hours;
  for (std::int64_t at = whole.from_ns; at < whole.to_ns; at += base::kNanosPerHour) hours[at];
  TAPIARY_TRY(AddLedgers(catalog, whole, &hours));
  TAPIARY_TRY(AddStored(catalog, whole, &hours));
  TAPIARY_TRY(AddDropped(catalog, whole, &hours));
  TAPIARY_TRY(AddUploads(catalog, whole, &hours));
  std::vector<HourAccount> accounts;
  for (auto& [hour_ns, hour] : hours) {
    hour.hour_ns = hour_ns;
    accounts.push_back(std::move(hour));
  }
  return accounts;
}

}  // namespace tapiary::server
