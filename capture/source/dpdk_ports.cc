#include "capture/source/dpdk_ports.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <optional>
#include <set>

#include "base/file.h"
#include "base/text.h"

namespace tapiary::capture {

namespace {

constexpr std::size_t kMaxInterfaceName = 15;  // IFNAMSIZ without its NUL
constexpr std::size_t kMaxText = 512;
constexpr std::uint32_t kDefaultMtu = 1500;
// What af_packet's ring needs beside a frame's payload: link header, two tags, its own header.
constexpr std::uint32_t kFrameExtra = 14 + 8 + 128;
constexpr std::uint32_t kMaxFrame = 32'768;  // one buffer's room is below 64 KiB
// One ring of af_packet holds about this much, as ours does by default.
constexpr std::uint32_t kAfPacketRingBytes = 16u << 20;
constexpr unsigned kMaxCpu = 4095;
constexpr const char* kKinds =
    "a PCI address (0000:03:00.0), af_packet:IFACE, af_xdp:IFACE, pcap_iface:IFACE, pcap:FILE, "
    "pcap_loop:FILE, vhost:SOCKET or vdev:NAME,ARGS";

base::Error Invalid(std::string_view text, std::string_view why) {
  return base::MakeError(
      base::ErrorCode::kInvalid,
      fmt::format("dpdk.ports: '{}' {}", base::EscapeBytes(text.substr(0, 80)), why));
}

bool IsHex(std::string_view text, std::size_t size) {
  return text.size() == size && std::ranges::all_of(text, [](unsigned char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
         });
}

// "0000:03:00.0" or "03:00.0", as lspci shows it; the long form in lower case.
std::optional<std::string> PciAddress(std::string_view text) {
  std::string full = text.size() == 7 ? "0000:" + std::string(text) : std::string(text);
  if (full.size() != 12 || full[4] != ':' || full[7] != ':' || full[10] != '.') return {};
  const std::string_view view = full;
  if (!IsHex(view.substr(0, 4), 4) || !IsHex(view.substr(5, 2), 2)) return {};
  if (!IsHex(view.substr(8, 2), 2) || view[11] < '0' || view[11] > '7') return {};
  for (char& c : full) c = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  return full;
}

bool IsInterfaceName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxInterfaceName && text != "." && text != ".." &&
         std::ranges::all_of(text, [](unsigned char c) {
           return c > ' ' && c < 0x7f && c != ',' && c != '=' && c != '/';
         });
}

// A path that survives DPDK's reading: lists are split at commas and brackets, values at "=".
bool IsPlainPath(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](unsigned char c) {
    return c > ' ' && c < 0x7f && c != ',' && c != '=' && c != '[' && c != ']' && c != '"';
  });
}

void SetAfPacket(DpdkPort& port, std::uint32_t mtu) {
  // Frames that do not fit are cut, and this driver does not tell; so they fit.
  const std::uint32_t frame =
      std::bit_ceil(std::min(mtu == 0 ? kDefaultMtu : mtu, 65'535u) + kFrameExtra);
  port.frame_bytes = std::clamp(frame, 2048u, kMaxFrame);
  // A block is one page at least, and holds whole frames.
  port.arguments +=
      fmt::format(",framesz={},blocksz={},framecnt={}", port.frame_bytes,
                  std::max(port.frame_bytes, 4096u), kAfPacketRingBytes / port.frame_bytes);
}

base::Result<> SetInterface(DpdkPort& port, std::string_view text, std::string_view value,
                            const char* driver, const char* key, std::size_t number) {
  if (!IsInterfaceName(value)) return Invalid(text, "names no interface of 1 to 15 characters");
  port.interface = value;
  port.device = driver + std::to_string(number);
  port.arguments = std::string(key) + "=" + std::string(value);
  return {};
}

base::Result<> SetPath(DpdkPort& port, std::string_view text, std::string_view value,
                       const char* driver, const char* key, std::size_t number) {
  if (!IsPlainPath(value)) {
    return Invalid(text, "has a path that DPDK cannot take (no blanks, commas, '=' or brackets)");
  }
  port.device = driver + std::to_string(number);
  port.arguments = std::string(key) + "=" + std::string(value);
  return {};
}

base::Result<> SetVdev(DpdkPort& port, std::string_view text, std::string_view value) {
  const std::size_t comma = value.find(',');
  const std::string_view name = value.substr(0, comma);
  const bool good_name =
      name.starts_with("net_") && name.size() < 64 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
      });
  const bool printable = std::ranges::all_of(value, [](char c) { return c > ' ' && c < 0x7f; });
  if (!good_name || !printable) return Invalid(text, "is no virtual device, net_NAME,KEY=VALUE");
  port.device = name;
  if (comma != value.npos) port.arguments = value.substr(comma + 1);
  return {};
}

base::Result<> SetKind(DpdkPort& port, std::string_view text, std::size_t number,
                       std::uint32_t mtu) {
  const std::size_t colon = text.find(':');
  if (colon == text.npos) return Invalid(text, std::string("is no port: give ") + kKinds);
  const std::string_view kind = text.substr(0, colon);
  const std::string_view value = text.substr(colon + 1);
  if (kind == "af_packet") {
    TAPIARY_TRY(SetInterface(port, text, value, "net_af_packet", "iface", number));
    SetAfPacket(port, mtu);
    return {};
  }
  if (kind == "af_xdp") return SetInterface(port, text, value, "net_af_xdp", "iface", number);
  if (kind == "pcap_iface") {
    // Only what comes in: what the host itself sends is not on the mirror (CAP-09).
    return SetInterface(port, text, value, "net_pcap", "rx_iface_in", number);
  }
  if (kind == "pcap") return SetPath(port, text, value, "net_pcap", "rx_pcap", number);
  if (kind == "vhost") return SetPath(port, text, value, "net_vhost", "iface", number);
  if (kind == "vdev") return SetVdev(port, text, value);
  if (kind != "pcap_loop") return Invalid(text, std::string("is no port: give ") + kKinds);
  TAPIARY_TRY(SetPath(port, text, value, "net_pcap", "rx_pcap", number));
  port.arguments += ",infinite_rx=1";
  return {};
}

std::uint32_t MtuOf(const std::string& root, std::string_view interface) {
  if (!IsInterfaceName(interface)) return 0;
  const auto text = base::ReadFile(root + "/sys/class/net/" + std::string(interface) + "/mtu", 64);
  std::uint32_t mtu = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), mtu);
  return mtu;
}

}  // namespace

std::string DpdkPort::Argument() const {
  return arguments.empty() ? device : device + "," + arguments;
}

base::Result<DpdkPort> ParseDpdkPort(std::string_view text, std::size_t number, std::uint32_t mtu) {
  if (text.size() > kMaxText) return Invalid(text, "is too long");
  DpdkPort port;
  port.name = text;
  if (const auto address = PciAddress(text)) {
    port.pci = true;
    port.device = *address;
    return port;
  }
  TAPIARY_TRY(SetKind(port, text, number, mtu));
  return port;
}

base::Result<std::vector<DpdkPort>> ParseDpdkPorts(const std::vector<std::string>& names,
                                                   const std::string& root) {
  std::vector<DpdkPort> ports;
  std::set<std::string> devices, interfaces, given;
  for (const std::string& name : names) {
    const std::string_view text = name;
    const std::uint32_t mtu = MtuOf(root, text.substr(std::min(text.find(':') + 1, text.size())));
    TAPIARY_ASSIGN(DpdkPort port, ParseDpdkPort(text, ports.size(), mtu));
    const bool again = !given.insert(port.name).second || !devices.insert(port.device).second ||
                       (!port.interface.empty() && !interfaces.insert(port.interface).second);
    if (again) return Invalid(text, "is named twice");
    ports.push_back(std::move(port));
  }
  return ports;
}

base::Result<std::vector<unsigned>> ParseCpuList(std::string_view text) {
  std::vector<unsigned> cpus;
  const auto bad = [text] {
    return base::MakeError(base::ErrorCode::kInvalid,
                           fmt::format("'{}' is no list of CPUs such as 2-5,8",
                                       base::EscapeBytes(text.substr(0, 80))));
  };
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), part.size() + 1));
    const char* end = part.data() + part.size();
    unsigned first = 0;
    auto [stop, error] = std::from_chars(part.data(), end, first);
    if (error != std::errc()) return bad();
    unsigned last = first;
    if (stop != end && *stop == '-') {
      const auto second = std::from_chars(stop + 1, end, last);
      if (second.ec != std::errc()) return bad();
      stop = second.ptr;
    }
    if (stop != end || last < first || last > kMaxCpu) return bad();
    for (unsigned cpu = first; cpu <= last; ++cpu) cpus.push_back(cpu);
  }
  return cpus;
}

}  // namespace tapiary::capture
