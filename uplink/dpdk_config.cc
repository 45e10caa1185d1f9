#include "uplink/dpdk_config.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"

namespace tapiary::uplink {

namespace {

constexpr std::uint64_t kPlenty = 1ull << 50;

}  // namespace

void AddDpdkRows(base::ConfigTable& table, DpdkConfig& c) {
  table.Add("dpdk.ports", &c.ports,
            "ports to capture from by DPDK: a PCI address (0000:03:00.0), af_packet:IFACE, "
            "af_xdp:IFACE, pcap_iface:IFACE, vhost:SOCKET or vdev:NAME,ARGS");
  table.Add("dpdk.hugepages", &c.hugepages, "auto (where enough are free), on or off");
  table.AddSize("dpdk.memory", &c.memory_bytes, "0", "0", "1TiB",
                "memory of DPDK; 0: what the buffers need");
  table.AddInt("dpdk.queues", &c.queues, 1, 64,
               "queues of each port, one worker each; fewer where the port has fewer");
  table.AddInt("dpdk.ring_size", &c.ring_size, 64, 32'768, "descriptors of each queue");
  table.AddInt("dpdk.mbufs", &c.mbufs, 0, 16'777'216,
               "buffers of each port; 0: queues x ring_size x 2, and caches");
  table.Add("dpdk.cores", &c.cores,
            "CPUs of the ports' workers in turn, as 2-5,8; empty: any. A worker polls");
  table.Add("dpdk.file_prefix", &c.file_prefix,
            "name of this instance among DPDK's; empty: tapiary-PID");
  table.Add("dpdk.force", &c.force,
            "take a port with the default route or the way to the collector all the same");
  table.Add("dpdk.fallback", &c.fallback,
            "capture from the kernel's interface behind a port that DPDK cannot use, by AF_PACKET");
}

capture::DpdkOptions DpdkConfig::Options() const {
  capture::DpdkOptions options;
  options.ports = ports;
  options.hugepages = hugepages == "on"    ? capture::DpdkHugepages::kOn
                      : hugepages == "off" ? capture::DpdkHugepages::kOff
                                           : capture::DpdkHugepages::kAuto;
  options.memory_bytes = memory_bytes;
  options.queues = static_cast<std::uint32_t>(queues);
  options.ring_size = static_cast<std::uint32_t>(ring_size);
  options.mbufs = static_cast<std::uint32_t>(mbufs);
  options.cores = cores;
  options.file_prefix = file_prefix;
  options.force = force;
  return options;
}

base::Result<> CheckDpdk(const DpdkConfig& config, const std::vector<std::string>& interfaces) {
  const auto invalid = [](std::string text) {
    return base::MakeError(base::ErrorCode::kInvalid, std::move(text));
  };
  if (config.hugepages != "auto" && config.hugepages != "on" && config.hugepages != "off") {
    return invalid(fmt::format("dpdk.hugepages is auto, on or off, not '{}'",
                               base::EscapeBytes(config.hugepages)));
  }
  if (config.ports.empty()) return {};
  TAPIARY_ASSIGN(const auto ports, capture::ParseDpdkPorts(config.ports, ""));
  for (const capture::DpdkPort& port : ports) {
    if (std::ranges::find(interfaces, port.interface) == interfaces.end()) continue;
    return invalid(
        fmt::format("'{}' is in capture.interfaces and dpdk.ports: each packet would be "
                    "captured twice",
                    base::EscapeBytes(port.interface)));
  }
  capture::DpdkFacts facts = capture::ReadDpdkFacts("");
  facts.free_huge_bytes = kPlenty;
  facts.available_bytes = kPlenty;
  TAPIARY_TRY(capture::PlanDpdk(config.Options(), ports, facts, capture::HostLinks("", {})));
  return {};
}

base::Result<std::string> DescribeDpdk(const capture::DpdkOptions& options) {
  TAPIARY_ASSIGN(const capture::DpdkPlan plan, capture::PlanDpdk(options));
  std::string text = fmt::format(
      "DPDK arguments: {}\nDPDK memory: {} {} hugepages, {} buffers a "
      "port; no telemetry socket\n",
      plan.CommandLine(), base::FormatSize(plan.memory_bytes), plan.hugepages ? "in" : "without",
      plan.mbufs);
  for (std::size_t i = 0; i < plan.ports.size(); ++i) {
    if (plan.refusals[i].empty()) continue;
    text += fmt::format("DPDK port {} is refused: {}\n", base::EscapeBytes(plan.ports[i].name),
                        plan.refusals[i]);
  }
  return text;
}

}  // namespace tapiary::uplink
