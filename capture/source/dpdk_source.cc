// Hot path: TakePackets. Per burst one clock read (TSC), one counter update, and freeing what the
// batch before held; per packet neither clock nor allocation, but for frames in several buffers.
#include "capture/source/dpdk_source.h"

#include <fmt/core.h>
#include <pthread.h>
#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <sched.h>
#include <sys/prctl.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "capture/source/bpf.h"
#include "capture/source/clock_fit.h"
#include "capture/source/counters.h"
#include "capture/source/dpdk_device.h"
#include "capture/source/host_links.h"
#include "capture/source/link_info.h"
#include "capture/source/live_filter.h"
#include "capture/source/offloads.h"

namespace tapiary::capture {
namespace {

constexpr std::int64_t kCheckNs = 200 * base::kNanosPerMilli;  // counters and link
constexpr std::int64_t kClockNs = base::kNanosPerSecond;
constexpr int kSampleTries = 5;
constexpr std::chrono::milliseconds kFirstSpan(20);
// Empty polls: so many at once, then sleeps that grow up to the longest.
constexpr unsigned kSpins = 32;
constexpr std::int64_t kShortSleepNs = 5'000;
constexpr std::int64_t kLongSleepNs = 100'000;
// A flood of which nothing is wanted must still let the worker look at a stop request.
constexpr int kBurstsPerCall = 64;
// Times of one queue do not go back when the fit is corrected; a larger step is the wall clock's.
constexpr std::int64_t kClockStepNs = 10 * base::kNanosPerMilli;
constexpr std::int64_t kMaxClockOffNs = base::kNanosPerSecond;

// A counter and the wall clock at the same time: the attempt that was least disturbed.
template <class Read>
ClockSample TakeSample(Read read) {
  ClockSample best;
  std::uint64_t best_took = UINT64_MAX;
  for (int i = 0; i < kSampleTries; ++i) {
    const std::uint64_t before = read();
    const std::int64_t wall = base::WallNow();
    const std::uint64_t took = read() - before;
    if (took >= best_took) continue;
    best_took = took;
    best = {before + took / 2, wall};
  }
  return best;
}

// A port that cannot be used: the engine is told when it opens it.
class FailedSource final : public PacketSource {
 public:
  FailedSource(std::string name, base::Error error)
      : name_(std::move(name)), error_(std::move(error)) {}
  base::Result<> Open() override { return error_; }
  base::Result<NextState> Next(PacketBatch& batch, int /*wait_ms*/) override {
    batch.count = 0;
    return error_;
  }
  [[nodiscard]] std::string name() const override { return name_; }
  [[nodiscard]] const std::vector<InterfaceInfo>& interfaces() const override {
    return interfaces_;
  }
  [[nodiscard]] SourceStats stats() const override { return {}; }

 private:
  std::string name_;
  base::Error error_;
  std::vector<InterfaceInfo> interfaces_;
};

class DpdkSource final : public PacketSource {
 public:
  DpdkSource(std::shared_ptr<DpdkDevice> device, std::uint16_t queue, const DpdkOptions& options,
             int core)
      : device_(std::move(device)),
        queue_(queue),
        core_(core),
        filter_text_(options.filter),
        live_filter_(options.live_filter),
        snap_length_(
            std::clamp(options.snap_length, 64u, static_cast<std::uint32_t>(kMaxPacketBytes))) {}
  ~DpdkSource() override { FreeHeld(); }

  base::Result<> Open() override;
  base::Result<NextState> Next(PacketBatch& batch, int wait_ms) override;
  // Queues of a port keep one account, under its name.
  [[nodiscard]] std::string name() const override { return device_->port().name; }
  void StopIntake() override;
  [[nodiscard]] const std::vector<InterfaceInfo>& interfaces() const override {
    return interfaces_;
  }
  [[nodiscard]] SourceStats stats() const override { return counters_.Snapshot(); }

 private:
  void EnterThread();
  void FreeHeld();
  void TakePackets(PacketBatch& batch, std::uint64_t tsc);
  base::Bytes BytesOf(rte_mbuf& buffer, std::size_t slot);
  std::int64_t TimeOf(const rte_mbuf& buffer, std::int64_t burst_ns);
  void Check(std::uint64_t tsc);
  void FitClocks(std::uint64_t tsc);
  void CheckInterface();
  void FollowFilter();
  void CountKernelLoss();
  void Rest();

  const std::shared_ptr<DpdkDevice> device_;
  const std::uint16_t queue_;
  const int core_;  // -1: any
  std::string filter_text_;
  const std::shared_ptr<const LiveFilter> live_filter_;  // may be null
  std::uint64_t filter_number_ = 0;
  const std::uint32_t snap_length_;
  std::vector<InterfaceInfo> interfaces_;
  PacketFilter filter_;
  bool entered_ = false;
  std::array<rte_mbuf*, kBatchSize> held_{};
  std::uint16_t held_count_ = 0;
  std::array<std::vector<std::uint8_t>, kBatchSize> joined_;  // frames that came in several buffers
  ClockFit tsc_fit_;
  ClockFit nic_fit_;
  bool nic_clock_bad_ = false;
  std::int64_t last_ns_ = 0;  // by the TSC, of the last burst
  std::uint64_t next_check_ = 0;
  std::uint64_t next_fit_ = 0;
  unsigned empty_polls_ = 0;
  bool stopped_ = false;
  std::uint64_t left_ = 0;  // after StopIntake: packets that may still be handed out
  // Of an interface of the kernel behind the port:
  LinkWatch watch_;
  bool watching_ = false;
  int index_ = 0;
  std::uint64_t kernel_base_ = 0;     // frames that it had received when we began
  std::uint64_t kernel_seen_ = 0;     // and since then
  std::uint64_t kernel_settled_ = 0;  // of these, surely in the ring or lost
  std::uint64_t handed_ = 0;          // frames from the driver
  SourceCounters counters_;
};

base::Result<> DpdkSource::Open() {
  InterfaceInfo info;
  info.name = device_->port().name;
  info.description = "DPDK " + device_->driver();
  info.snap_length = snap_length_;
  info.os = HostSystem();
  auto filter = PacketFilter::Compile(filter_text_, info.link_type_number);
  if (!filter) return filter.error().WithContext(name());
  filter_ = std::move(*filter);
  interfaces_ = {info};
  device_->BeginCapture();
  const std::string& interface = device_->port().interface;
  if (!interface.empty() && watch_.Open()) {
    const auto link = watch_.Get(interface);
    watching_ = link.has_value();
    if (link) {
      index_ = link->index;
      kernel_base_ = link->rx_packets;
    }
  }
  // DPDK rounds the TSC's rate to 10 MHz: it is measured, roughly now, better each second.
  FitClocks(rte_rdtsc());
  std::this_thread::sleep_for(kFirstSpan);
  FitClocks(rte_rdtsc());
  Check(rte_rdtsc());
  return {};
}

base::Result<NextState> DpdkSource::Next(PacketBatch& batch, int wait_ms) {
  if (!entered_) EnterThread();
  FreeHeld();
  batch.count = 0;
  const std::uint64_t begin = rte_rdtsc();
  const std::uint64_t wait = rte_get_tsc_hz() / 1000 * static_cast<unsigned>(std::max(wait_ms, 0));
  for (int bursts = 0; bursts < kBurstsPerCall;) {
    std::uint64_t want = kBatchSize;
    if (stopped_) want = std::min<std::uint64_t>(want, left_);
    held_count_ = want == 0 ? std::uint16_t{0}
                            : rte_eth_rx_burst(device_->id(), queue_, held_.data(),
                                               static_cast<std::uint16_t>(want));
    const std::uint64_t tsc = rte_rdtsc();
    if (tsc >= next_check_) Check(tsc);
    if (held_count_ == 0) {
      if (stopped_) {  // what had been there is handed out
        left_ = 0;
        counters_.undelivered.Set(0);
      }
      CountKernelLoss();
      if (stopped_ || tsc - begin >= wait) return NextState::kIdle;
      Rest();
      continue;
    }
    empty_polls_ = 0;
    TakePackets(batch, tsc);
    if (batch.count > 0) {
      counters_.CountBatch(batch);
      return NextState::kPackets;
    }
    FreeHeld();
    ++bursts;
  }
  return NextState::kIdle;
}

void DpdkSource::FreeHeld() {
  if (held_count_ == 0) return;
  rte_pktmbuf_free_bulk(held_.data(), held_count_);
  held_count_ = 0;
}

void DpdkSource::TakePackets(PacketBatch& batch, std::uint64_t tsc) {
  std::int64_t burst_ns = tsc_fit_.ToWall(tsc);
  if (burst_ns < last_ns_ && last_ns_ - burst_ns < kClockStepNs) burst_ns = last_ns_;
  const bool filtering = !filter_text_.empty();
  std::uint64_t filtered = 0;
  for (std::uint16_t i = 0; i < held_count_; ++i) {
    rte_prefetch0(rte_pktmbuf_mtod(held_[i], const void*));
  }
  for (std::uint16_t i = 0; i < held_count_; ++i) {
    rte_mbuf& buffer = *held_[i];
    Packet& packet = batch.packets[batch.count];
    packet = {};
    packet.bytes = BytesOf(buffer, i);
    packet.wire_length = buffer.pkt_len;
    packet.time_ns = TimeOf(buffer, burst_ns);
    if ((buffer.ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0) {  // asked not to, and did
      packet.has_vlan = true;
      packet.vlan_tpid = RTE_ETHER_TYPE_VLAN;
      packet.vlan_tci = buffer.vlan_tci;
    }
    if (filtering && !filter_.Matches(packet)) {
      ++filtered;
      continue;
    }
    ++batch.count;
  }
  handed_ += held_count_;
  if (stopped_) {
    left_ -= held_count_;
    counters_.undelivered.Set(left_ > 0 && counters_.undelivered.get() > 0 ? left_ : 0);
  }
  if (filtered > 0) counters_.filtered.Add(filtered);
}

// A frame in one buffer is a view of it; one in several is joined. Never past a buffer's end.
base::Bytes DpdkSource::BytesOf(rte_mbuf& buffer, std::size_t slot) {
  const std::uint32_t size = std::min(buffer.pkt_len, snap_length_);
  if (size <= buffer.data_len) return {rte_pktmbuf_mtod(&buffer, const std::uint8_t*), size};
  std::vector<std::uint8_t>& joined = joined_[slot];
  joined.clear();
  for (const rte_mbuf* part = &buffer; part != nullptr && joined.size() < size; part = part->next) {
    const auto* bytes = rte_pktmbuf_mtod(part, const std::uint8_t*);
    const std::size_t take = std::min<std::size_t>(part->data_len, size - joined.size());
    joined.insert(joined.end(), bytes, bytes + take);
  }
  return joined;
}

std::int64_t DpdkSource::TimeOf(const rte_mbuf& buffer, std::int64_t burst_ns) {
  const DpdkClock clock = device_->clock();
  if (clock == DpdkClock::kNone || (buffer.ol_flags & device_->clock_flag()) == 0) {
    last_ns_ = burst_ns;
    return burst_ns;
  }
  const std::uint64_t ticks =
      *RTE_MBUF_DYNFIELD(&buffer, device_->clock_offset(), const rte_mbuf_timestamp_t*);
  if (clock == DpdkClock::kUnixMicros) return static_cast<std::int64_t>(ticks * 1000);
  if (clock == DpdkClock::kUnixNanos) return static_cast<std::int64_t>(ticks);
  if (nic_clock_bad_ || !nic_fit_.ready()) return burst_ns;
  const std::int64_t time_ns = nic_fit_.ToWall(ticks);
  const std::int64_t off = time_ns - burst_ns;
  if (off < kMaxClockOffNs && off > -kMaxClockOffNs) return time_ns;
  nic_clock_bad_ = true;  // told at the next fit
  return burst_ns;
}

void DpdkSource::FitClocks(std::uint64_t tsc) {
  next_fit_ = tsc + rte_get_tsc_hz() * kClockNs / base::kNanosPerSecond;
  tsc_fit_.Add(TakeSample([] { return rte_rdtsc(); }));
  if (device_->clock() != DpdkClock::kOwn) return;
  if (nic_clock_bad_ && nic_fit_.ready()) {
    base::LogWarning("{}: the NIC's timestamps are off by more than 1 s; using the host's clock",
                     name());
    nic_fit_ = ClockFit();
  }
  if (nic_clock_bad_) return;
  nic_fit_.Add(TakeSample([this] {
    std::uint64_t ticks = 0;
    rte_eth_read_clock(device_->id(), &ticks);
    return ticks;
  }));
}

// Counters, link and clocks, a few times a second.
void DpdkSource::Check(std::uint64_t tsc) {
  next_check_ = tsc + rte_get_tsc_hz() / 1000 * (kCheckNs / base::kNanosPerMilli);
  if (tsc >= next_fit_) FitClocks(tsc);
  FollowFilter();
  if (queue_ != 0 || stopped_) return;  // the device counts for all its queues
  const DpdkTotals totals = device_->ReadTotals();
  counters_.dropped_nic.Set(totals.missed);
  counters_.dropped_no_buffer.Set(totals.no_buffer);
  counters_.dropped_errors.Set(totals.errors);
  if (watching_) {
    CheckInterface();
    return;
  }
  const bool up = device_->LinkUp();
  if (counters_.link_up.exchange(up, std::memory_order_relaxed) != up) {
    base::LogWarning("{}: link {}", name(), up ? "up" : "down");
  }
}

void DpdkSource::FollowFilter() {
  if (!live_filter_ || live_filter_->number() == filter_number_) return;
  filter_number_ = live_filter_->number();
  const std::string text = live_filter_->text();
  auto filter = PacketFilter::Compile(text, interfaces_[0].link_type_number);
  if (!filter) {
    base::LogWarning("{}: the filter stays as it was: {}", name(), filter.error().message);
    return;
  }
  filter_text_ = text;
  filter_ = std::move(*filter);
}

// The drivers of the kernel's interfaces do not tell of their loss, nor that an interface is gone.
void DpdkSource::CheckInterface() {
  const auto link = watch_.Get(device_->port().interface);
  if (!link && link.error().code != base::ErrorCode::kNotFound) return;
  const bool same = link && link->index == index_;
  const bool up = same && link->up;
  const auto trouble = same   ? LinkTrouble::kNone
                       : link ? LinkTrouble::kReplaced
                              : LinkTrouble::kMissing;
  // A frame is counted a little before it is in the ring: believed at the next look.
  kernel_settled_ = kernel_seen_;
  if (same && link->rx_packets >= kernel_base_) kernel_seen_ = link->rx_packets - kernel_base_;
  const bool was_up = counters_.link_up.exchange(up, std::memory_order_relaxed);
  if (counters_.trouble.exchange(trouble, std::memory_order_relaxed) == trouble && was_up == up) {
    return;
  }
  base::LogWarning("{}: {}", name(),
                   up     ? "link up"
                   : same ? "link down"
                   : link ? "another interface has its name; restart to capture from it"
                          : "the interface is gone");
}

// The ring was just found empty: what the kernel had received before was handed out or is lost.
void DpdkSource::CountKernelLoss() {
  if (device_->port().frame_bytes == 0) return;  // other drivers tell
  if (kernel_settled_ > handed_ + counters_.dropped_kernel.get()) {
    counters_.dropped_kernel.Set(kernel_settled_ - handed_);
  }
}

void DpdkSource::StopIntake() {
  if (stopped_) return;
  Check(rte_rdtsc());
  kernel_settled_ = kernel_seen_;  // what comes later is not taken
  const int there = rte_eth_rx_queue_count(device_->id(), queue_);
  if (there > 0) counters_.undelivered.Set(static_cast<std::uint64_t>(there));
  // A driver that cannot count gives up to what a ring holds, until it is empty once.
  left_ = there >= 0 ? static_cast<std::uint64_t>(there)
                     : std::max<std::uint64_t>(device_->ring_size(), 16'384);
  stopped_ = true;
}

void DpdkSource::EnterThread() {
  entered_ = true;
  if (core_ >= 0) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(core_), &set);
    const int error = ::pthread_setaffinity_np(::pthread_self(), sizeof set, &set);
    if (error != 0) base::LogWarning("{}: cannot be bound to CPU {}", name(), core_);
  }
  ::prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);  // sleeps as long as it says, not 50 us more
  DpdkEal::EnterThread();
}

// Waits for packets: at once again at first, then ever longer.
void DpdkSource::Rest() {
  if (++empty_polls_ <= kSpins) {
    rte_pause();
    return;
  }
  const std::int64_t sleep = std::min(kLongSleepNs, kShortSleepNs * (empty_polls_ - kSpins));
  const timespec time{0, sleep};
  ::nanosleep(&time, nullptr);
}

// The kernel's interfaces behind a port.
std::vector<std::string> InterfacesOf(const DpdkPort& port, const HostLinks& links) {
  if (!port.interface.empty()) return {port.interface};
  if (!port.pci) return {};
  const auto nic = links.Nic(port.device);
  return nic ? nic->interfaces : std::vector<std::string>();
}

// Stands for a port that cannot be used. What the host needs itself is refused, not replaced.
std::unique_ptr<PacketSource> Failed(const DpdkPort& port, const base::Error& error,
                                     const DpdkOptions& options) {
  base::Error told = error.WithContext("DPDK port " + port.name);
  if (options.fall_back) {
    const HostLinks links("", options.uplink_addresses);
    for (const std::string& interface : InterfacesOf(port, links)) {
      if (!options.force && !links.UseOf(interface).empty()) continue;
      if (options.fall_back(interface)) {
        told.message += fmt::format("; {} is captured by AF_PACKET instead", interface);
      }
    }
  }
  return std::make_unique<FailedSource>(port.name, std::move(told));
}

std::mutex devices_mutex;
std::vector<std::weak_ptr<DpdkDevice>> devices;  // for FreeDpdkBuffers

}  // namespace

std::vector<std::unique_ptr<PacketSource>> MakeDpdkSources(const DpdkOptions& options) {
  std::vector<std::unique_ptr<PacketSource>> sources;
  const auto plan = PlanDpdk(options);
  const auto eal = plan ? DpdkEal::Start(*plan) : plan.error();
  if (!eal) {
    const auto ports = ParseDpdkPorts(options.ports, "");
    for (std::size_t i = 0; i < options.ports.size(); ++i) {
      DpdkPort port;
      port.name = options.ports[i];
      sources.push_back(Failed(ports ? (*ports)[i] : port, eal.error(), options));
    }
    return sources;
  }
  for (std::size_t i = 0; i < plan->ports.size(); ++i) {
    const DpdkPort& port = plan->ports[i];
    if (!plan->refusals[i].empty()) {
      const auto refused = base::MakeError(base::ErrorCode::kInvalid, plan->refusals[i]);
      sources.push_back(Failed(port, refused, options));
      continue;
    }
    const auto device = DpdkDevice::Make(*eal, port, *plan, options);
    // Some drivers find only here what they lack; an interface of the kernel can still be captured.
    const auto started = device ? (*device)->Start() : device.error();
    if (!started) {
      sources.push_back(Failed(port, started.error(), options));
      continue;
    }
    for (std::uint16_t queue = 0; queue < (*device)->queues(); ++queue) {
      const auto& cores = plan->cores;
      const int core = cores.empty() ? -1 : static_cast<int>(cores[sources.size() % cores.size()]);
      sources.push_back(std::make_unique<DpdkSource>(*device, queue, options, core));
    }
    const std::lock_guard lock(devices_mutex);
    devices.push_back(*device);
  }
  return sources;
}

std::uint64_t FreeDpdkBuffers() {
  const std::lock_guard lock(devices_mutex);
  std::uint64_t count = 0;
  for (const auto& device : devices) {
    if (const auto alive = device.lock()) count += alive->FreeBuffers();
  }
  return count;
}

}  // namespace tapiary::capture
