#include "capture/source/rx_ring.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "capture/source/nic_clock.h"
#include "capture/source/record_format.h"

#ifndef PACKET_IGNORE_OUTGOING
#define PACKET_IGNORE_OUTGOING 23
#endif

namespace tapiary::capture {
namespace {

constexpr unsigned kRetireMs = 50;           // a lone packet waits this long at most (CAP-01)
constexpr unsigned kFrameBytes = 2048;       // only divides the block; frames of V3 have any size
constexpr std::size_t kFrameOverhead = 512;  // headers of block and frame, with alignment
constexpr int kErrorPauseMs = 50;

std::size_t RoundUp(std::size_t value, std::size_t unit) {
  return (value + unit - 1) / unit * unit;
}

template <class T>
base::Result<> SetOption(int fd, int option, const T& value, std::string_view name) {
  if (::setsockopt(fd, SOL_PACKET, option, &value, sizeof value) == 0) return {};
  return base::Error::FromErrno(errno, fmt::format("setsockopt({})", name));
}

}  // namespace

RingSize PlanRing(std::int64_t ring_bytes, std::int64_t block_bytes, std::uint32_t snap_length,
                  std::size_t page_bytes) {
  constexpr std::size_t kMaxBlock = 64u << 20;
  constexpr std::size_t kMaxRing = 1u << 30;  // the kernel takes block counts and sizes below 4 GiB
  RingSize size;
  const std::size_t unit = RoundUp(kFrameBytes, page_bytes);
  const auto asked = static_cast<std::size_t>(std::max<std::int64_t>(block_bytes, 0));
  size.block_bytes =
      RoundUp(std::clamp<std::size_t>(asked, snap_length + kFrameOverhead, kMaxBlock), unit);
  const auto ring =
      std::min(static_cast<std::size_t>(std::max<std::int64_t>(ring_bytes, 0)), kMaxRing);
  size.block_count = std::max(ring / size.block_bytes, kMinRingBlocks);
  return size;
}

RxRing::~RxRing() {
  Close();
}

void RxRing::Close() {
  if (map_ != nullptr) ::munmap(map_, size_.block_bytes * size_.block_count);
  map_ = nullptr;
  fd_.reset();
  promiscuous_index_ = 0;  // went with the socket
  block_ = 0;
  holds_ = false;
  frames_left_ = 0;
}

base::Result<> RxRing::Open(RingSize size) {
  Close();
  size_ = size;
  // Protocol 0: nothing comes before Bind, so no packet passes without the filter.
  fd_ = base::UniqueFd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!fd_.valid()) {
    return base::Error::FromErrno(errno, "socket(AF_PACKET), which needs CAP_NET_RAW");
  }
  const int version = TPACKET_V3;
  TAPIARY_TRY(SetOption(fd_.get(), PACKET_VERSION, version, "PACKET_VERSION, TPACKET_V3"));
  return MapRing();
}

base::Result<> RxRing::MapRing() {
  const std::size_t asked = size_.block_count;
  for (;; size_.block_count = std::max(size_.block_count / 2, kMinRingBlocks)) {
    tpacket_req3 request{};
    request.tp_block_size = static_cast<unsigned>(size_.block_bytes);
    request.tp_block_nr = static_cast<unsigned>(size_.block_count);
    request.tp_frame_size = kFrameBytes;
    request.tp_frame_nr =
        static_cast<unsigned>(size_.block_bytes / kFrameBytes * size_.block_count);
    request.tp_retire_blk_tov = kRetireMs;
    if (::setsockopt(fd_.get(), SOL_PACKET, PACKET_RX_RING, &request, sizeof request) == 0) break;
    if (errno != ENOMEM || size_.block_count == kMinRingBlocks) {
      return base::Error::FromErrno(
          errno, fmt::format("setsockopt(PACKET_RX_RING, {} blocks of {} bytes)", size_.block_count,
                             size_.block_bytes));
    }
  }
  const std::size_t bytes = size_.block_bytes * size_.block_count;
  if (size_.block_count < asked) {
    base::LogWarning("memory is short: a ring of {} instead of {} blocks, {} bytes in all",
                     size_.block_count, asked, bytes);
  }
  void* map = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd_.get(), 0);
  if (map == MAP_FAILED) {
    return base::Error::FromErrno(errno, fmt::format("mmap of a ring of {} bytes", bytes));
  }
  map_ = static_cast<std::uint8_t*>(map);
  return {};
}

base::Result<> RxRing::Attach(const std::vector<BpfInstruction>& program) {
  static_assert(sizeof(BpfInstruction) == sizeof(sock_filter));
  const sock_fprog filter{
      static_cast<unsigned short>(program.size()),
      reinterpret_cast<sock_filter*>(const_cast<BpfInstruction*>(program.data()))};
  if (program.size() > BPF_MAXINSNS ||
      ::setsockopt(fd_.get(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) != 0) {
    return base::Error::FromErrno(
        program.size() > BPF_MAXINSNS ? E2BIG : errno,
        fmt::format("setsockopt(SO_ATTACH_FILTER, {} instructions)", program.size()));
  }
  return {};
}

base::Result<> RxRing::Bind(int index, bool promiscuous) {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = index;
  if (::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return base::Error::FromErrno(errno, fmt::format("bind(AF_PACKET, interface {})", index));
  }
  packet_mreq membership{};
  membership.mr_type = PACKET_MR_PROMISC;
  if (promiscuous_index_ != 0) {  // give the one before back as it was; it may be gone (CAP-15)
    membership.mr_ifindex = promiscuous_index_;
    (void)SetOption(fd_.get(), PACKET_DROP_MEMBERSHIP, membership, "PACKET_DROP_MEMBERSHIP");
    promiscuous_index_ = 0;
  }
  if (!promiscuous) return {};
  membership.mr_ifindex = index;
  TAPIARY_TRY(SetOption(fd_.get(), PACKET_ADD_MEMBERSHIP, membership,
                        "PACKET_ADD_MEMBERSHIP, PACKET_MR_PROMISC"));
  promiscuous_index_ = index;
  return {};
}

bool RxRing::IsBoundTo(int index) const {
  sockaddr_ll address{};
  socklen_t size = sizeof address;
  if (::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) return true;
  return address.sll_ifindex == index;
}

bool RxRing::IgnoreOutgoing() {
  const int on = 1;
  return SetOption(fd_.get(), PACKET_IGNORE_OUTGOING, on, "PACKET_IGNORE_OUTGOING").has_value();
}

bool RxRing::Ready() const {
  return map_ != nullptr && Filled(block_);
}

bool RxRing::Filled(std::size_t index) const {
  auto* block = reinterpret_cast<tpacket_block_desc*>(map_ + index * size_.block_bytes);
  std::atomic_ref<std::uint32_t> status(block->hdr.bh1.block_status);
  return (status.load(std::memory_order_acquire) & TP_STATUS_USER) != 0;
}

bool RxRing::Acquire() {
  if (!Ready()) return false;
  auto* block = reinterpret_cast<tpacket_block_desc*>(map_ + block_ * size_.block_bytes);
  holds_ = true;
  // Blocks fill in order: is there one more than ever before? Most times one look, and no.
  while (peak_ < size_.block_count && Filled((block_ + peak_) % size_.block_count)) ++peak_;
  frames_left_ = block->hdr.bh1.num_pkts;
  frame_ = reinterpret_cast<const tpacket3_hdr*>(reinterpret_cast<const std::uint8_t*>(block) +
                                                 block->hdr.bh1.offset_to_first_pkt);
  return true;
}

void RxRing::NextFrame(Packet& packet) {
  const auto* raw = reinterpret_cast<const std::uint8_t*>(frame_);
  const auto* address =
      reinterpret_cast<const sockaddr_ll*>(raw + TPACKET_ALIGN(sizeof(tpacket3_hdr)));
  packet.bytes = {raw + frame_->tp_mac, frame_->tp_snaplen};
  packet.time_ns = frame_->tp_sec * base::kNanosPerSecond + frame_->tp_nsec;
  if (nic_offset_ns_ != 0 && IsNicTime(frame_->tp_status)) packet.time_ns -= nic_offset_ns_;
  packet.wire_length = frame_->tp_len;
  packet.interface = interface_;
  packet.has_vlan = (frame_->tp_status & TP_STATUS_VLAN_VALID) != 0;
  if (packet.has_vlan) {
    packet.vlan_tci = static_cast<std::uint16_t>(frame_->hv1.tp_vlan_tci);
    packet.vlan_tpid = (frame_->tp_status & TP_STATUS_VLAN_TPID_VALID) != 0
                           ? frame_->hv1.tp_vlan_tpid
                           : std::uint16_t{ETH_P_8021Q};
  }
  packet.direction = DirectionFromPacketType(address->sll_pkttype);
  --frames_left_;
  frame_ = reinterpret_cast<const tpacket3_hdr*>(raw + frame_->tp_next_offset);
}

bool RxRing::NicTimes(std::int64_t& nic_ns, std::int64_t& begun_ns) const {
  if (frames_left_ == 0 || !IsNicTime(frame_->tp_status)) return false;
  const auto* block =
      reinterpret_cast<const tpacket_block_desc*>(map_ + block_ * size_.block_bytes);
  const tpacket_bd_ts& begun = block->hdr.bh1.ts_first_pkt;
  nic_ns = frame_->tp_sec * base::kNanosPerSecond + frame_->tp_nsec;
  begun_ns = begun.ts_sec * base::kNanosPerSecond + begun.ts_nsec;
  return true;
}

void RxRing::Release() {
  auto* block = reinterpret_cast<tpacket_block_desc*>(map_ + block_ * size_.block_bytes);
  std::atomic_ref<std::uint32_t> status(block->hdr.bh1.block_status);
  status.store(TP_STATUS_KERNEL, std::memory_order_release);
  block_ = (block_ + 1) % size_.block_count;
  holds_ = false;
  frames_left_ = 0;
}

bool RxRing::Wait(int wait_ms) {
  pollfd waiting{fd_.get(), POLLIN | POLLERR, 0};
  if (::poll(&waiting, 1, wait_ms) <= 0) return false;
  if ((waiting.revents & POLLERR) == 0) return true;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  // An error without a cause could come back at once and for ever.
  if (error == 0) ::poll(nullptr, 0, std::clamp(wait_ms, 0, kErrorPauseMs));
  return true;
}

void RxRing::ReadTotals(KernelTotals& totals) const {
  tpacket_stats_v3 stats{};
  socklen_t size = sizeof stats;
  if (::getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0) {
    totals.Add(stats.tp_packets, stats.tp_drops);
  }
}

}  // namespace tapiary::capture
