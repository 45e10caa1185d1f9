// Sensor: what tapiary-sensor is made of, put together: sources, engine, spool writer, spool,
// forwarder. Started in the order in which they are needed, stopped in the order in which packets
// flow. Owned and called by main's thread.
#pragma once

#include <memory>
#include <vector>

#include "base/result.h"
#include "uplink/sensor_config.h"

namespace tapiary::uplink {

class Sensor {
 public:
  // Makes the sources of DPDK's ports: capture::MakeDpdkSources, which only the program links.
  using DpdkMaker =
      std::vector<std::unique_ptr<capture::PacketSource>> (*)(const capture::DpdkOptions& options);

  // Opens and starts everything. Errors say which step failed, and why. `dpdk` may be null when no
  // port of DPDK is configured.
  static base::Result<std::unique_ptr<Sensor>> Start(const SensorConfig& config,
                                                     DpdkMaker dpdk = nullptr);
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
