#include "server/alert/vantage.h"

#include <fmt/core.h>

#include "capture/records.h"
#include "server/alert/address_guard.h"
#include "server/query/value.h"

namespace tapiary::server {
namespace {

// Shares, in percent, that are as good as all: a switch floods a few frames, a mirror starts late.
constexpr std::int64_t kAllSpread = 98;
constexpr std::int64_t kAllOneWay = 95;
constexpr std::int64_t kAllOneSource = 95;

// A group address has the lowest bit of its first byte set. Payload makes a conversation of what
// could be an unanswered scan.
constexpr std::string_view kSelect =
    "SELECT sensor_id, orig_ip, resp_ip, COUNT(*), SUM(spread), SUM(talk), "
    "SUM(CASE WHEN talk = 1 AND (orig_packets = 0 OR resp_packets = 0) THEN 1 ELSE 0 END) FROM ("
    "SELECT f.sensor_id, f.orig_ip, f.resp_ip, f.orig_packets, f.resp_packets, "
    "CASE WHEN substr(COALESCE(json_extract(f.record, '$.resp.mac'), ''), 2, 1) IN "
    "('1', '3', '5', '7', '9', 'b', 'd', 'f') THEN 1 ELSE 0 END AS spread, "
    "CASE WHEN f.proto = 6 AND (json_extract(f.record, '$.orig.payload') IS NOT NULL OR "
    "json_extract(f.record, '$.resp.payload') IS NOT NULL) THEN 1 ELSE 0 END AS talk "
    "FROM flows f WHERE f.received_ns >= ? ORDER BY f.received_ns DESC LIMIT ?) g "
    "GROUP BY sensor_id, orig_ip, resp_ip";

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

}  // namespace

bool IsVantage(RuleKind kind) {
  return kind == RuleKind::kSensorBroadcast || kind == RuleKind::kSensorOneWay ||
         kind == RuleKind::kOneSource;
}

base::Result<std::map<std::int64_t, Vantage>> LookFromSensors(const Catalog& catalog, RuleKind kind,
                                                              std::int64_t since_ns) {
  std::map<std::int64_t, Sums> sensors;
  const SqlValue values[] = {since_ns, kVantageFlows};
  TAPIARY_TRY(catalog.Query(std::string(kSelect), values, [&sensors](const SqlRow& row) {
    Sums& sums = sensors[row.Int(0)];
    const std::int64_t flows = row.Int(3);
    sums.flows += flows;
    sums.spread += row.Int(4);
    sums.talks += row.Int(5);
    sums.one_way += row.Int(6);
    const capture::IpAddress target = FromAddressKey(row.Blob(2));
    const bool spread = row.Int(4) != 0;
    if (target.version == 0 || spread || IsPublic(target)) return true;
    sums.inbound += flows;
    sums.sources[ToAddressKey(FromAddressKey(row.Blob(1)))] += flows;
    return true;
  }));
  std::map<std::int64_t, Vantage> found;
  for (const auto& [sensor, sums] : sensors) {
    if (auto vantage = Judge(kind, sums)) found.emplace(sensor, std::move(*vantage));
  }
  return found;
}

}  // namespace tapiary::server
