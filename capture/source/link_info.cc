#include "capture/source/link_info.h"

#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "base/text.h"

namespace tapiary::capture {
namespace {

// Larger than any answer about one link (those with hundreds of virtual functions included: they
// are left out by not asking for them).
constexpr std::size_t kAnswerBytes = 64 * 1024;

struct Request {
  nlmsghdr header{};
  ifinfomsg link{};
  rtattr name_header{};
  std::array<char, IFNAMSIZ> name{};
};

LinkInfo ParseLink(const nlmsghdr* header) {
  const auto* link = static_cast<const ifinfomsg*>(NLMSG_DATA(header));
  LinkInfo info;
  info.index = link->ifi_index;
  info.hardware_type = link->ifi_type;
  info.up = (link->ifi_flags & IFF_UP) != 0 && (link->ifi_flags & IFF_RUNNING) != 0;
  info.loopback = (link->ifi_flags & IFF_LOOPBACK) != 0;
  auto left = static_cast<int>(header->nlmsg_len - NLMSG_LENGTH(sizeof(ifinfomsg)));
  const auto* attribute = reinterpret_cast<const rtattr*>(reinterpret_cast<const char*>(link) +
                                                          NLMSG_ALIGN(sizeof(ifinfomsg)));
  while (RTA_OK(attribute, left)) {
    if (attribute->rta_type == IFLA_STATS64) {
      rtnl_link_stats64 stats{};
      std::memcpy(&stats, RTA_DATA(attribute),
                  std::min<std::size_t>(sizeof stats, RTA_PAYLOAD(attribute)));
      info.rx_packets = stats.rx_packets;
      info.rx_missed = stats.rx_missed_errors + stats.rx_fifo_errors;
    }
    if (attribute->rta_type == IFLA_MTU && RTA_PAYLOAD(attribute) >= sizeof info.mtu) {
      std::memcpy(&info.mtu, RTA_DATA(attribute), sizeof info.mtu);
    }
    attribute = RTA_NEXT(attribute, left);
  }
  return info;
}

}  // namespace

bool SilenceCheck::Note(std::uint64_t rx_packets, std::uint64_t seen, std::int64_t now_ns) {
  if (!begun_ || seen != seen_ || rx_packets < rx_packets_) {  // less: another interface
    begun_ = true;
    rx_packets_ = rx_packets;
    seen_ = seen;
    since_ns_ = now_ns;
  }
  return now_ns - since_ns_ >= kLimitNs && rx_packets - rx_packets_ >= kLeastPackets;
}

base::Result<> LinkWatch::Open() {
  fd_ = base::UniqueFd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd_.valid()) return base::Error::FromErrno(errno, "socket(AF_NETLINK)");
  const timeval limit{1, 0};
  if (::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0) {
    return base::Error::FromErrno(errno, "setsockopt(SO_RCVTIMEO) on netlink");
  }
  return {};
}

base::Result<LinkInfo> LinkWatch::Get(const std::string& name) {
  const std::string shown = "interface " + base::EscapeBytes(name);
  if (name.empty() || name.size() >= IFNAMSIZ || name.find('\0') != std::string::npos) {
    return base::MakeError(base::ErrorCode::kInvalid, shown + ": no possible name");
  }
  Request request;
  request.name_header.rta_type = IFLA_IFNAME;
  request.name_header.rta_len = static_cast<unsigned short>(RTA_LENGTH(name.size() + 1));
  std::copy(name.begin(), name.end(), request.name.begin());
  request.header.nlmsg_len = sizeof request;
  request.header.nlmsg_type = RTM_GETLINK;
  request.header.nlmsg_flags = NLM_F_REQUEST;
  request.header.nlmsg_seq = ++sequence_;
  request.link.ifi_family = AF_UNSPEC;
  if (::send(fd_.get(), &request, sizeof request, 0) < 0) {
    return base::Error::FromErrno(errno, shown + ": netlink send");
  }
  alignas(nlmsghdr) std::array<char, kAnswerBytes> answer;
  for (;;) {  // ends: each round reads a message or times out
    const ssize_t got = ::recv(fd_.get(), answer.data(), answer.size(), 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      return base::Error::FromErrno(errno, shown + ": netlink recv");
    }
    const auto* header = reinterpret_cast<const nlmsghdr*>(answer.data());
    if (!NLMSG_OK(header, static_cast<std::size_t>(got))) continue;
    if (header->nlmsg_seq != sequence_) continue;  // a late answer to an earlier request
    if (header->nlmsg_type == NLMSG_ERROR) {
      const auto* error = static_cast<const nlmsgerr*>(NLMSG_DATA(header));
      if (error->error == -ENODEV) {
        return base::MakeError(base::ErrorCode::kNotFound, shown + ": there is none");
      }
      return base::Error::FromErrno(-error->error, shown + ": RTM_GETLINK");
    }
    if (header->nlmsg_type == RTM_NEWLINK) return ParseLink(header);
  }
}

}  // namespace tapiary::capture
