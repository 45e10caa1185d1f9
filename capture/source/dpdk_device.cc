#include "capture/source/dpdk_device.h"

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf_dyn.h>
#include <rte_mempool.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/log.h"

namespace tapiary::capture {

namespace {

// Addresses alone: with ports, later fragments of a datagram would go to another queue (CAP-10).
constexpr std::uint64_t kHash =
    RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4 | RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_FRAG_IPV6;
// Toeplitz with this repeated gives both directions the same hash.
constexpr std::uint8_t kSymmetricKey[2] = {0x6d, 0x5a};
constexpr std::uint8_t kDefaultKeySize = 40;
constexpr std::size_t kMaxKeySize = 128;
constexpr std::uint32_t kJumboMtu = 9600;
constexpr std::uint16_t kTxRing = 256;  // we send nothing, but some drivers want a queue
constexpr int kMaxFlush = 4096;         // bursts

base::Error Failed(const char* call, int error) {
  return base::MakeError(base::ErrorCode::kUnavailable,
                         fmt::format("{}: {}", call, rte_strerror(error < 0 ? -error : error)));
}

std::uint64_t Since(std::uint64_t now, std::uint64_t before) {
  return now > before ? now - before : 0;  // a device that was reset counts from nothing
}

DpdkTotals TotalsOf(std::uint16_t id) {
  rte_eth_stats stats{};
  if (rte_eth_stats_get(id, &stats) != 0) return {};
  return {stats.imissed, stats.rx_nombuf, stats.ierrors};
}

}  // namespace

base::Result<std::shared_ptr<DpdkDevice>> DpdkDevice::Make(std::shared_ptr<DpdkEal> eal,
                                                           const DpdkPort& port,
                                                           const DpdkPlan& plan,
                                                           const DpdkOptions& options) {
  auto device = std::shared_ptr<DpdkDevice>(new DpdkDevice(port));
  device->eal_ = std::move(eal);
  if (rte_eth_dev_get_port_by_name(port.device.c_str(), &device->id_) != 0) {
    const std::string words = DpdkEal::WordsAbout(port);
    return base::MakeError(
        base::ErrorCode::kNotFound,
        words.empty() ? "DPDK has no driver for it, or its driver does not take it" : words);
  }
  device->found_ = true;
  const std::size_t said = DpdkEal::WordsSaid();
  const auto configured = device->Configure(plan, options);
  if (configured) return device;
  base::Error error = configured.error();
  const std::string words = DpdkEal::WordsSince(said);
  if (!words.empty()) error.message += ": " + words;  // drivers tell more than error numbers
  return error;
}

DpdkDevice::~DpdkDevice() {
  if (!found_) return;
  if (started_) (void)rte_eth_dev_stop(id_);
  (void)rte_eth_dev_close(id_);
  rte_mempool_free(pool_);
}

base::Result<> DpdkDevice::Configure(const DpdkPlan& plan, const DpdkOptions& options) {
  rte_eth_dev_info info{};
  if (const int error = rte_eth_dev_info_get(id_, &info); error != 0) {
    return Failed("rte_eth_dev_info_get", error);
  }
  driver_ = info.driver_name;
  rte_eth_conf conf{};
  std::array<std::uint8_t, kMaxKeySize> key;
  for (std::size_t i = 0; i < key.size(); ++i) key[i] = kSymmetricKey[i % 2];
  const std::uint64_t hash = info.flow_type_rss_offloads & kHash;
  if (options.queues > 1) {
    const std::uint32_t most = hash == 0 ? 1u : info.max_rx_queues;
    queues_ = static_cast<std::uint16_t>(std::min(options.queues, most));
    if (queues_ < options.queues) {
      refused_ += fmt::format(", {} of {} queues{}", queues_, options.queues,
                              hash == 0 ? " (it cannot spread flows, RSS)" : "");
    }
  }
  if (queues_ > 1) {
    const std::uint8_t size = info.hash_key_size == 0 ? kDefaultKeySize : info.hash_key_size;
    conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
    conf.rx_adv_conf.rss_conf = {key.data(), size, hash};
  }
  // No offload but these two: tags stay in the frame, lengths and checksums as on the wire.
  const std::uint64_t offered = info.rx_offload_capa;
  if (port_.pci) {
    const bool scatter = (offered & RTE_ETH_RX_OFFLOAD_SCATTER) != 0;
    conf.rxmode.mtu = std::min<std::uint32_t>(info.max_mtu, scatter ? kJumboMtu : RTE_ETHER_MTU);
    conf.rxmode.offloads |= offered & RTE_ETH_RX_OFFLOAD_SCATTER;
    if (!scatter) refused_ += ", frames above 1500 bytes";
  }
  conf.rxmode.offloads |= offered & RTE_ETH_RX_OFFLOAD_TIMESTAMP;
  TAPIARY_TRY(ApplyOrLess(conf, info.max_tx_queues > 0));
  const int socket = rte_eth_dev_socket_id(id_);
  const std::string pool = fmt::format("tapiary_{}", id_);
  pool_ = rte_pktmbuf_pool_create(
      pool.c_str(), plan.mbufs, kDpdkCache, 0,
      static_cast<std::uint16_t>(std::min(DpdkDataRoom(port_) + RTE_PKTMBUF_HEADROOM, 65'535u)),
      socket);
  if (pool_ == nullptr) {
    return Failed(fmt::format("rte_pktmbuf_pool_create of {} buffers", plan.mbufs).c_str(),
                  rte_errno)
        .WithContext("raise dpdk.memory");
  }
  TAPIARY_TRY(
      SetQueues(static_cast<std::uint16_t>(options.ring_size), socket, conf.rxmode.offloads));
  SetReception(options);
  return {};
}

// Some drivers offer more than they then take: plain reception is worth more than none.
base::Result<> DpdkDevice::ApplyOrLess(rte_eth_conf& conf, bool sends) {
  const std::uint16_t tx_queues = sends ? 1 : 0;
  if (rte_eth_dev_configure(id_, queues_, tx_queues, &conf) == 0) return {};
  conf.rxmode.offloads = 0;
  conf.rxmode.mtu = RTE_ETHER_MTU;
  const int error = rte_eth_dev_configure(id_, queues_, tx_queues, &conf);
  if (error != 0) return Failed("rte_eth_dev_configure", error);
  refused_ += ", frames above 1500 bytes and its own timestamps, though offered";
  return {};
}

base::Result<> DpdkDevice::SetQueues(std::uint16_t ring_size, int socket,
                                     std::uint64_t rx_offloads) {
  rte_eth_dev_info info{};
  if (const int error = rte_eth_dev_info_get(id_, &info); error != 0) {
    return Failed("rte_eth_dev_info_get", error);
  }
  ring_size_ = ring_size;
  std::uint16_t tx_ring = kTxRing;
  if (const int error = rte_eth_dev_adjust_nb_rx_tx_desc(id_, &ring_size_, &tx_ring); error != 0) {
    return Failed("rte_eth_dev_adjust_nb_rx_tx_desc", error);
  }
  if (ring_size_ < ring_size) {
    refused_ += fmt::format(", {} of {} descriptors", ring_size_, ring_size);
  }
  rte_eth_rxconf receive = info.default_rxconf;
  receive.offloads = rx_offloads;
  for (std::uint16_t queue = 0; queue < queues_; ++queue) {
    const int error = rte_eth_rx_queue_setup(id_, queue, ring_size_, static_cast<unsigned>(socket),
                                             &receive, pool_);
    if (error != 0) return Failed("rte_eth_rx_queue_setup", error);
  }
  if (info.max_tx_queues == 0) return {};
  const int error = rte_eth_tx_queue_setup(id_, 0, tx_ring, static_cast<unsigned>(socket), nullptr);
  if (error != 0) return Failed("rte_eth_tx_queue_setup", error);
  return {};
}

// Tags stay where they are, and frames for others come too, as far as the device can.
void DpdkDevice::SetReception(const DpdkOptions& options) {
  const int vlan = rte_eth_dev_set_vlan_offload(id_, 0);
  if (vlan != 0 && vlan != -ENOTSUP) refused_ += ", leaving VLAN tags in";
  if (options.promiscuous) {
    if (!port_.interface.empty()) {
      HoldPromiscuous();
    } else if (rte_eth_promiscuous_enable(id_) != 0) {
      refused_ += ", promiscuous mode";
    }
  }
  if (refused_.empty()) return;
  base::LogWarning("{}: the device ({}) does not offer all: {}", port_.name, driver_,
                   refused_.substr(2));
}

// Drivers set the interface's flag, which stays when we are killed; a socket's membership does not
// (CAP-15).
void DpdkDevice::HoldPromiscuous() {
  packet_mreq request{};
  request.mr_ifindex = static_cast<int>(::if_nametoindex(port_.interface.c_str()));
  request.mr_type = PACKET_MR_PROMISC;
  promiscuous_ = base::UniqueFd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  if (!promiscuous_.valid() || ::setsockopt(promiscuous_.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP,
                                            &request, sizeof request) != 0) {
    refused_ += ", promiscuous mode";
  }
}

base::Result<> DpdkDevice::Start() {
  const std::size_t said = DpdkEal::WordsSaid();
  if (const int error = rte_eth_dev_start(id_); error != 0) {
    base::Error told = Failed("rte_eth_dev_start", error);
    const std::string words = DpdkEal::WordsSince(said);
    if (!words.empty()) told.message += ": " + words;
    return told;
  }
  started_ = true;
  FindClock();
  return {};
}

void DpdkDevice::BeginCapture() {
  const std::lock_guard lock(begin_mutex_);
  if (begun_) return;
  begun_ = true;
  // A NIC's ring has filled since the start, with frames whose times would be those of now.
  if (port_.frame_bytes != 0 || port_.pci) Flush();
  base_ = TotalsOf(id_);
  base::LogInfo("{}: DPDK port {} ({}); queues: {}, descriptors: {}, buffers: {}", port_.name, id_,
                driver_, queues_, ring_size_, pool_->size);
}

// Drivers of files and of the kernel's sockets give times since 1970; others count as they like.
void DpdkDevice::FindClock() {
  const int flag = rte_mbuf_dynflag_lookup(RTE_MBUF_DYNFLAG_RX_TIMESTAMP_NAME, nullptr);
  clock_offset_ = rte_mbuf_dynfield_lookup(RTE_MBUF_DYNFIELD_TIMESTAMP_NAME, nullptr);
  if (flag < 0 || clock_offset_ < 0) return;
  clock_flag_ = RTE_BIT64(flag);
  std::uint64_t ticks = 0;
  if (driver_ == "net_pcap") {
    clock_ = DpdkClock::kUnixMicros;
  } else if (driver_ == "net_af_packet") {
    clock_ = DpdkClock::kUnixNanos;
  } else if (rte_eth_read_clock(id_, &ticks) == 0) {
    clock_ = DpdkClock::kOwn;
  }
}

// The driver's socket takes frames from the moment the port exists; capture begins now.
void DpdkDevice::Flush() {
  std::array<rte_mbuf*, 64> buffers;
  for (std::uint16_t queue = 0; queue < queues_; ++queue) {
    for (int i = 0; i < kMaxFlush; ++i) {
      const std::uint16_t count = rte_eth_rx_burst(id_, queue, buffers.data(), buffers.size());
      if (count == 0) break;
      rte_pktmbuf_free_bulk(buffers.data(), count);
    }
  }
}

DpdkTotals DpdkDevice::ReadTotals() const {
  const DpdkTotals now = TotalsOf(id_);
  return {Since(now.missed, base_.missed), Since(now.no_buffer, base_.no_buffer),
          Since(now.errors, base_.errors)};
}

bool DpdkDevice::LinkUp() const {
  rte_eth_link link{};
  return rte_eth_link_get_nowait(id_, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

std::uint64_t DpdkDevice::FreeBuffers() const {
  return pool_ == nullptr ? 0 : rte_mempool_avail_count(pool_);
}

}  // namespace tapiary::capture
