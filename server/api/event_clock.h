// How far the clock of a honeypot is off, learned from many of its events (HP-01).
//
// A sample is an event that says its own port and stands for the beginning of a connection (or for
// a short one), and the only conversation of that source and port that was received about when the
// event was: both were received by the collector's clock, so it makes no difference how wrong the
// honeypot's is. The median of the samples around an event moves the window in which its packets
// are searched; what the honeypot stated stays as it is. Any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

struct EventClock {
  std::int64_t offset_ns = 0;  // positive: the honeypot's clock is ahead of the sensor's
  std::int64_t spread_ns = 0;  // median distance from the median
  std::int64_t samples = 0;
  std::int64_t last_ns = 0;  // when the newest of them was received

  // Enough samples that agree: the search goes by it.
  [[nodiscard]] bool Known() const;
};

// Of a service (`dataset`) of a sensor, about the time of reception. No samples: all zero.
base::Result<EventClock> ClockOf(const Catalog& catalog, std::int64_t sensor_id,
                                 const std::string& dataset, std::int64_t received_ns);

struct HoneypotClock {
  std::int64_t sensor_id = 0;
  std::string dataset{};
  EventClock clock{};
};
// Of every honeypot that has samples, as of its newest ones.
base::Result<std::vector<HoneypotClock>> AllClocks(const Catalog& catalog);

// Takes samples from the newest events that were received in [from, to]; returns how many.
base::Result<std::int64_t> LearnClocks(Catalog& catalog, std::int64_t from_ns, std::int64_t to_ns);

// Learns every minute, on a thread of its own, until destroyed. Several collectors of one catalog
// may do so: an event is one sample, whoever takes it.
class ClockLearner {
 public:
  explicit ClockLearner(Catalog& catalog);  // must outlive it
  ~ClockLearner();
  ClockLearner(const ClockLearner&) = delete;
  ClockLearner& operator=(const ClockLearner&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapiary::server
