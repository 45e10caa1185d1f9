// What may be kept how long and how large, per kind of data and sensor: the settings `retention.*`.
// Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/ingest/stored.h"

namespace tapiary::server {

// 0: no limit.
struct KeepLimit {
  std::int64_t age_ns = 0;  // since reception, by the collector's clock
  std::int64_t bytes = 0;
};

// Of one sensor; in place of, not beside, the kind's age. Its bytes are its own part.
struct SensorLimit {
  std::string sensor;
  DataKind kind = DataKind::kPackets;
  KeepLimit keep;
};

struct RetentionPolicy {
  std::array<KeepLimit, kDataKinds.size()> all{};  // by kind; bytes of all sensors together
  std::vector<SensorLimit> sensors;
  std::int64_t min_free_bytes = 0;  // of the disks of vault and catalog; 0: not watched

  [[nodiscard]] const KeepLimit& Of(DataKind kind) const {
    return all[static_cast<std::size_t>(kind)];
  }
  [[nodiscard]] const SensorLimit* Of(DataKind kind, std::string_view sensor) const;
};

// "plant-a packets 30d 200GiB": sensor, kind, age, bytes, with "-" for no limit. kInvalid says what
// is wrong.
base::Result<SensorLimit> ParseSensorLimit(std::string_view text);

}  // namespace tapiary::server
