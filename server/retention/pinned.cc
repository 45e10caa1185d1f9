#include "server/retention/pinned.h"

#include <array>

namespace tapiary::server {

#define TAPIARY_NO_PIN "NOT EXISTS (SELECT 1 FROM pins p WHERE p.sensor_id = r.sensor_id AND "

const char* NotPinned(DataKind kind) {
  // A flow's pin holds its packets, and what others said in its time: it is bounded by its times.
  constexpr std::array<const char*, kDataKinds.size()> kConditions{
      TAPIARY_NO_PIN "p.from_ns <= r.last_ns AND p.to_ns >= r.first_ns)",
      TAPIARY_NO_PIN
      "p.from_ns <= r.end_ns AND p.to_ns >= r.start_ns AND (p.flow_number IS NULL OR (p.epoch = "
      "r.epoch AND p.flow_number = r.number)))",
      TAPIARY_NO_PIN
      "p.from_ns <= r.time_ns AND p.to_ns >= r.time_ns AND (p.flow_number IS NULL OR (p.epoch = "
      "r.epoch AND p.flow_number = r.flow_number)))",
      TAPIARY_NO_PIN "p.from_ns <= r.time_ns AND p.to_ns >= r.time_ns)"};
  return kConditions[static_cast<std::size_t>(kind)];
}

#undef TAPIARY_NO_PIN

}  // namespace tapiary::server
