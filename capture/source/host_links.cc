#include "capture/source/host_links.h"

#include <arpa/inet.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>
#include <sstream>

#include "base/file.h"
#include "base/text.h"

namespace tapiary::capture {

namespace {

namespace fs = std::filesystem;
using Address = std::array<std::uint8_t, 16>;  // IPv4 as ::ffff:a.b.c.d

constexpr int kMaxDepth = 4;  // a VLAN on a bond on a bridge
constexpr std::size_t kMaxText = 1 << 20;
constexpr std::string_view kNetworkClass = "0x02";
constexpr unsigned kReject = 0x200;  // RTF_REJECT
constexpr unsigned kUp = 1;          // RTF_UP

struct Route {
  Address to{};
  unsigned bits = 0;  // of 128
  std::string interface;
};

std::string ReadLine(const fs::path& path) {
  const auto text = base::ReadFile(path.string(), 4096);
  if (!text) return {};
  return text->substr(0, text->find('\n'));
}

std::string LinkName(const fs::path& link) {
  std::error_code error;
  const fs::path target = fs::read_symlink(link, error);
  return error ? std::string() : target.filename().string();
}

std::vector<std::string> Names(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool Matches(const Route& route, const Address& address) {
  for (unsigned bit = 0; bit < route.bits; ++bit) {
    const unsigned mask = 0x80u >> bit % 8;
    if (((route.to[bit / 8] ^ address[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

std::optional<Address> ParseAddress(const std::string& text) {
  Address address{};
  if (::inet_pton(AF_INET6, text.c_str(), address.data()) == 1) return address;
  address[10] = address[11] = 0xff;
  if (::inet_pton(AF_INET, text.c_str(), address.data() + 12) == 1) return address;
  return {};
}

std::optional<std::uint32_t> Hex(const std::string& text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return {};
  return value;
}

// /proc/net/route: addresses as the host's integers, of bytes in network order.
std::optional<Route> Ipv4Route(const std::string& line) {
  std::istringstream words(line);
  std::string name, to, gateway, flags, references, use, metric, mask;
  words >> name >> to >> gateway >> flags >> references >> use >> metric >> mask;
  const auto to_value = Hex(to), mask_value = Hex(mask), flag_bits = Hex(flags);
  if (!to_value || !mask_value || !flag_bits) return {};  // the heading too
  if ((*flag_bits & kUp) == 0 || (*flag_bits & kReject) != 0) return {};
  Route route;
  route.interface = name;
  route.to[10] = route.to[11] = 0xff;
  for (unsigned i = 0; i < 4; ++i) {
    route.to[12 + i] = static_cast<std::uint8_t>(*to_value >> 8 * i);
  }
  route.bits = 96 + static_cast<unsigned>(__builtin_popcount(*mask_value));
  return route;
}

std::optional<Route> Ipv6Route(const std::string& line) {
  std::istringstream words(line);
  std::string to, bits, from, from_bits, next, metric, references, use, flags, name;
  words >> to >> bits >> from >> from_bits >> next >> metric >> references >> use >> flags >> name;
  const auto bytes = base::FromHex(to);
  const auto bit_count = Hex(bits), flag_bits = Hex(flags);
  if (!bytes || bytes->size() != 16 || !bit_count || *bit_count > 128 || !flag_bits) return {};
  if ((*flag_bits & kUp) == 0 || (*flag_bits & kReject) != 0 || name == "lo") return {};
  Route route;
  route.interface = name;
  std::copy(bytes->begin(), bytes->end(), route.to.begin());
  route.bits = *bit_count;
  return route;
}

std::vector<Route> ReadTable(const std::string& path,
                             std::optional<Route> (*parse)(const std::string&)) {
  std::vector<Route> routes;
  const auto text = base::ReadFile(path, kMaxText);
  if (!text) return routes;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    if (auto route = parse(line)) routes.push_back(std::move(*route));
  }
  return routes;
}

// Who else is in the group: VFIO wants all of them, or none. Bridges on the way do not count.
std::vector<std::string> Blockers(const fs::path& devices, const std::string& group_folder) {
  std::vector<std::string> blockers;
  for (const std::string& member : Names(group_folder)) {
    const std::string driver = LinkName(devices / member / "driver");
    const bool harmless =
        driver.empty() || driver == "vfio-pci" || driver == "pci-stub" || driver == "pcieport";
    if (!harmless) blockers.push_back(fmt::format("{} ({})", member, driver));
  }
  return blockers;
}

}  // namespace

HostLinks::HostLinks(std::string root, const std::vector<std::string>& uplinks)
    : root_(std::move(root)) {
  ReadRoutes(uplinks);
}

void HostLinks::ReadRoutes(const std::vector<std::string>& uplinks) {
  std::vector<Route> routes = ReadTable(root_ + "/proc/net/route", Ipv4Route);
  for (const Route& route : routes) {
    if (route.bits == 96) uses_.push_back({route.interface, "has the default route"});
  }
  const std::vector<Route> six = ReadTable(root_ + "/proc/net/ipv6_route", Ipv6Route);
  for (const Route& route : six) {
    if (route.bits == 0) uses_.push_back({route.interface, "has the default route"});
  }
  routes.insert(routes.end(), six.begin(), six.end());
  for (const std::string& uplink : uplinks) {
    const auto address = ParseAddress(uplink);
    if (!address) continue;
    const Route* best = nullptr;
    for (const Route& route : routes) {
      if (Matches(route, *address) && (best == nullptr || route.bits > best->bits)) best = &route;
    }
    if (best != nullptr) uses_.push_back({best->interface, "leads to the collector " + uplink});
  }
}

std::string HostLinks::UseOf(std::string_view interface) const {
  return UseOf(interface, 0);
}

std::string HostLinks::UseOf(std::string_view interface, int depth) const {
  for (const Use& use : uses_) {
    if (use.interface == interface) return use.text;
  }
  if (depth == kMaxDepth) return {};
  constexpr std::string_view kUpper = "upper_";
  for (const std::string& name : Names(root_ + "/sys/class/net/" + std::string(interface))) {
    if (!name.starts_with(kUpper)) continue;
    const std::string upper = name.substr(kUpper.size());
    const std::string use = UseOf(upper, depth + 1);
    if (!use.empty()) return depth == 0 ? use + " by " + upper : use;
  }
  return {};
}

std::vector<HostInterface> HostLinks::Interfaces() const {
  std::vector<HostInterface> interfaces;
  const fs::path net = root_ + "/sys/class/net";
  for (const std::string& name : Names(net)) {
    std::error_code error;
    if (!fs::is_directory(net / name, error)) continue;  // bonding_masters
    HostInterface interface;
    interface.name = name;
    interface.state = ReadLine(net / name / "operstate");
    interface.driver = LinkName(net / name / "device" / "driver");
    // A virtio device lies below its PCI device.
    const fs::path device = fs::weakly_canonical(net / name / "device", error);
    for (fs::path at = device; !error && at.has_filename(); at = at.parent_path()) {
      if (!fs::exists(root_ + "/sys/bus/pci/devices/" + at.filename().string(), error)) continue;
      interface.address = at.filename().string();
      break;
    }
    interface.use = UseOf(name);
    interfaces.push_back(std::move(interface));
  }
  return interfaces;
}

std::vector<HostNic> HostLinks::Nics() const {
  std::vector<HostNic> nics;
  const fs::path devices = root_ + "/sys/bus/pci/devices";
  for (const std::string& address : Names(devices)) {
    if (!ReadLine(devices / address / "class").starts_with(kNetworkClass)) continue;
    if (auto nic = Nic(address)) nics.push_back(std::move(*nic));
  }
  return nics;
}

base::Result<HostNic> HostLinks::Nic(const std::string& address) const {
  const fs::path devices = root_ + "/sys/bus/pci/devices";
  const fs::path device = devices / address;
  std::error_code error;
  if (!fs::exists(device, error)) {
    return base::MakeError(base::ErrorCode::kNotFound, "there is no PCI device " + address);
  }
  HostNic nic;
  nic.address = address;
  const auto id = [&device](const char* file) {
    const std::string text = ReadLine(device / file);
    return text.starts_with("0x") ? text.substr(2) : text;
  };
  nic.ids = id("vendor") + ":" + id("device");
  nic.driver = LinkName(device / "driver");
  nic.iommu_group = LinkName(device / "iommu_group");
  if (!nic.iommu_group.empty()) {
    nic.blockers =
        Blockers(devices, root_ + "/sys/kernel/iommu_groups/" + nic.iommu_group + "/devices");
    // A device that is still with the kernel is not what bars itself.
    std::erase_if(nic.blockers,
                  [&address](const std::string& other) { return other.starts_with(address); });
  }
  for (const HostInterface& interface : Interfaces()) {
    if (interface.address != address) continue;
    nic.interfaces.push_back(interface.name);
    if (nic.use.empty()) nic.use = interface.use;
  }
  return nic;
}

std::string DescribeLinks(const HostLinks& links) {
  const auto or_dash = [](const std::string& text) {
    return text.empty() ? std::string("-") : base::EscapeBytes(text);
  };
  std::string out =
      fmt::format("{:<16}{:<9}{:<16}{:<14}{}\n", "INTERFACE", "STATE", "DRIVER", "PCI", "USE");
  for (const HostInterface& interface : links.Interfaces()) {
    out += fmt::format("{:<16}{:<9}{:<16}{:<14}{}\n", base::EscapeBytes(interface.name),
                       or_dash(interface.state), or_dash(interface.driver),
                       or_dash(interface.address), or_dash(interface.use));
  }
  out += fmt::format("\n{:<14}{:<11}{:<16}{:<16}{:<7}{:<24}{}\n", "PCI", "IDS", "DRIVER",
                     "INTERFACE", "GROUP", "VFIO", "USE");
  for (const HostNic& nic : links.Nics()) {
    std::string names, blockers;
    for (const std::string& name : nic.interfaces) names += (names.empty() ? "" : ",") + name;
    for (const std::string& other : nic.blockers) blockers += " " + other;
    const std::string viable = nic.iommu_group.empty() ? "no IOMMU"
                               : blockers.empty()      ? "viable"
                                                       : "barred by" + blockers;
    out += fmt::format("{:<14}{:<11}{:<16}{:<16}{:<7}{:<24}{}\n", nic.address, nic.ids,
                       or_dash(nic.driver), or_dash(names), or_dash(nic.iommu_group), viable,
                       or_dash(nic.use));
  }
  return out;
}

}  // namespace tapiary::capture
