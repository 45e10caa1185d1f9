// The configuration of tapiary-sensor: one struct and the table that fills it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config.h"
#include "capture/engine.h"
#include "capture/label/labeler.h"
#include "uplink/dpdk_config.h"
#include "uplink/forwarder.h"
#include "uplink/spool/spool.h"
#include "uplink/spool_writer.h"

namespace tapiary::uplink {

struct SensorConfig {
  std::vector<std::string> interfaces;
  std::vector<std::string> files;
  std::string filter;
  bool promiscuous = true;
  std::string hardware_time = "off";
  std::int64_t snap_length = 262'144;
  std::int64_t workers = 1;
  std::int64_t ring_bytes = 0;
  std::int64_t block_bytes = 0;
  std::int64_t blocks = 64;
  std::int64_t block_time_ns = 0;
  std::int64_t max_flows = 1'000'000;
  std::int64_t max_ot_bytes = 0;
  std::int64_t idle_timeout_ns = 0;
  std::int64_t active_timeout_ns = 0;
  std::int64_t closed_timeout_ns = 0;
  bool drop_duplicates = false;
  std::string labels = capture::LabelsBuilt() ? "ndpi" : "none";
  std::vector<std::string> noise_lists;
  std::string spool_path = "/var/lib/tapiary/spool";
  std::int64_t spool_max_bytes = 0;
  std::int64_t segment_bytes = 0;
  std::int64_t segment_age_ns = 0;
  std::int64_t sync_ns = 0;
  std::int64_t batch_ns = 0;
  std::int64_t command_ns = 0;
  std::string url;
  std::string ca_file;
  std::string token_file = "/etc/tapiary/sensor.token";
  std::string proxy;
  std::int64_t bytes_per_s = 0;
  std::int64_t connect_timeout_ns = 0;
  std::int64_t stall_ns = 0;
  std::int64_t connection_age_ns = 0;
  std::int64_t retry_min_ns = 0;
  std::int64_t retry_max_ns = 0;
  std::int64_t health_ns = 0;
  DpdkConfig dpdk;
  std::string log_level = "info";

  [[nodiscard]] SpoolOptions Spool() const;
  [[nodiscard]] WriterOptions Writer() const;
  [[nodiscard]] ForwarderOptions Forwarder() const;
  [[nodiscard]] capture::EngineOptions Engine(std::uint64_t epoch) const;
  [[nodiscard]] capture::NicTime NicTime() const;
  // `dpdk` with what is the same for every source.
  [[nodiscard]] capture::DpdkOptions Dpdk() const;
};

// Adds a row for each member; `config` must outlive the table.
void AddRows(base::ConfigTable& table, SensorConfig& config);

// What the table cannot know: sources are given, file and interface are not mixed, filter, URL, CA
// file and token file can be used. Opens no source, spool or connection. kInvalid, or of the file.
base::Result<> Check(const SensorConfig& config);

}  // namespace tapiary::uplink
