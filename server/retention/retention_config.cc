#include "server/retention/retention_config.h"

#include "base/text.h"

namespace tapiary::server {

void AddRetentionRows(base::ConfigTable& table, RetentionConfig& config) {
  for (const DataKind kind : kDataKinds) {
    const std::string name(ToString(kind));
    KeepLimit& keep = config.all[static_cast<std::size_t>(kind)];
    // Rows lie in parts of a day.
    const char* const step = kind == DataKind::kPackets ? "hours" : "days";
    table.AddDuration(
        "retention." + name + ".age", &keep.age_ns, "0s", "0s", "36500d",
        name + " go this long after they were received, by whole " + step + "; 0s: never");
    table.AddSize("retention." + name + ".bytes", &keep.bytes, "0", "0", "4096TiB",
                  "when " + name +
                      " of all sensors take more, the sensor that has most loses its "
                      "oldest; 0: no limit");
  }
  table.Add(
      "retention.sensors", &config.sensors,
      "\"SENSOR KIND AGE BYTES\" for sensors of their own, as \"plant-a packets 30d 200GiB\"; "
      "- is no limit");
  table.AddSize("retention.min_free", &config.min_free_bytes, "1GiB", "0", "1024TiB",
                "when the disk of packets or catalog has less, the oldest goes whatever its age, "
                "but for what is pinned; 0: never");
  table.AddDuration("retention.every", &config.every_ns, "60s", "1s", "1d",
                    "time between two looks at the limits");
}

base::Result<RetentionPolicy> CompleteRetention(const RetentionConfig& config) {
  RetentionPolicy policy;
  policy.all = config.all;
  policy.min_free_bytes = config.min_free_bytes;
  for (const std::string& text : config.sensors) {
    auto limit = ParseSensorLimit(text);
    if (!limit) return limit.error().WithContext("retention.sensors");
    if (policy.Of(limit->kind, limit->sensor) != nullptr) {
      return base::MakeError(base::ErrorCode::kInvalid, "retention.sensors: " + limit->sensor +
                                                            " has two limits for " +
                                                            std::string(ToString(limit->kind)));
    }
    policy.sensors.push_back(std::move(*limit));
  }
  return policy;
}

}  // namespace tapiary::server
