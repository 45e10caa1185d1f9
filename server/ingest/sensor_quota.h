// SensorQuota: how much one sensor may send, so that none of them (a broken one, a taken-over one)
// takes what the others need (HP-04). Asked before one byte of a body is read.
//
// Bytes and items go by the virtual scheduling algorithm (ITU-T I.371): each request moves a time
// stamp ahead by its cost, and is refused while the stamp is further ahead than the burst. What was
// announced is paid at once; what came beyond it, as it comes. Rows that no retention removes (of
// items, of the ledger, gaps, hours of uploads) go by the day, likewise: a day's worth at once,
// then as many as the rate gives. A sensor with several tokens has one quota. Each collector counts
// for itself. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "server/http/handler.h"

namespace tapiary::server {

struct SensorLimits {  // 0: no limit
  std::uint64_t bytes_per_s = 0;
  std::uint64_t items_per_s = 0;
  std::uint64_t lasting_rows_per_day = 0;              // an item is one
  int uploads = 0;                                     // at a time
  std::int64_t burst_ns = 10 * base::kNanosPerSecond;  // so long a full rate may be saved up
};

class SensorQuota {
 public:
  using Clock = std::function<std::int64_t()>;  // steady
  explicit SensorQuota(SensorLimits limits, Clock clock = base::SteadyNow);

  // Refused with 429 and Retry-After; else the pass holds the sensor's place until it goes, which
  // may be after this object's end.
  // `limit`: where the name of the limit goes that refuses it, "limits.sensor.items", or nullptr.
  [[nodiscard]] Pass Admit(const Request& request, std::string_view* limit = nullptr);
  // Bytes that no Content-Length announced.
  void Charge(std::int64_t sensor_id, std::uint64_t bytes);
  // What an item brings besides its own row.
  void ChargeLastingRows(std::int64_t sensor_id, std::uint64_t rows);

 private:
  struct Sensor {
    std::int64_t bytes_at_ns = 0;  // until then what came is paid for
    std::int64_t items_at_ns = 0;
    std::int64_t rows_at_ns = 0;
    int uploads = 0;
  };
  struct State {
    std::mutex mutex;
    std::unordered_map<std::int64_t, Sensor> sensors;  // guarded by mutex
  };
  // How long the sensor must wait, by which limit, and why; nothing when it may go on.
  struct Wait {
    std::int64_t ns = 0;
    const char* limit = nullptr;
    const char* why = nullptr;
  };
  [[nodiscard]] Wait MustWait(const Sensor& sensor, std::int64_t now_ns) const;
  void Forget(std::int64_t now_ns);

  const SensorLimits limits_;
  const Clock clock_;
  // Shared with the passes.
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace tapiary::server
