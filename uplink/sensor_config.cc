#include "uplink/sensor_config.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/log.h"
#include "base/text.h"
#include "capture/label/noise.h"
#include "capture/source/bpf.h"
#include "capture/source/fanout.h"

namespace tapiary::uplink {

namespace {

constexpr std::uint16_t kEthernetLinkType = 1;  // its pcap number

void AddCaptureRows(base::ConfigTable& table, SensorConfig& c) {
  table.Add("capture.interfaces", &c.interfaces, "network interfaces to capture from");
  table.Add("capture.files", &c.files, "capture files to replay instead of interfaces; - is stdin");
  table.Add("capture.filter", &c.filter, "BPF filter in tcpdump's syntax; empty: everything");
  table.Add("capture.promiscuous", &c.promiscuous, "take frames for other stations too");
  table.Add("capture.hardware_time", &c.hardware_time,
            "packets' times by the NIC: off, auto (where it can), or on (a warning where not)");
  table.AddInt("capture.snap_length", &c.snap_length, 64, 262'144,
               "bytes stored of one packet at most");
  table.AddInt("capture.workers", &c.workers, 1, capture::kMaxFanout,
               "threads that share each interface, by pairs of hosts");
  table.AddSize("capture.ring_size", &c.ring_bytes, "32MiB", "1MiB", "4GiB",
                "kernel buffer of each interface");
  table.AddSize("capture.block_size", &c.block_bytes, "512KiB", "512KiB", "8MiB",
                "raw size of a block, the unit of compression and of reading");
  table.AddInt("capture.blocks", &c.blocks, 4, 4096,
               "blocks of each worker in memory; what they cannot hold is storage-backlog");
  table.AddDuration("capture.block_time", &c.block_time_ns, "1s", "100ms", "10s",
                    "a block closes at this age");
}

void AddMeterRows(base::ConfigTable& table, SensorConfig& c) {
  table.AddInt("meter.max_flows", &c.max_flows, 1000, 100'000'000, "flows in memory at most");
  table.AddSize("meter.max_ot_memory", &c.max_ot_bytes, "64MiB", "1MiB", "64GiB",
                "requests and parts of messages that wait, of all OT flows of an interface");
  table.AddDuration("meter.idle_timeout", &c.idle_timeout_ns, "300s", "1s", "24h",
                    "a flow without packets for so long ends");
  table.AddDuration("meter.active_timeout", &c.active_timeout_ns, "60s", "0s", "24h",
                    "a long flow is recorded this often; 0s: only at its end");
  table.AddDuration("meter.closed_timeout", &c.closed_timeout_ns, "60s", "0s", "1h",
                    "how long a closed connection takes late packets");
  table.Add("meter.drop_duplicates", &c.drop_duplicates,
            "neither meter nor store what a mirror delivers a second time; else it is counted");
  table.Add("meter.labels", &c.labels,
            "who names IT services and reads their labels: ndpi, or none");
  table.Add("noise.lists", &c.noise_lists,
            "lists of networks whose flows are noise: FILE[=NAME][,OPTION=VALUE]...");
}

void AddSpoolRows(base::ConfigTable& table, SensorConfig& c) {
  table.Add("spool.path", &c.spool_path, "folder of the spool");
  table.AddSize("spool.max_size", &c.spool_max_bytes, "10GiB", "64MiB", "1024TiB",
                "bytes on disk; above it the oldest packets go first, and are told");
  table.AddSize("spool.segment_size", &c.segment_bytes, "16MiB", "64KiB", "128MiB",
                "a segment closes at this stored size");
  table.AddDuration("spool.segment_age", &c.segment_age_ns, "60s", "100ms", "1h", "or at this age");
  table.AddDuration("spool.sync_interval", &c.sync_ns, "500ms", "10ms", "10s",
                    "what was captured is safe on disk after so long");
  table.AddDuration("spool.batch_time", &c.batch_ns, "1s", "10ms", "1m",
                    "flow and OT records are collected for so long");
  table.AddDuration("spool.command_time", &c.command_ns, "200ms", "10ms", "10s",
                    "commands do not wait for that; they are sent at once, but not more often");
}

void AddUplinkRows(base::ConfigTable& table, SensorConfig& c) {
  table.Add("uplink.url", &c.url, "the collector, https://HOST:PORT; empty: only store");
  table.Add("uplink.ca_file", &c.ca_file,
            "PEM file of the CA that signed the collector's certificate; empty: the system's");
  table.Add("uplink.token_file", &c.token_file,
            "file with the sensor's token, readable by its owner only");
  table.Add("uplink.proxy", &c.proxy, "proxy URL; empty: none, whatever the environment says");
  table.AddSize("uplink.bandwidth", &c.bytes_per_s, "0", "0", "100GiB",
                "bytes a second at most; 0: no limit");
  table.AddDuration("uplink.connect_timeout", &c.connect_timeout_ns, "10s", "100ms", "5m",
                    "time for connecting");
  table.AddDuration("uplink.stall_timeout", &c.stall_ns, "60s", "1s", "10m",
                    "a transfer without progress for so long has failed");
  table.AddDuration("uplink.connection_age", &c.connection_age_ns, "5m", "1s", "24h",
                    "a connection is used for so long, then the name is resolved again");
  table.AddDuration("uplink.retry_min", &c.retry_min_ns, "1s", "10ms", "1h",
                    "limit of the first wait after a failure; it doubles");
  table.AddDuration("uplink.retry_max", &c.retry_max_ns, "60s", "10ms", "24h",
                    "limit of all waits after failures");
}

base::Result<> CheckInterfaces(std::vector<std::string> names) {
  constexpr std::size_t kMaxInterfaceName = 15;  // IFNAMSIZ without its NUL
  for (const std::string& name : names) {
    const bool several = name.find_first_of(", ") != std::string::npos;
    if (!name.empty() && name.size() <= kMaxInterfaceName && !several) continue;
    return base::MakeError(
        base::ErrorCode::kInvalid,
        fmt::format("capture.interfaces: '{}' is no interface name{}", base::EscapeBytes(name),
                    several ? "; for several, repeat the option" : " of 1 to 15 characters"));
  }
  std::sort(names.begin(), names.end());
  if (std::adjacent_find(names.begin(), names.end()) != names.end()) {
    return base::MakeError(base::ErrorCode::kInvalid,
                           "capture.interfaces names an interface twice");
  }
  return {};
}

base::Result<> CheckLabels(const std::string& labels) {
  if (labels == "none" || (labels == "ndpi" && capture::LabelsBuilt())) return {};
  return base::MakeError(base::ErrorCode::kInvalid,
                         labels == "ndpi" ? std::string("meter.labels: this build is without nDPI")
                                          : fmt::format("meter.labels is none or ndpi, not '{}'",
                                                        base::EscapeBytes(labels)));
}

}  // namespace

void AddRows(base::ConfigTable& table, SensorConfig& config) {
  AddCaptureRows(table, config);
  AddDpdkRows(table, config.dpdk);
  AddMeterRows(table, config);
  AddSpoolRows(table, config);
  AddUplinkRows(table, config);
  table.AddDuration("health.interval", &config.health_ns, "10s", "100ms", "1h",
                    "how often health and loss ledger are reported");
  table.Add("log.level", &config.log_level, "debug, info, warning or error");
  table.AddExample("tapiary-sensor --config /etc/tapiary/sensor.yaml", "run as configured");
  table.AddExample(
      "tapiary-sensor --capture.interfaces tap0 --spool.path /srv/spool "
      "--uplink.url https://collector:8443",
      "capture from tap0 and send");
  table.AddExample("tapiary-sensor --list-interfaces",
                   "show interfaces and NICs, their drivers, and what the host needs them for");
  table.AddExample("tapiary-sensor --capture.files plant.pcapng --spool.path ./spool",
                   "store a capture file in a spool, and end");
}

base::Result<> Check(const SensorConfig& config) {
  const auto invalid = [](const char* text) {
    return base::MakeError(base::ErrorCode::kInvalid, text);
  };
  const bool live = !config.interfaces.empty() || !config.dpdk.ports.empty();
  if (!live && config.files.empty()) {
    return invalid("nothing to capture from: set capture.interfaces, dpdk.ports or capture.files");
  }
  if (live && !config.files.empty()) {
    return invalid("capture.files cannot be used together with capture.interfaces or dpdk.ports");
  }
  if (config.hardware_time != "off" && config.hardware_time != "auto" &&
      config.hardware_time != "on") {
    return invalid("capture.hardware_time is off, auto or on");
  }
  TAPIARY_TRY(CheckInterfaces(config.interfaces));
  TAPIARY_TRY(CheckDpdk(config.dpdk, config.interfaces));
  if (live) {
    // Other link types than Ethernet are only known once a source is open.
    TAPIARY_TRY(capture::PacketFilter::Compile(config.filter, kEthernetLinkType));
  }
  if (config.segment_bytes * 4 > config.spool_max_bytes) {
    return invalid("spool.max_size must hold at least four segments of spool.segment_size");
  }
  if (config.retry_min_ns > config.retry_max_ns) {
    return invalid("uplink.retry_min is above uplink.retry_max");
  }
  TAPIARY_TRY(CheckLabels(config.labels));
  TAPIARY_TRY(capture::NoiseFilter::Load(config.noise_lists));
  TAPIARY_TRY(base::ParseLogLevel(config.log_level));
  if (!config.url.empty()) TAPIARY_TRY(CheckUplink(config.Forwarder()));
  return {};
}

SpoolOptions SensorConfig::Spool() const {
  SpoolOptions options;
  options.path = spool_path;
  options.evidence = true;
  options.max_bytes = spool_max_bytes;
  options.segment_bytes = segment_bytes;
  options.segment_age_ns = segment_age_ns;
  options.packet_delay_ns = block_time_ns + sync_ns;
  options.flow_delay_ns = active_timeout_ns > 0 ? active_timeout_ns : idle_timeout_ns;
  return options;
}

WriterOptions SensorConfig::Writer() const {
  WriterOptions options;
  options.sync_ns = sync_ns;
  options.batch_ns = batch_ns;
  options.command_ns = command_ns;
  options.health_ns = health_ns;
  options.spool_max_bytes = static_cast<std::uint64_t>(spool_max_bytes);
  return options;
}

ForwarderOptions SensorConfig::Forwarder() const {
  ForwarderOptions options;
  options.http.url = url;
  options.http.ca_file = ca_file;
  options.http.proxy = proxy;
  options.http.bytes_per_s = bytes_per_s;
  options.http.connect_timeout_ns = connect_timeout_ns;
  options.http.stall_ns = stall_ns;
  options.http.max_connection_age_ns = connection_age_ns;
  options.token_file = token_file;
  options.backoff.min_ns = retry_min_ns;
  options.backoff.max_ns = retry_max_ns;
  options.refused_wait_ns = retry_max_ns;
  return options;
}

capture::NicTime SensorConfig::NicTime() const {
  return hardware_time == "on"     ? capture::NicTime::kOn
         : hardware_time == "auto" ? capture::NicTime::kAuto
                                   : capture::NicTime::kOff;
}

capture::DpdkOptions SensorConfig::Dpdk() const {
  capture::DpdkOptions options = dpdk.Options();
  options.filter = filter;
  options.snap_length = static_cast<std::uint32_t>(snap_length);
  options.promiscuous = promiscuous;
  return options;
}

capture::EngineOptions SensorConfig::Engine(std::uint64_t epoch) const {
  capture::EngineOptions options;
  options.meter.epoch = epoch;
  options.meter.max_flows = static_cast<std::size_t>(max_flows);
  options.meter.max_ot_bytes = static_cast<std::size_t>(max_ot_bytes);
  options.meter.idle_timeout_ns = idle_timeout_ns;
  options.meter.active_timeout_ns = active_timeout_ns;
  options.meter.closed_timeout_ns = closed_timeout_ns;
  options.meter.labels = labels == "ndpi";
  options.meter.drop_copies = drop_duplicates;
  options.block_bytes = static_cast<std::size_t>(block_bytes);
  options.blocks_per_worker = static_cast<std::size_t>(blocks);
  options.block_time_ns = block_time_ns;
  return options;
}

}  // namespace tapiary::uplink
