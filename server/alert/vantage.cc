#include "server/alert/vantage.h"

#include <fmt/core.h>

#include <algorithm>
#include <span>
#include <vector>

#include "capture/records.h"
#include "server/alert/address_guard.h"
#include "server/query/value.h"

namespace tapiary::server {
namespace {

// Shares, in percent, that are as good as all: a switch floods a few frames, a mirror starts late.
constexpr std::int64_t kAllSpread = 98;
constexpr std::int64_t kAllOneWay = 95;
constexpr std::int64_t kAllOneSource = 95;

// Looked at: batches that arrived lately, of them the newest of each sensor in turn, and of each
// batch some flows; so one that sends much hides no other.
constexpr std::int64_t kItems = 50'000;
constexpr std::size_t kBatchesOfSensor = 25;
constexpr std::size_t kBatches = 1000;
constexpr std::size_t kBatchesAQuestion = 50;

// A group address has the lowest bit of its first byte set. Payload makes a conversation of what
// could be an unanswered scan.
constexpr std::string_view kSelect =
    "SELECT sensor_id, orig_ip, resp_ip, COUNT(*), SUM(spread), SUM(talk), "
    "SUM(CASE WHEN talk = 1 AND (orig_packets = 0 OR resp_packets = 0) THEN 1 ELSE 0 END) FROM "
    "(SELECT f.sensor_id, f.orig_ip, f.resp_ip, f.orig_packets, f.resp_packets, "
    "CASE WHEN substr(COALESCE(json_extract(f.record, '$.resp.mac'), ''), 2, 1) IN "
    "('1', '3', '5', '7', '9', 'b', 'd', 'f') THEN 1 ELSE 0 END AS spread, "
    "CASE WHEN f.proto = 6 AND (json_extract(f.record, '$.orig.payload') IS NOT NULL OR "
    "json_extract(f.record, '$.resp.payload') IS NOT NULL) THEN 1 ELSE 0 END AS talk "
    "FROM ({}) f) g GROUP BY sensor_id, orig_ip, resp_ip";
constexpr std::string_view kFlowsOfBatch =
    "SELECT * FROM (SELECT sensor_id, orig_ip, resp_ip, orig_packets, resp_packets, proto, record "
    "FROM flows WHERE received_ns = ? LIMIT 200) b";

struct Sums {
  std::int64_t flows = 0, spread = 0, talks = 0, one_way = 0;
  std::int64_t inbound = 0;                      // to an address that is not public
  std::map<AddressKey, std::int64_t> sources{};  // of these
};

bool IsPublic(const capture::IpAddress& address) {
  static const AddressGuard guard = *AddressGuard::Make({});
  return guard.Check(address.ToString()).has_value();
}

bool Most(std::int64_t part, std::int64_t of, std::int64_t percent) {
  return part * 100 >= of * percent;
}

std::optional<Vantage> Broadcast(const Sums& sums) {
  if (sums.flows < kFewFlows) return std::nullopt;
  if (!Most(sums.spread, sums.flows, kAllSpread)) return Vantage{};
  return Vantage{true, fmt::format("{} of {} flows are broadcast or multicast: the port may be no "
                                   "mirror",
                                   sums.spread, sums.flows)};
}

std::optional<Vantage> OneWay(const Sums& sums) {
  if (sums.talks < kFewFlows) return std::nullopt;
  if (!Most(sums.one_way, sums.talks, kAllOneWay)) return Vantage{};
  return Vantage{true, fmt::format("of {} of {} TCP conversations one direction only is seen: the "
                                   "mirror may take one direction",
                                   sums.one_way, sums.talks)};
}

// An attacker from outside is no gateway, however alone he is.
std::optional<Vantage> OneSource(const Sums& sums) {
  if (sums.inbound < kFewSources) return std::nullopt;
  for (const auto& [key, flows] : sums.sources) {
    const capture::IpAddress source = FromAddressKey(key);
    if (!Most(flows, sums.inbound, kAllOneSource) || IsPublic(source)) continue;
    return Vantage{true, fmt::format("{} of {} flows come from {}: an address translation before "
                                     "the sensor may hide who it is",
                                     flows, sums.inbound, source.ToString())};
  }
  return Vantage{};
}

std::optional<Vantage> Judge(RuleKind kind, const Sums& sums) {
  if (kind == RuleKind::kSensorBroadcast) return Broadcast(sums);
  return kind == RuleKind::kSensorOneWay ? OneWay(sums) : OneSource(sums);
}

using Sensors = std::map<std::int64_t, Sums>;

// Times of reception, by which the flows of a batch are found.
base::Result<std::vector<SqlValue>> NewestBatches(const Catalog& catalog, std::int64_t since_ns) {
  std::map<std::int64_t, std::vector<std::int64_t>> of_sensor;
  const SqlValue values[] = {since_ns, kItems};
  TAPIARY_TRY(catalog.Query(
      "SELECT sensor_id, kind, received_ns FROM items WHERE received_ns >= ? ORDER BY received_ns "
      "DESC LIMIT ?",
      values, [&of_sensor](const SqlRow& row) {
        if (row.Text(1) != "flows" && row.Text(1) != "pcap") return true;
        auto& times = of_sensor[row.Int(0)];
        if (times.size() < kBatchesOfSensor) times.push_back(row.Int(2));
        return true;
      }));
  std::vector<SqlValue> batches;
  for (std::size_t turn = 0; turn < kBatchesOfSensor; ++turn) {
    for (const auto& [sensor, times] : of_sensor) {
      if (turn < times.size() && batches.size() < kBatches) batches.emplace_back(times[turn]);
    }
  }
  return batches;
}

base::Result<> AddBatches(const Catalog& catalog, std::span<const SqlValue> batches,
                          Sensors* sensors) {
  std::string flows(kFlowsOfBatch);
  for (std::size_t i = 1; i < batches.size(); ++i)
    flows.append(" UNION ALL ").append(kFlowsOfBatch);
  return catalog.Query(fmt::format(fmt::runtime(kSelect), flows), batches,
                       [sensors](const SqlRow& row) {
                         Sums& sums = (*sensors)[row.Int(0)];
                         const std::int64_t count = row.Int(3);
                         sums.flows += count;
                         sums.spread += row.Int(4);
                         sums.talks += row.Int(5);
                         sums.one_way += row.Int(6);
                         const capture::IpAddress target = FromAddressKey(row.Blob(2));
                         const bool spread = row.Int(4) != 0;
                         if (target.version == 0 || spread || IsPublic(target)) return true;
                         sums.inbound += count;
                         sums.sources[ToAddressKey(FromAddressKey(row.Blob(1)))] += count;
                         return true;
                       });
}

}  // namespace

bool IsVantage(RuleKind kind) {
  return kind == RuleKind::kSensorBroadcast || kind == RuleKind::kSensorOneWay ||
         kind == RuleKind::kOneSource;
}

base::Result<std::map<std::int64_t, Vantage>> LookFromSensors(const Catalog& catalog, RuleKind kind,
                                                              std::int64_t since_ns) {
  Sensors sensors;
  TAPIARY_ASSIGN(const auto batches, NewestBatches(catalog, since_ns));
  for (std::span<const SqlValue> rest = batches; !rest.empty();) {
    const std::size_t count = std::min(rest.size(), kBatchesAQuestion);
    TAPIARY_TRY(AddBatches(catalog, rest.first(count), &sensors));
    rest = rest.subspan(count);
  }
  std::map<std::int64_t, Vantage> found;
  for (const auto& [sensor, sums] : sensors) {
    if (auto vantage = Judge(kind, sums)) found.emplace(sensor, std::move(*vantage));
  }
  return found;
}

}  // namespace tapiary::server
