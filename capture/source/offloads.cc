#include "capture/source/offloads.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

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

}  // namespace

base::Result<std::vector<Offload>> EnabledOffloads(const std::string& interface) {
  const base::UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return base::Error::FromErrno(errno, "socket(AF_INET)");
  std::vector<Offload> enabled;
  for (const Question& question : kQuestions) {
    ethtool_value value{question.command, 0};
    ifreq request{};
    const std::size_t size = std::min(interface.size(), sizeof request.ifr_name - 1);
    std::memcpy(request.ifr_name, interface.data(), size);
    request.ifr_data = reinterpret_cast<char*>(&value);
    if (::ioctl(fd.get(), SIOCETHTOOL, &request) != 0) {
      if (errno == EOPNOTSUPP || errno == EINVAL) continue;
      return base::Error::FromErrno(errno, "ioctl(SIOCETHTOOL)");
    }
    if ((value.data & question.bits) != 0) enabled.push_back(question.offload);
  }
  return enabled;
}

}  // namespace tapiary::capture
