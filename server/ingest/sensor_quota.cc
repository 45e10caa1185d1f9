#include "server/ingest/sensor_quota.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/clock.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kMaxIdle = 10'000;  // then those that owe nothing are forgotten
constexpr std::int64_t kMaxDebtNs = base::kNanosPerHour;

// Moves `at` ahead by what `count` cost at `rate` in `per_ns`, to `most_ns` from now.
void Pay(std::uint64_t count, std::uint64_t rate, std::int64_t per_ns, std::int64_t most_ns,
         std::int64_t now_ns, std::int64_t& at_ns) {
  if (rate == 0) return;
  const double cost =
      static_cast<double>(count) / static_cast<double>(rate) * static_cast<double>(per_ns);
  const double most = static_cast<double>(most_ns);
  at_ns = std::min(std::max(at_ns, now_ns) + static_cast<std::int64_t>(std::min(cost, most)),
                   now_ns + most_ns);
}

void Pay(std::uint64_t count, std::uint64_t rate_per_s, std::int64_t now_ns, std::int64_t& at_ns) {
  Pay(count, rate_per_s, base::kNanosPerSecond, kMaxDebtNs, now_ns, at_ns);
}

// The day's worth that may come at once counts as well.
void PayRows(std::uint64_t count, std::uint64_t rate_per_day, std::int64_t now_ns,
             std::int64_t& at_ns) {
  Pay(count, rate_per_day, base::kNanosPerDay, base::kNanosPerDay + kMaxDebtNs, now_ns, at_ns);
}

Response TooMuch(const std::string& limit, const char* why, std::int64_t wait_ns) {
  Response response = Problem(429, "Too much from this sensor", limit + ": " + why);
  const std::int64_t seconds = (wait_ns + base::kNanosPerSecond - 1) / base::kNanosPerSecond;
  response.headers.emplace_back("Retry-After", std::to_string(std::max<std::int64_t>(seconds, 1)));
  return response;
}

}  // namespace

SensorQuota::SensorQuota(SensorLimits limits, Clock clock)
    : limits_(limits), clock_(std::move(clock)) {}

SensorQuota::Wait SensorQuota::MustWait(const Sensor& sensor, std::int64_t now_ns) const {
  if (limits_.uploads > 0 && sensor.uploads >= limits_.uploads) {
    return {base::kNanosPerSecond, "limits.sensor.uploads",
            "as many uploads as allowed are open; send fewer at a time"};
  }
  const std::int64_t free_ns = now_ns + limits_.burst_ns;
  if (limits_.items_per_s > 0 && sensor.items_at_ns > free_ns) {
    return {sensor.items_at_ns - free_ns, "limits.sensor.items",
            "more items than allowed; put more into each"};
  }
  if (limits_.bytes_per_s > 0 && sensor.bytes_at_ns > free_ns) {
    return {sensor.bytes_at_ns - free_ns, "limits.sensor.bytes", "more bytes than allowed; wait"};
  }
  if (limits_.lasting_rows_per_day > 0 && sensor.rows_at_ns > now_ns + base::kNanosPerDay) {
    return {sensor.rows_at_ns - now_ns - base::kNanosPerDay, "limits.sensor.lasting_rows",
            "more items, rows of the ledger and gaps than allowed in a day; put more into each"};
  }
  return {};
}

Pass SensorQuota::Admit(const Request& request, std::string_view* limit) {
  const std::int64_t id = request.identity.sensor_id;
  const std::int64_t now_ns = clock_();
  const std::lock_guard lock(state_->mutex);
  if (state_->sensors.size() >= kMaxIdle) Forget(now_ns);
  Sensor& sensor = state_->sensors[id];
  if (const Wait wait = MustWait(sensor, now_ns); wait.why != nullptr) {
    if (limit != nullptr) *limit = wait.limit;
    return {.hold = nullptr, .refusal = TooMuch(wait.limit, wait.why, wait.ns)};
  }
  Pay(1, limits_.items_per_s, now_ns, sensor.items_at_ns);
  PayRows(1, limits_.lasting_rows_per_day, now_ns, sensor.rows_at_ns);
  Pay(request.content_length.value_or(0), limits_.bytes_per_s, now_ns, sensor.bytes_at_ns);
  ++sensor.uploads;
  // Freed with the last copy of the pass, whatever becomes of the request.
  return {.hold = std::shared_ptr<void>(nullptr,
                                        [state = state_, id](void*) {
                                          const std::lock_guard given_back(state->mutex);
                                          --state->sensors[id].uploads;
                                        }),
          .refusal = {}};
}

void SensorQuota::Charge(std::int64_t sensor_id, std::uint64_t bytes) {
  const std::lock_guard lock(state_->mutex);
  Pay(bytes, limits_.bytes_per_s, clock_(), state_->sensors[sensor_id].bytes_at_ns);
}

void SensorQuota::ChargeLastingRows(std::int64_t sensor_id, std::uint64_t rows) {
  const std::lock_guard lock(state_->mutex);
  PayRows(rows, limits_.lasting_rows_per_day, clock_(), state_->sensors[sensor_id].rows_at_ns);
}

// Called with the mutex held.
void SensorQuota::Forget(std::int64_t now_ns) {
  std::erase_if(state_->sensors, [now_ns](const auto& entry) {
    const Sensor& sensor = entry.second;
    return sensor.uploads == 0 && sensor.bytes_at_ns <= now_ns && sensor.items_at_ns <= now_ns &&
           sensor.rows_at_ns <= now_ns;
  });
}

}  // namespace tapiary::server
