#include "capture/source/offloads.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/file.h"

namespace tapiary::capture {
namespace {

struct Question {
  std::uint32_t command;
  std::uint32_t bits;  // of the answer: any of them
  Offload offload;
};

constexpr const char* kGlued = "received segments are glued together";
constexpr const char* kUncut = "what this host sends is seen before it is cut";
constexpr Question kQuestions[] = {
    {ETHTOOL_GGRO, 1, {"gro", kGlued}},
    {ETHTOOL_GFLAGS, ETH_FLAG_LRO, {"lro", kGlued}},
    {ETHTOOL_GGSO, 1, {"gso", kUncut}},
    {ETHTOOL_GTSO, 1, {"tso", kUncut}},
    {ETHTOOL_GFLAGS, ETH_FLAG_RXVLAN, {"rxvlan", "tags are taken out, and put back by us"}},
    {ETHTOOL_GFLAGS,
     ETH_FLAG_TXVLAN,
     {"txvlan", "tags of what this host sends are put back by us"}},
};

// False with errno when the driver does not answer.
bool Ask(int fd, const std::string& interface, void* question) {
  ifreq request{};
  const std::size_t size = std::min(interface.size(), sizeof request.ifr_name - 1);
  std::memcpy(request.ifr_name, interface.data(), size);
  request.ifr_data = static_cast<char*>(question);
  return ::ioctl(fd, SIOCETHTOOL, &request) == 0;
}

std::string Text(const char* text, std::size_t most) {
  return {text, ::strnlen(text, most)};
}

}  // namespace

std::string DriverOf(const std::string& interface) {
  const base::UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ethtool_drvinfo driver{};
  driver.cmd = ETHTOOL_GDRVINFO;
  if (!fd.valid() || !Ask(fd.get(), interface, &driver)) return {};
  const std::string version = Text(driver.version, sizeof driver.version);
  return Text(driver.driver, sizeof driver.driver) + (version.empty() ? "" : " " + version);
}

std::string HostSystem() {
  utsname system{};
  if (::uname(&system) != 0) return {};
  return std::string(system.sysname) + " " + system.release;
}

base::Result<std::vector<Offload>> EnabledOffloads(const std::string& interface) {
  const base::UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return base::Error::FromErrno(errno, "socket(AF_INET)");
  std::vector<Offload> enabled;
  for (const Question& question : kQuestions) {
    ethtool_value value{question.command, 0};
    if (!Ask(fd.get(), interface, &value)) {
      if (errno == EOPNOTSUPP || errno == EINVAL) continue;
      return base::Error::FromErrno(errno, "ioctl(SIOCETHTOOL)");
    }
    if ((value.data & question.bits) != 0) enabled.push_back(question.offload);
  }
  return enabled;
}

}  // namespace tapiary::capture
