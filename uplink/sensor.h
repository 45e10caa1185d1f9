// Sensor: what tapiary-sensor is made of, put together: sources, engine, spool writer, spool,
// forwarder. Started in the order in which they are needed, stopped in the order in which packets
// flow. Owned and called by main's thread.
#pragma once

#include <memory>

#include "base/result.h"
#include "uplink/sensor_config.h"

namespace tapiary::uplink {

class Sensor {
 public:
  // Opens and starts everything. Errors say which step failed, and why.
  static base::Result<std::unique_ptr<Sensor>> Start(const SensorConfig& config);
  ~Sensor();

  // True when all files are stored, and delivered when there is an uplink. kUnavailable when every
  // interface has failed.
  [[nodiscard]] base::Result<bool> finished() const;

  // Ends capture, makes everything durable, delivers for up to a second, marks a clean stop. Takes
  // less than 2 s on an idle link (CAP-01).
  base::Result<> Stop();

 private:
  struct Impl;
  explicit Sensor(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapiary::uplink
