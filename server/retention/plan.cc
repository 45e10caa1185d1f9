#include "server/retention/plan.h"

#include <algorithm>
#include <array>
#include <deque>
#include <iterator>
#include <map>
#include <set>
#include <tuple>

#include "base/clock.h"

namespace tapiary::server {
namespace {

constexpr std::int64_t kLongestWaitNs = base::kNanosPerDay;

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

// The hour before which all is too old. Within a part it waits for the part's end, unless that
// would keep much more than was asked for.
std::int64_t EndHour(DataKind kind, std::int64_t now_ns, std::int64_t age_ns,
                     std::span<const TimePart> parts) {
  const std::int64_t end_ns = now_ns - age_ns;
  for (const TimePart& part : parts) {
    if (part.table != ToString(kind) || part.from_ns > end_ns || part.to_ns <= end_ns) continue;
    const std::int64_t most_ns = std::max(kLongestWaitNs, age_ns / 8);
    if (part.from_ns < part.to_ns - most_ns) break;
    return part.from_ns / base::kNanosPerHour;
  }
  return end_ns / base::kNanosPerHour;
}

void PlanKind(const RetentionPolicy& policy, DataKind kind, std::int64_t now_ns,
              const SensorNames& names, std::span<const TimePart> parts, Remains& remains,
              std::vector<Cut>* out) {
  for (const auto& [id, name] : names) {
    const SensorLimit* const own = policy.Of(kind, name);
    const std::int64_t age = own != nullptr ? own->keep.age_ns : policy.Of(kind).age_ns;
    if (age > 0) remains.TakeOlder(id, EndHour(kind, now_ns, age, parts), out);
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
                              const SpaceNeeded& needed, std::span<const TimePart> parts) {
  AllRemains remains;
  for (const StoredHour& hour : stored) {
    remains[static_cast<std::size_t>(hour.kind)].Add(hour);
  }
  std::vector<Cut> cuts;
  for (const DataKind kind : kDataKinds) {
    PlanKind(policy, kind, now_ns, names, parts, remains[static_cast<std::size_t>(kind)], &cuts);
  }
  PlanDisk(needed, remains, &cuts);
  return Join(cuts, stored, now_ns / base::kNanosPerHour);
}

std::vector<PartPurge> TakeWholeParts(std::span<const TimePart> parts,
                                      std::span<const StoredHour> stored, std::int64_t now_ns,
                                      std::vector<Purge>* purges) {
  using Entry = std::tuple<DataKind, std::int64_t, std::int64_t>;  // hour, sensor
  std::set<Entry> taken;
  for (const Purge& purge : *purges) {
    for (const std::int64_t id : purge.bytes == 0 ? purge.sensors : std::vector<std::int64_t>()) {
      taken.insert({purge.kind, purge.hour, id});
    }
  }
  std::vector<PartPurge> whole;
  for (const TimePart& part : parts) {
    if (part.to_ns > now_ns - base::kNanosPerHour)
      continue;  // another collector's clock may be behind
    const auto within = [&part](DataKind kind, std::int64_t hour) {
      return ToString(kind) == part.table && hour >= part.from_ns / base::kNanosPerHour &&
             hour < part.to_ns / base::kNanosPerHour;
    };
    const bool all = std::ranges::all_of(stored, [&](const StoredHour& hour) {
      return !within(hour.kind, hour.hour) ||
             taken.contains({hour.kind, hour.hour, hour.sensor_id});
    });
    if (!all) continue;
    PartPurge& purge = whole.emplace_back(PartPurge{part, {}});
    std::ranges::copy_if(*purges, std::back_inserter(purge.hours),
                         [&within](const Purge& hour) { return within(hour.kind, hour.hour); });
    std::erase_if(*purges, [&](const Purge& hour) { return within(hour.kind, hour.hour); });
  }
  return whole;
}

}  // namespace tapiary::server
