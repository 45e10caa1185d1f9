#include "ovs/netdev.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "ovs/process.h"

namespace tapiary::ovs {
namespace {

using Json = nlohmann::json;

std::vector<std::string> IpCommand(const std::string& network_namespace) {
  if (network_namespace.empty()) return {"ip"};
  return {"ip", "-n", network_namespace};
}

base::Result<> Ip(const std::string& network_namespace, std::vector<std::string> words) {
  std::vector<std::string> argv = IpCommand(network_namespace);
  argv.insert(argv.end(), words.begin(), words.end());
  TAPIARY_TRY(RunChecked(argv));
  return {};
}

std::string Text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

std::uint64_t PacketCount(const Json& link, const char* direction) {
  const Json pointer = link.value("stats64", Json::object()).value(direction, Json::object());
  return pointer.value("packets", std::uint64_t{0});
}

LinkInfo ToLink(const Json& json) {
  LinkInfo link;
  link.name = Text(json, "ifname");
  link.mac = Text(json, "address");
  link.alias = Text(json, "ifalias");
  link.master = Text(json, "master");
  link.mtu = json.value("mtu", 0);
  link.master_kind = Text(json.value("linkinfo", Json::object()), "info_slave_kind");
  for (const Json& flag : json.value("flags", Json::array())) link.up |= flag == "UP";
  link.sent = PacketCount(json, "tx");
  link.received = PacketCount(json, "rx");
  return link;
}

// One of the ETHTOOL_S* commands that take a value. A device that does not know the feature has it
// off already.
base::Result<> EthtoolOff(int socket_fd, const std::string& name, std::uint32_t command) {
  ethtool_value value{command, 0};
  ifreq request{};
  name.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(&value);
  if (ioctl(socket_fd, SIOCETHTOOL, &request) == 0 || errno == EOPNOTSUPP) return {};
  return base::Error::FromErrno(errno, fmt::format("cannot turn offloads of {} off", name));
}

}  // namespace

base::Result<std::vector<LinkInfo>> ListLinks(const std::string& network_namespace) {
  std::vector<std::string> argv = IpCommand(network_namespace);
  argv.insert(argv.end(), {"-json", "-details", "-statistics", "link", "show"});
  TAPIARY_ASSIGN(const std::string text, RunChecked(argv));
  std::vector<LinkInfo> links;
  try {
    for (const Json& json : Json::parse(text)) links.push_back(ToLink(json));
  } catch (const Json::exception&) {
    return base::MakeError(base::ErrorCode::kCorrupt, "ip link show: no JSON as expected");
  }
  return links;
}

std::string LinkMark(std::string_view testbed) {
  return fmt::format("tapiary:{}", testbed);
}

std::string MarkMac(std::string_view testbed, std::string_view link) {
  // FNV-1a, 64 bit: stable between versions and machines, which std::hash is not.
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : fmt::format("{}/{}", testbed, link)) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  hash ^= hash >> 32;
  return fmt::format("aa:54:{:02x}:{:02x}:{:02x}:{:02x}", hash >> 24 & 0xff, hash >> 16 & 0xff,
                     hash >> 8 & 0xff, hash & 0xff);
}

bool IsOurLink(const LinkInfo& link, std::string_view testbed) {
  return link.alias == LinkMark(testbed) || link.mac == MarkMac(testbed, link.name);
}

base::Result<> MakeVeth(const VethEnd& first, const VethEnd& second, int mtu,
                        std::string_view testbed) {
  const std::string mtu_text = std::to_string(mtu);
  std::vector<std::string> words = {
      "link", "add",  "dev",  first.name,  "address", first.mac,  "mtu", mtu_text, "type",
      "veth", "peer", "name", second.name, "address", second.mac, "mtu", mtu_text};
  if (!second.network_namespace.empty()) {
    words.insert(words.end(), {"netns", second.network_namespace});
  }
  TAPIARY_TRY(Ip("", std::move(words)));
  return Ip("", {"link", "set", "dev", first.name, "alias", LinkMark(testbed)});
}

base::Result<> DeleteLink(const std::string& name) {
  return Ip("", {"link", "delete", "dev", name});
}

base::Result<> SetUp(const std::string& name, const std::string& network_namespace) {
  return Ip(network_namespace, {"link", "set", "dev", name, "up"});
}

base::Result<> DisableOffloads(const std::string& name) {
  const base::UniqueFd fd(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return base::Error::FromErrno(errno, "socket");
  for (const std::uint32_t command : {ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO, ETHTOOL_STXCSUM,
                                      ETHTOOL_SRXCSUM, ETHTOOL_SSG, ETHTOOL_SFLAGS}) {
    TAPIARY_TRY(EthtoolOff(fd.get(), name, command));
  }
  return {};
}

base::Result<> DisableIpv6(const std::string& name) {
  const std::string path = fmt::format("/proc/sys/net/ipv6/conf/{}/disable_ipv6", name);
  const base::UniqueFd fd(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid() && errno == ENOENT) return {};  // a kernel without IPv6
  if (!fd.valid()) return base::Error::FromErrno(errno, path);
  const std::string_view one = "1";
  return base::WriteAll(fd.get(), {reinterpret_cast<const std::uint8_t*>(one.data()), one.size()},
                        path);
}

base::Result<> Silence(const std::string& name) {
  TAPIARY_TRY(DisableIpv6(name));
  return Ip("", {"link", "set", "dev", name, "arp", "off", "multicast", "off"});
}

}  // namespace tapiary::ovs
