#include "capture/source/fanout.h"

#include <fmt/core.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/socket.h>

#include <cerrno>
#include <iterator>
#include <tuple>

namespace tapiary::capture {

namespace {

constexpr std::uint16_t kLoadWord = BPF_LD | BPF_W | BPF_ABS;
constexpr std::uint16_t kLoadHalf = BPF_LD | BPF_H | BPF_ABS;
constexpr std::uint32_t kProtocol = static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PROTOCOL);
constexpr std::uint32_t kLink = static_cast<std::uint32_t>(SKF_LL_OFF);
constexpr std::uint32_t kNetwork = static_cast<std::uint32_t>(SKF_NET_OFF);
constexpr std::uint32_t kTagBytes = 4;
constexpr std::uint32_t kTagsInBytes = 2;  // behind the one that the kernel takes out
constexpr std::uint16_t kVlanTypes[] = {0x8100, 0x88a8, 0x9100};

using Program = std::vector<BpfInstruction>;

// A = the xor of `words` words from `offset` on. Uses X.
void XorWords(Program& out, std::uint32_t offset, std::uint32_t words) {
  out.push_back({kLoadWord, 0, 0, offset});
  for (std::uint32_t i = 1; i < words; ++i) {
    out.push_back({BPF_MISC | BPF_TAX, 0, 0, 0});
    out.push_back({kLoadWord, 0, 0, offset + 4 * i});
    out.push_back({BPF_ALU | BPF_XOR | BPF_X, 0, 0, 0});
  }
}

// Spreads neighbouring values of A over the members.
void Finish(Program& out, std::uint32_t count) {
  out.push_back({BPF_MISC | BPF_TAX, 0, 0, 0});
  out.push_back({BPF_ALU | BPF_RSH | BPF_K, 0, 0, 16});
  out.push_back({BPF_ALU | BPF_XOR | BPF_X, 0, 0, 0});
  out.push_back({BPF_ALU | BPF_MUL | BPF_K, 0, 0, 0x9e3779b1});
  out.push_back({BPF_ALU | BPF_RSH | BPF_K, 0, 0, 16});
  out.push_back({BPF_ALU | BPF_MOD | BPF_K, 0, 0, count});
  out.push_back({BPF_RET | BPF_A, 0, 0, 0});
}

// With an EtherType in A: the addresses of the header at `network`, if it is IP; else goes on.
void IfIp(Program& out, std::uint32_t network, std::uint32_t count) {
  for (const auto& [type, offset, words] :
       {std::tuple(ETH_P_IP, 12u, 2u), std::tuple(ETH_P_IPV6, 8u, 8u)}) {
    Program body;
    XorWords(body, network + offset, words);
    Finish(body, count);
    out.push_back({BPF_JMP | BPF_JEQ | BPF_K, 0, static_cast<std::uint8_t>(body.size()),
                   static_cast<std::uint32_t>(type)});
    out.insert(out.end(), body.begin(), body.end());
  }
}

}  // namespace

std::vector<BpfInstruction> FanoutProgram(std::uint32_t count) {
  Program other;  // neither IP nor a tag: the last four bytes of each MAC address
  other.push_back({kLoadWord, 0, 0, kLink + 2});
  other.push_back({BPF_MISC | BPF_TAX, 0, 0, 0});
  other.push_back({kLoadWord, 0, 0, kLink + 8});
  other.push_back({BPF_ALU | BPF_XOR | BPF_X, 0, 0, 0});
  Finish(other, count);

  Program out;
  out.push_back({kLoadWord, 0, 0, kProtocol});
  for (std::uint32_t tags = 0;; ++tags) {
    IfIp(out, kNetwork + tags * kTagBytes, count);
    if (tags == kTagsInBytes) break;
    for (std::size_t i = 0; i < std::size(kVlanTypes); ++i) {
      const auto to_next = static_cast<std::uint8_t>(std::size(kVlanTypes) - 1 - i + other.size());
      out.push_back({BPF_JMP | BPF_JEQ | BPF_K, to_next, 0, kVlanTypes[i]});
    }
    out.insert(out.end(), other.begin(), other.end());
    out.push_back({kLoadHalf, 0, 0, kNetwork + tags * kTagBytes + 2});
  }
  out.insert(out.end(), other.begin(), other.end());
  return out;
}

base::Result<> FanoutGroup::Join(int fd, int index) {
  const std::lock_guard lock(mutex_);
  // All members watch one interface: a new one needs a group of its own.
  const bool begin = index != index_;
  const int flags = PACKET_FANOUT_CBPF | (begin ? PACKET_FANOUT_FLAG_UNIQUEID : 0);
  const int argument = (begin ? 0 : id_) | flags << 16;
  if (::setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &argument, sizeof argument) != 0) {
    return base::Error::FromErrno(errno, fmt::format("setsockopt(PACKET_FANOUT, group {})", id_));
  }
  if (begin) {
    int joined = 0;
    socklen_t size = sizeof joined;
    if (::getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &joined, &size) != 0) {
      return base::Error::FromErrno(errno, "getsockopt(PACKET_FANOUT)");
    }
    id_ = joined & 0xffff;
    index_ = index;
  }
  const sock_fprog program{
      static_cast<unsigned short>(program_.size()),
      reinterpret_cast<sock_filter*>(const_cast<BpfInstruction*>(program_.data()))};
  if (::setsockopt(fd, SOL_PACKET, PACKET_FANOUT_DATA, &program, sizeof program) != 0) {
    return base::Error::FromErrno(errno, "setsockopt(PACKET_FANOUT_DATA)");
  }
  return {};
}

}  // namespace tapiary::capture
