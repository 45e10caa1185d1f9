#include "capture/source/dpdk_args.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <sstream>

#include "base/file.h"
#include "base/text.h"

namespace tapiary::capture {

namespace {

// rte_mbuf, its headroom, the pool's header and trailer, and its place in the pool's ring.
constexpr std::uint64_t kBufferExtra = 128 + 128 + 128 + 16;
constexpr std::uint32_t kPlainRoom = 2048;
constexpr std::uint32_t kBurst = 64;
constexpr std::uint64_t kPage = 4096;
// Queues, descriptors, DPDK's own tables.
constexpr std::uint64_t kBaseBytes = 48ull << 20;
constexpr std::uint64_t kBytesPerDescriptor = 128;
constexpr std::uint64_t kMaxBuffers = 16u << 20;
constexpr std::size_t kMaxPrefix = 40;
constexpr const char* kProgram = "tapiary-sensor";

base::Error Invalid(std::string message) {
  return base::MakeError(base::ErrorCode::kInvalid, std::move(message));
}

std::uint64_t Number(const std::string& path) {
  const auto text = base::ReadFile(path, 64);
  std::uint64_t value = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), value);
  return value;
}

std::uint64_t FreeHugeBytes(const std::string& root) {
  std::uint64_t bytes = 0;
  std::error_code error;
  const std::string folder = root + "/sys/kernel/mm/hugepages";
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    // "hugepages-2048kB"
    const std::string name = entry->path().filename().string();
    const std::size_t dash = name.find('-');
    if (dash == name.npos) continue;
    std::uint64_t kibibytes = 0;
    std::from_chars(name.data() + dash + 1, name.data() + name.size(), kibibytes);
    bytes += kibibytes * 1024 * Number(entry->path().string() + "/free_hugepages");
  }
  return bytes;
}

// The value behind "NAME:" in a file of /proc.
std::string Field(const std::string& path, std::string_view name) {
  const auto text = base::ReadFile(path, 1 << 16);
  if (!text) return {};
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(name)) continue;
    const std::size_t begin = line.find_first_not_of(" \t", name.size());
    return begin == line.npos ? std::string() : line.substr(begin);
  }
  return {};
}

base::Result<std::string> Prefix(const std::string& given, long pid) {
  if (given.empty()) return fmt::format("tapiary-{}", pid);
  const bool plain = given.size() <= kMaxPrefix && given[0] != '.' &&
                     std::ranges::all_of(given, [](unsigned char c) {
                       return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                              (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
                     });
  if (!plain) return Invalid("dpdk.file_prefix: letters, digits, '_', '-' and '.', 40 at most");
  if (given == "rte") {
    return Invalid("dpdk.file_prefix: 'rte' is what other DPDK programs use by default");
  }
  return given;
}

base::Result<std::vector<unsigned>> Cores(const std::string& given, const std::string& allowed) {
  auto cores = ParseCpuList(given);
  if (!cores) return cores.error().WithContext("dpdk.cores");
  const auto usable = ParseCpuList(allowed);
  for (const unsigned core : *cores) {
    if (!usable || std::ranges::find(*usable, core) != usable->end()) continue;
    return Invalid(fmt::format(
        "dpdk.cores: CPU {} is not among those that this process may use ({})", core, allowed));
  }
  return cores;
}

base::Result<std::uint32_t> Buffers(const DpdkOptions& options) {
  if (options.mbufs == 0) return DpdkBuffers(options.queues, options.ring_size);
  const std::uint64_t least =
      std::uint64_t{options.queues} * (options.ring_size + kBurst) + kDpdkCache;
  if (options.mbufs < least) {
    return Invalid(fmt::format(
        "dpdk.mbufs: {} is too few for {} queues of {} descriptors: at least {}, or 0 for {}",
        options.mbufs, options.queues, options.ring_size, least,
        DpdkBuffers(options.queues, options.ring_size)));
  }
  if (options.mbufs > kMaxBuffers) {
    return Invalid(fmt::format("dpdk.mbufs: at most {}", kMaxBuffers));
  }
  return options.mbufs;
}

// Without hugepages no buffer may cross a page, so that an ordinary one takes a page alone.
std::uint64_t BufferBytes(const DpdkPort& port, bool hugepages) {
  const std::uint64_t bytes = DpdkDataRoom(port) + kBufferExtra;
  if (hugepages) return bytes;
  return bytes <= kPage ? kPage / (kPage / bytes) : (bytes + kPage - 1) / kPage * kPage;
}

std::uint64_t NeededBytes(const DpdkOptions& options, const DpdkPlan& plan, bool hugepages) {
  std::uint64_t needed = kBaseBytes;
  for (const DpdkPort& port : plan.ports) {
    needed += plan.mbufs * BufferBytes(port, hugepages) +
              std::uint64_t{options.queues} * options.ring_size * kBytesPerDescriptor;
  }
  constexpr std::uint64_t kMiB = 1 << 20;
  return (needed + kMiB - 1) / kMiB * kMiB;
}

// How much, and whether in hugepages.
base::Result<> SetMemory(const DpdkOptions& options, const DpdkFacts& facts, DpdkPlan& plan) {
  const auto given = static_cast<std::uint64_t>(std::max<std::int64_t>(options.memory_bytes, 0));
  const std::uint64_t in_huge = std::max(given, NeededBytes(options, plan, true));
  plan.hugepages = options.hugepages != DpdkHugepages::kOff && facts.free_huge_bytes >= in_huge;
  if (options.hugepages == DpdkHugepages::kOn && !plan.hugepages) {
    return Invalid(fmt::format(
        "dpdk.hugepages is on, but {} are free in hugepages and {} are needed: reserve more "
        "(dpdk-hugepages.py --reserve {}M), or set dpdk.hugepages to auto or off",
        base::FormatSize(facts.free_huge_bytes), base::FormatSize(in_huge), in_huge >> 20));
  }
  const std::uint64_t needed = NeededBytes(options, plan, plan.hugepages);
  const std::string buffers = fmt::format("ports: {}, buffers of each: {}, which need {}",
                                          plan.ports.size(), plan.mbufs, base::FormatSize(needed));
  constexpr const char* kLower = "lower dpdk.ring_size, dpdk.queues or dpdk.mbufs";
  if (given != 0 && given < needed) {
    return Invalid(fmt::format("dpdk.memory is {}, too little ({}): raise it, or {}",
                               base::FormatSize(given), buffers, kLower));
  }
  plan.memory_bytes = std::max(given, needed);
  if (!plan.hugepages && facts.available_bytes != 0 && plan.memory_bytes > facts.available_bytes) {
    return Invalid(fmt::format("dpdk.memory: {} are wanted ({}), but this host has {} left: {}",
                               base::FormatSize(plan.memory_bytes), buffers,
                               base::FormatSize(facts.available_bytes), kLower));
  }
  return {};
}

// Why this port cannot or must not be taken; empty when it can.
std::string Refusal(const DpdkPort& port, const DpdkOptions& options, const DpdkPlan& plan,
                    const HostLinks& links) {
  std::string use = port.interface.empty() ? std::string() : links.UseOf(port.interface);
  if (port.pci) {
    const auto nic = links.Nic(port.device);
    if (!nic) return nic.error().message;
    use = nic->use;
    if (nic->driver.empty()) {
      return "no driver is bound to it: bind vfio-pci first; Tapiary never binds or unbinds";
    }
    if (nic->driver.starts_with("vfio") && !nic->blockers.empty()) {
      return fmt::format("others of its IOMMU group {} are not bound to vfio-pci: {}",
                         nic->iommu_group, nic->blockers.front());
    }
    if (!plan.hugepages && (nic->driver.starts_with("uio") || nic->driver == "igb_uio")) {
      return fmt::format(
          "its driver {} needs hugepages, and there are none in use: bind vfio-pci, "
          "or reserve hugepages",
          nic->driver);
    }
  }
  if (use.empty() || options.force) return {};
  return fmt::format("it {}: the host could be cut off; dpdk.force takes it all the same", use);
}

void SetArguments(DpdkPlan& plan, const DpdkFacts& facts) {
  // One thread of DPDK's own, on any CPU: workers are threads of the engine. In memory only, so
  // that nothing is left behind by kill -9; without hugepages that is spelled --no-shconf.
  plan.arguments = {kProgram, "--lcores", fmt::format("0@({})", facts.cpus), "-m",
                    std::to_string(plan.memory_bytes >> 20)};
  if (plan.hugepages) {
    plan.arguments.emplace_back("--in-memory");
  } else {
    plan.arguments.insert(plan.arguments.end(), {"--no-huge", "--no-shconf", "--iova-mode", "va"});
  }
  plan.arguments.insert(plan.arguments.end(),
                        {"--file-prefix", plan.file_prefix, "--no-telemetry"});
  bool any_pci = false;
  for (std::size_t i = 0; i < plan.ports.size(); ++i) {
    if (!plan.refusals[i].empty()) continue;
    any_pci = any_pci || plan.ports[i].pci;
    plan.arguments.insert(plan.arguments.end(),
                          {plan.ports[i].pci ? "-a" : "--vdev", plan.ports[i].Argument()});
  }
  // Without a list DPDK would take every NIC that it can get.
  if (!any_pci) plan.arguments.emplace_back("--no-pci");
}

}  // namespace

std::uint32_t DpdkDataRoom(const DpdkPort& port) {
  return std::max(kPlainRoom, port.frame_bytes);
}

std::uint32_t DpdkBuffers(std::uint32_t queues, std::uint32_t ring_size) {
  return queues * ring_size * 2 + queues * (kDpdkCache + kBurst);
}

DpdkFacts ReadDpdkFacts(const std::string& root) {
  DpdkFacts facts;
  facts.cpus = Field(root + "/proc/self/status", "Cpus_allowed_list:");
  if (facts.cpus.empty()) facts.cpus = std::string("0");  // GCC 12 warns of "0" itself
  facts.free_huge_bytes = FreeHugeBytes(root);
  const std::string available = Field(root + "/proc/meminfo", "MemAvailable:");
  std::uint64_t kibibytes = 0;
  std::from_chars(available.data(), available.data() + available.size(), kibibytes);
  facts.available_bytes = kibibytes * 1024;
  facts.pid = ::getpid();
  return facts;
}

base::Result<DpdkPlan> PlanDpdk(const DpdkOptions& options, std::vector<DpdkPort> ports,
                                const DpdkFacts& facts, const HostLinks& links) {
  if (ports.empty()) return Invalid("dpdk.ports is empty");
  DpdkPlan plan;
  plan.ports = std::move(ports);
  TAPIARY_ASSIGN(plan.file_prefix, Prefix(options.file_prefix, facts.pid));
  TAPIARY_ASSIGN(plan.cores, Cores(options.cores, facts.cpus));
  TAPIARY_ASSIGN(plan.mbufs, Buffers(options));
  TAPIARY_TRY(SetMemory(options, facts, plan));
  for (const DpdkPort& port : plan.ports) {
    plan.refusals.push_back(Refusal(port, options, plan, links));
  }
  SetArguments(plan, facts);
  return plan;
}

base::Result<DpdkPlan> PlanDpdk(const DpdkOptions& options, const std::string& root) {
  TAPIARY_ASSIGN(auto ports, ParseDpdkPorts(options.ports, root));
  return PlanDpdk(options, std::move(ports), ReadDpdkFacts(root),
                  HostLinks(root, options.uplink_addresses));
}

std::string DpdkPlan::CommandLine() const {
  std::string line;
  for (const std::string& argument : arguments) {
    const bool quote = argument.find_first_of("()*?;&|<>$ ") != argument.npos;
    line += (line.empty() ? "" : " ") + (quote ? "'" + argument + "'" : argument);
  }
  return line;
}

}  // namespace tapiary::capture
