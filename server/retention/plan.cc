#include "server/retention/plan.h"

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <tuple>

namespace tapiary::server {
namespace {

struct Cut {
  StoredHour hour;
  PurgeReason reason = PurgeReason::kAge;
  std::int64_t bytes = 0;
};

// What is left of one kind, sensor by sensor.
class Remains {
 public:
  void Add(const StoredHour& hour) {
    Sensor& sensor = sensors_[hour.sensor_id];
    sensor.bytes += hour.amount.bytes;
    total_ += hour.amount.bytes;
    if (!hour.spared) sensor.hours.push_back(hour);
  }
  [[nodiscard]] std::int64_t total() const { return total_; }

  // Whole hours before `end_hour`.
  void TakeOlder(std::int64_t sensor_id, std::int64_t end_hour, std::vector<Cut>* out) {
    Sensor& sensor = sensors_[sensor_id];
    while (!sensor.hours.empty() && sensor.hours.front().hour < end_hour) {
      TakeOldest(sensor, sensor.hours.front().amount.bytes, PurgeReason::kAge, out);
    }
  }
  // Until the sensor has no more than that.
  void Shrink(std::int64_t sensor_id, std::int64_t limit, std::vector<Cut>* out) {
    Sensor& sensor = sensors_[sensor_id];
    while (sensor.bytes > limit && !sensor.hours.empty()) {
      TakeOldest(sensor, sensor.bytes - limit, PurgeReason::kBytes, out);
    }
  }
  // `need` bytes of whoever has most; as many as were found.
  std::int64_t TakeFromLargest(std::int64_t need, PurgeReason reason, std::vector<Cut>* out) {
    std::int64_t taken = 0;
    while (taken < need) {
      Sensor* const largest = Largest();
      if (largest == nullptr) break;
      taken += TakeOldest(*largest, need - taken, reason, out);
    }
    return taken;
  }

 private:
  struct Sensor {
    std::int64_t bytes = 0;
    std::deque<StoredHour> hours{};
  };

  Sensor* Largest() {
    Sensor* largest = nullptr;
    for (auto& [id, sensor] : sensors_) {
      if (sensor.hours.empty()) continue;
      if (largest == nullptr || sensor.bytes > largest->bytes) largest = &sensor;
    }
    return largest;
  }
  // The oldest hour, or so much of it; an hour that loses a part is not asked again.
  std::int64_t TakeOldest(Sensor& sensor, std::int64_t need, PurgeReason reason,
                          std::vector<Cut>* out) {
    const StoredHour hour = sensor.hours.front();
    sensor.hours.pop_front();
    const std::int64_t bytes = std::min(need, hour.amount.bytes);
    out->push_back({hour, reason, bytes < hour.amount.bytes ? bytes : 0});
    sensor.bytes -= bytes;
    total_ -= bytes;
    return bytes;
  }

  std::map<std::int64_t, Sensor> sensors_;
  std::int64_t total_ = 0;
};

using AllRemains = std::array<Remains, kDataKinds.size()>;

void PlanKind(const RetentionPolicy& policy, DataKind kind, std::int64_t now_ns,
              const SensorNames& names, Remains& remains, std::vector<Cut>* out) {
  for (const auto& [id, name] : names) {
    const SensorLimit* const own = policy.Of(kind, name);
    const std::int64_t age = own != nullptr ? own->keep.age_ns : policy.Of(kind).age_ns;
    if (age > 0) remains.TakeOlder(id, (now_ns - age) / kHourNs, out);
    if (own != nullptr && own->keep.bytes > 0) remains.Shrink(id, own->keep.bytes, out);
  }
  const std::int64_t limit = policy.Of(kind).bytes;
  if (limit > 0 && remains.total() > limit) {
    remains.TakeFromLargest(remains.total() - limit, PurgeReason::kBytes, out);
  }
}

std::int64_t BytesOf(std::span<const Cut> cuts, bool packets) {
  std::int64_t bytes = 0;
  for (const Cut& cut : cuts) {
    if ((cut.hour.kind == DataKind::kPackets) != packets) continue;
    bytes += cut.bytes != 0 ? cut.bytes : cut.hour.amount.bytes;
  }
  return bytes;
}

// What the limits take anyway counts. Rows go from the kind that has most.
void PlanDisk(const SpaceNeeded& needed, AllRemains& remains, std::vector<Cut>* out) {
  remains[0].TakeFromLargest(needed.packets - BytesOf(*out, true), PurgeReason::kDisk, out);
  std::int64_t rows = needed.rows - BytesOf(*out, false);
  std::array<Remains*, kDataKinds.size() - 1> kinds{};
  for (std::size_t i = 0; i < kinds.size(); ++i) kinds[i] = &remains[i + 1];
  std::ranges::sort(kinds, std::greater(), &Remains::total);
  for (Remains* const kind : kinds) {
    rows -= kind->TakeFromLargest(rows, PurgeReason::kDisk, out);
  }
}

// Sensors that lose the same hour lose it together: its rows are looked at once.
std::vector<Purge> Join(const std::vector<Cut>& cuts, std::span<const StoredHour> stored,
                        std::int64_t this_hour) {
  std::map<std::tuple<DataKind, std::int64_t>, std::size_t> sensors;
  for (const StoredHour& hour : stored) ++sensors[{hour.kind, hour.hour}];
  std::vector<Purge> purges;
  std::map<std::tuple<DataKind, std::int64_t, PurgeReason>, std::size_t> whole;
  for (const Cut& cut : cuts) {
    const StoredHour& hour = cut.hour;
    if (cut.bytes == 0) {
      const auto [known, added] =
          whole.try_emplace({hour.kind, hour.hour, cut.reason}, purges.size());
      if (!added) {
        purges[known->second].sensors.push_back(hour.sensor_id);
        continue;
      }
    }
    purges.push_back({hour.kind, hour.hour, {hour.sensor_id}, false, cut.reason, cut.bytes});
  }
  for (Purge& purge : purges) {
    purge.of_all =
        purge.hour < this_hour && purge.sensors.size() == sensors[{purge.kind, purge.hour}];
  }
  return purges;
}

}  // namespace

std::string_view ToString(PurgeReason reason) {
  constexpr std::array<std::string_view, 3> kNames{"age", "bytes", "disk"};
  return kNames[static_cast<std::size_t>(reason)];
}

std::vector<Purge> PlanPurges(const RetentionPolicy& policy, std::span<const StoredHour> stored,
                              const SensorNames& names, std::int64_t now_ns,
                              const SpaceNeeded& needed) {
  AllRemains remains;
  for (const StoredHour& hour : stored) {
    remains[static_cast<std::size_t>(hour.kind)].Add(hour);
  }
  std::vector<Cut> cuts;
  for (const DataKind kind : kDataKinds) {
    PlanKind(policy, kind, now_ns, names, remains[static_cast<std::size_t>(kind)], &cuts);
  }
  PlanDisk(needed, remains, &cuts);
  return Join(cuts, stored, now_ns / kHourNs);
}

}  // namespace tapiary::server
