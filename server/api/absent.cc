#include "server/api/absent.h"

#include <fmt/core.h>

#include <map>

#include "base/clock.h"
#include "base/text.h"

namespace tapiary::server {
namespace {

struct Sensor {
  std::string name;
  std::int64_t since_ns = INT64_MIN;  // packets that were received from then on are kept
  std::string reason{};
};

struct Sum {
  std::uint64_t flows = 0;
  std::uint64_t packets = 0;
  void Add(const FlowSelector::Absent& flow) {
    ++flows;
    packets += flow.packets;
  }
};

base::Result<Sensor> FindSensor(const Catalog& catalog, std::int64_t id) {
  Sensor sensor;
  const SqlValue key[] = {id};
  TAPIARY_TRY(catalog.Query(
      "SELECT s.name, r.since_ns, r.reason FROM sensors s LEFT JOIN retained r ON r.sensor_id = "
      "s.id AND r.kind = 'packets' WHERE s.id = ?",
      key, [&sensor](const SqlRow& row) {
        sensor.name = row.Text(0);
        if (!row.IsNull(1)) sensor.since_ns = row.Int(1);
        sensor.reason = row.Text(2);
        return false;
      }));
  return sensor;
}

// A stream's segments come in order: what has one behind it will not come any more.
class Newest {
 public:
  explicit Newest(const Catalog& catalog) : catalog_(catalog) {}

  base::Result<std::uint64_t> BlockOf(const StreamKey& stream) {
    const auto known = blocks_.find(stream);
    if (known != blocks_.end()) return known->second;
    const auto& [sensor_id, epoch, number] = stream;
    const SqlValue key[] = {sensor_id, static_cast<std::int64_t>(epoch), std::int64_t{number}};
    std::uint64_t block = 0;
    TAPIARY_TRY(catalog_.Query(
        "SELECT first_block FROM segments WHERE sensor_id = ? AND epoch = ? AND stream = ? ORDER "
        "BY first_block DESC LIMIT 1",
        key, [&block](const SqlRow& row) {
          block = static_cast<std::uint64_t>(row.Int(0));
          return false;
        }));
    blocks_[stream] = block;
    return block;
  }

 private:
  const Catalog& catalog_;
  std::map<StreamKey, std::uint64_t> blocks_;
};

void Tell(const Sensor& sensor, const Sum& removed, const Sum& lost, const Sum& late,
          std::vector<Absence>* out) {
  const std::string name = base::EscapeBytes(sensor.name);
  if (removed.flows > 0) {
    out->push_back({fmt::format("MISSING: retention ({}) removed what was received of sensor {} "
                                "before {}: up to {} packets of {} of these flows are not here",
                                sensor.reason, name, base::FormatTime(sensor.since_ns),
                                removed.packets, removed.flows),
                    removed.packets});
  }
  if (lost.flows > 0) {
    out->push_back({fmt::format("MISSING: up to {} packets of {} of these flows of sensor {} never "
                                "came, or were removed: its gaps and `tapiary verify` tell more",
                                lost.packets, lost.flows, name),
                    lost.packets});
  }
  if (late.flows == 0) return;
  out->push_back({fmt::format("LATE: up to {} packets of {} of these flows of sensor {} have not "
                              "come yet",
                              late.packets, late.flows, name),
                  late.packets, true});
}

}  // namespace

base::Result<std::vector<Absence>> AbsentOf(const Catalog& catalog, const FlowSelector& flows) {
  std::map<std::int64_t, std::vector<FlowSelector::Absent>> by_sensor;
  for (FlowSelector::Absent& flow : flows.absent()) {
    by_sensor[std::get<0>(flow.stream)].push_back(flow);
  }
  Newest newest(catalog);
  std::vector<Absence> told;
  for (const auto& [id, absent] : by_sensor) {
    TAPIARY_ASSIGN(const Sensor sensor, FindSensor(catalog, id));
    Sum removed, lost, late;
    for (const FlowSelector::Absent& flow : absent) {
      if (flow.received_ns < sensor.since_ns) {
        removed.Add(flow);
        continue;
      }
      TAPIARY_ASSIGN(const std::uint64_t block, newest.BlockOf(flow.stream));
      (block > flow.block ? lost : late).Add(flow);
    }
    Tell(sensor, removed, lost, late, &told);
  }
  return told;
}

base::Result<std::vector<Absence>> RemovedFrom(
    const Catalog& catalog, const TimeWindow& window,
    const std::function<bool(std::string_view sensor)>& wants) {
  std::vector<Absence> told;
  const SqlValue from[] = {window.from_ns};
  TAPIARY_TRY(catalog.Query(
      "SELECT s.name, r.since_ns, r.reason FROM retained r JOIN sensors s ON s.id = r.sensor_id "
      "WHERE r.kind = 'packets' AND r.since_ns > ? ORDER BY s.id",
      from, [&](const SqlRow& row) {
        if (!wants(row.Text(0))) return true;
        told.push_back({fmt::format(
            "MISSING: retention ({}) removed packets of sensor {} that "
            "were received before {}",
            row.Text(2), base::EscapeBytes(row.Text(0)), base::FormatTime(row.Int(1)))});
        return true;
      }));
  return told;
}

}  // namespace tapiary::server
