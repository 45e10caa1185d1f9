// The af_packet source: one interface through a TPACKET_V3 ring, without copying.
//
// A batch comes from one ring block, which goes back to the kernel when the batch that took its
// last packet is released. Twice a second the interface is looked up by its name: it may be down
// (CAP-02), gone, or be another one under the old name (CAP-03). Hot path: TakeFrames.
#include <fmt/core.h>
#include <linux/if_arp.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "capture/source/bpf.h"
#include "capture/source/counters.h"
#include "capture/source/fanout.h"
#include "capture/source/link_info.h"
#include "capture/source/live_filter.h"
#include "capture/source/nic_clock.h"
#include "capture/source/offloads.h"
#include "capture/source/packet_source.h"
#include "capture/source/rx_ring.h"

namespace tapiary::capture {
namespace {

constexpr std::int64_t kCheckIntervalNs = 500 * base::kNanosPerMilli;
constexpr int kMaxWaitMs = 500;  // so that the check above takes place
// A flood of which nothing is wanted must still let the worker look at a stop request.
constexpr int kBlocksPerCall = 16;
// Smaller limits could not be told from packets that the filter rejected.
constexpr std::uint32_t kMinSnapLength = 64;
constexpr std::size_t kFullPercent = 75;  // of the ring: the next burst may be lost
constexpr const char* kAbsent = "there is none of that name";
constexpr BpfInstruction kTakeNothing = {0x06, 0, 0, 0};  // BPF_RET 0

// Nothing for hardware whose frames we do not know.
std::optional<LinkType> LinkTypeOf(unsigned hardware_type) {
  switch (hardware_type) {
    case ARPHRD_ETHER:
    case ARPHRD_LOOPBACK:
      return LinkType::kEthernet;
    case ARPHRD_NONE:
    case ARPHRD_RAWIP:
      return LinkType::kRaw;
    default:
      return std::nullopt;
  }
}

class AfPacketSource final : public PacketSource {
 public:
  explicit AfPacketSource(AfPacketOptions options) : options_(std::move(options)) {}

  base::Result<> Open() override;
  base::Result<NextState> Next(PacketBatch& batch, int wait_ms) override;
  [[nodiscard]] const std::vector<InterfaceInfo>& interfaces() const override {
    return interfaces_;
  }
  [[nodiscard]] SourceStats stats() const override { return counters_.Snapshot(); }
  [[nodiscard]] std::string name() const override { return options_.interface; }
  void StopIntake() override;

 private:
  enum class Binding { kBound, kMissing };

  base::Result<> AwaitInterface(const std::string& why);
  base::Result<> Setup(const LinkInfo& link);
  base::Result<> SetLinkType(LinkType link_type);
  base::Result<> OpenRing(const LinkInfo& link);
  base::Result<> BindRing(int index);
  void TakeFrames(PacketBatch& batch);
  void CheckLink();
  void FollowFilter();
  void CheckSilence(std::uint64_t rx_packets, std::int64_t now_ns);
  void UseNicTime();
  void CheckNicTime();
  void SayWhoseTime();
  void NoteLongestFrame(const LinkInfo& link);
  void NoteFill();
  void TellOffloads();
  void SetMissing(const std::string& why);
  void Rebind(const LinkInfo& link);
  void TellBound(const LinkInfo& link);
  void SetLinkUp(bool up);
  void CountUndelivered();
  // What members of a fanout would say as one.
  template <class... Args>
  void Tell(fmt::format_string<Args...> format, Args&&... args) {
    if (options_.leads) base::LogWarning(format, std::forward<Args>(args)...);
  }

  AfPacketOptions options_;
  std::vector<InterfaceInfo> interfaces_;
  LinkWatch watch_;
  SilenceCheck silence_;
  PacketFilter filter_;
  std::vector<BpfInstruction> program_;
  RxRing ring_;
  Binding binding_ = Binding::kBound;
  std::string missing_why_;
  int index_ = 0;                    // 0: no interface was there yet
  bool filtering_ = false;           // frames that a filter rejected may be in the ring
  std::uint64_t filter_number_ = 0;  // of the live filter
  bool skip_outgoing_ = false;       // on loopback, where the kernel cannot do it
  bool intake_stopped_ = false;
  std::uint64_t taken_ = 0;  // frames read from the ring
  std::int64_t next_check_ns_ = 0;
  std::optional<NicClock> nic_clock_;  // only where it is asked for
  NicClockCheck nic_check_;
  bool nic_check_due_ = false;
  std::size_t fill_told_ = 0;  // percent
  bool above_mtu_told_ = false;
  KernelTotals kernel_;
  std::uint64_t missed_base_ = 0;   // the NIC's loss counter when we began
  std::uint64_t missed_total_ = 0;  // what interfaces before this one had lost
  SourceCounters counters_;
};

base::Result<> AfPacketSource::Open() {
  options_.snap_length =
      std::clamp(options_.snap_length, kMinSnapLength, static_cast<std::uint32_t>(kMaxPacketBytes));
  TAPIARY_TRY(watch_.Open());
  const auto link = watch_.Get(options_.interface);
  const bool absent = !link && link.error().code == base::ErrorCode::kNotFound;
  if (!link && !(absent && options_.wait_for_interface)) return link.error();
  const auto ready = absent ? AwaitInterface(kAbsent) : Setup(*link);
  if (!ready) return ready.error().WithContext("interface " + options_.interface);
  return {};
}

// Everything but a bound ring, for an interface that most likely will be Ethernet.
base::Result<> AfPacketSource::AwaitInterface(const std::string& why) {
  TAPIARY_TRY(SetLinkType(LinkType::kEthernet));
  // The ring's memory is taken, and can be refused, now: not when packets come.
  TAPIARY_TRY(OpenRing(LinkInfo{}));
  SetMissing(why);
  return {};
}

base::Result<> AfPacketSource::SetLinkType(LinkType link_type) {
  InterfaceInfo info;
  info.name = options_.interface;
  info.link_type = link_type;
  info.link_type_number = static_cast<std::uint16_t>(link_type);
  info.snap_length = options_.snap_length;
  if (!options_.live_filter) info.filter = options_.filter;
  info.os = HostSystem();
  info.hardware = DriverOf(options_.interface);
  TAPIARY_ASSIGN(filter_, PacketFilter::Compile(options_.filter, info.link_type_number));
  if (interfaces_.empty()) interfaces_.push_back(info);
  for (InterfaceInfo& known : interfaces_) {
    info.description = known.description;
    known = info;
  }
  filtering_ = filtering_ || !options_.filter.empty();
  program_ = filter_.KernelProgram(options_.snap_length);
  return {};
}

base::Result<> AfPacketSource::Setup(const LinkInfo& link) {
  const auto link_type = LinkTypeOf(link.hardware_type);
  if (!link_type) {
    return base::MakeError(base::ErrorCode::kUnsupported,
                           fmt::format("hardware type {} is not handled", link.hardware_type));
  }
  TAPIARY_TRY(SetLinkType(*link_type));
  TAPIARY_TRY(OpenRing(link));
  if (options_.fanout && !link.up) {
    binding_ = Binding::kMissing;  // the kernel takes members of an interface that is up
  } else {
    TAPIARY_TRY(BindRing(link.index));
  }
  index_ = link.index;
  missed_base_ = link.rx_missed;
  counters_.link_up = link.up;
  NoteLongestFrame(link);
  if (!link.up) Tell("interface {}: link down", options_.interface);
  return {};
}

base::Result<> AfPacketSource::OpenRing(const LinkInfo& link) {
  TAPIARY_TRY(ring_.Open(PlanRing(options_.ring_bytes, options_.block_bytes, options_.snap_length,
                                  static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)))));
  TAPIARY_TRY(ring_.Attach({kTakeNothing}));
  // On loopback each packet passes twice: sent, then received (CAP-09).
  if (link.loopback && !options_.both_directions_on_loopback) {
    skip_outgoing_ = !ring_.IgnoreOutgoing();
  }
  return {};
}

// The filter opens last: a bind that fails would take what is not ours, and one that waits for its
// fanout what is another member's.
base::Result<> AfPacketSource::BindRing(int index) {
  TAPIARY_TRY(ring_.Bind(index, options_.promiscuous));
  UseNicTime();
  SayWhoseTime();
  TellOffloads();
  if (options_.fanout) TAPIARY_TRY(options_.fanout->Join(ring_.fd(), index));
  return ring_.Attach(program_);
}

void AfPacketSource::UseNicTime() {
  if (options_.nic_time == NicTime::kOff || nic_check_.bad()) return;
  nic_clock_.emplace();
  const auto enabled = nic_clock_->Enable(ring_.fd(), options_.interface);
  if (!options_.leads) return;
  if (enabled) {
    base::LogInfo("interface {}: times by the NIC", options_.interface);
    return;
  }
  const auto level =
      options_.nic_time == NicTime::kOn ? base::LogLevel::kWarning : base::LogLevel::kInfo;
  base::LogAt(level, "interface {}: the NIC gives no times ({}): the host's are used",
              options_.interface, enabled.error().message);
}

// Stored with each block of packets (CAP-13). Packets that the other clock stamped are of another
// interface, so that no file mixes clocks without saying so; there are these two at most.
void AfPacketSource::SayWhoseTime() {
  const bool by_nic = nic_clock_ && nic_clock_->enabled();
  const std::string text = by_nic ? "times by the NIC's clock" : "times by the host's clock";
  auto same = std::ranges::find(interfaces_, text, &InterfaceInfo::description);
  if (same == interfaces_.end()) {
    if (taken_ > 0) interfaces_.push_back(interfaces_[0]);
    same = interfaces_.end() - 1;
    same->description = text;
  }
  ring_.SetInterface(static_cast<std::uint32_t>(same - interfaces_.begin()));
}

// Once an interface: what is captured from it may not be what was on the wire (CAP-06).
void AfPacketSource::TellOffloads() {
  const auto enabled = EnabledOffloads(options_.interface);
  if (!enabled) {
    Tell("interface {}: its offloads are not known: {}", options_.interface,
         enabled.error().message);
    return;
  }
  for (const Offload& offload : *enabled) {
    Tell("interface {}: {} is on ({}): ethtool -K {} {} off", options_.interface, offload.name,
         offload.effect, options_.interface, offload.name);
  }
}

void AfPacketSource::NoteLongestFrame(const LinkInfo& link) {
  const bool ethernet = interfaces_[0].link_type == LinkType::kEthernet;
  counters_.longest_frame = LongestFrame(link.mtu, ethernet);
}

// At the first block after each look at the interface: is the NIC's clock the host's? (CAP-13)
void AfPacketSource::CheckNicTime() {
  nic_check_due_ = false;
  std::int64_t nic_ns = 0;
  std::int64_t begun_ns = 0;
  if (!ring_.NicTimes(nic_ns, begun_ns)) return;
  if (nic_check_.Good(nic_ns, begun_ns, base::WallNow())) return;
  Tell("interface {}: the NIC's clock is {} s off: the host's times are used", options_.interface,
       nic_check_.offset_ns() / base::kNanosPerSecond);
  nic_clock_->Disable(ring_.fd());
  SayWhoseTime();
  ring_.CorrectNicTime(nic_check_.offset_ns());  // what the ring holds already
}

base::Result<NextState> AfPacketSource::Next(PacketBatch& batch, int wait_ms) {
  batch.count = 0;
  bool waited = false;
  if (intake_stopped_) CountUndelivered();
  for (int blocks = 0; blocks < kBlocksPerCall;) {
    if (ring_.holds_block() && !ring_.HasFrame()) ring_.Release();
    if (!ring_.holds_block()) {
      CheckLink();
      if (!ring_.Acquire()) {
        if (waited || !ring_.Wait(std::min(wait_ms, kMaxWaitMs))) return NextState::kIdle;
        waited = true;
        continue;
      }
    }
    if (nic_check_due_) CheckNicTime();
    TakeFrames(batch);
    if (batch.count > 0) {
      counters_.CountBatch(batch);
      return NextState::kPackets;
    }
    ++blocks;
  }
  return NextState::kIdle;
}

// Hands out the next frames of the held block.
void AfPacketSource::TakeFrames(PacketBatch& batch) {
  std::uint64_t filtered = 0;
  while (batch.count < kBatchSize && ring_.HasFrame()) {
    Packet& packet = batch.packets[batch.count];
    ring_.NextFrame(packet);
    ++taken_;
    if (skip_outgoing_ && packet.direction == Direction::kOutbound) continue;
    if (filtering_) {
      const bool rejected = packet.bytes.size() == kRejectedBytes ||
                            (filter_.NeedsRecheck(packet) && !filter_.Matches(packet));
      if (rejected) {
        ++filtered;
        continue;
      }
    }
    ++batch.count;
  }
  if (filtered > 0) counters_.filtered.Add(filtered);
}

// Counters, state and identity of the interface, twice a second.
void AfPacketSource::CheckLink() {
  const std::int64_t now = base::SteadyNow();
  if (now < next_check_ns_) return;
  next_check_ns_ = now + kCheckIntervalNs;
  ring_.ReadTotals(kernel_);
  counters_.dropped_kernel.Set(kernel_.dropped);
  NoteFill();
  if (intake_stopped_) return;
  nic_check_due_ = nic_clock_ && nic_clock_->enabled();
  FollowFilter();
  const auto link = watch_.Get(options_.interface);
  if (!link) {
    // Any other error says nothing about the interface: ask again next time.
    if (link.error().code == base::ErrorCode::kNotFound) SetMissing(kAbsent);
    return;
  }
  const bool bound = binding_ == Binding::kBound && ring_.IsBoundTo(link->index);
  if (link->index != index_ || !bound) Rebind(*link);
  if (binding_ != Binding::kBound) return;
  if (options_.leads && link->rx_missed >= missed_base_) {
    counters_.dropped_nic.Set(missed_total_ + link->rx_missed - missed_base_);
  }
  SetLinkUp(link->up);
  NoteLongestFrame(*link);
  if (!options_.fanout) CheckSilence(link->rx_packets, now);  // a member may get nothing
}

// The ring before it is too small, and frames that no wire carries (CAP-06).
void AfPacketSource::NoteFill() {
  if (!above_mtu_told_ && counters_.above_mtu.get() > 0) {
    above_mtu_told_ = true;
    base::LogWarning("interface {}: frames above its MTU come, by an offload or a larger MTU here",
                     options_.interface);
  }
  const std::size_t blocks = ring_.size().block_count;
  counters_.ring_blocks = static_cast<std::uint32_t>(blocks);
  counters_.ring_blocks_peak = static_cast<std::uint32_t>(ring_.peak());
  const std::size_t percent = blocks == 0 ? 0 : 100 * ring_.peak() / blocks;
  if (percent < kFullPercent || percent <= fill_told_) return;
  fill_told_ = percent;
  base::LogWarning("interface {}: the ring was {} % full", options_.interface, percent);
}

// What an XDP program or another kind of bypass takes away never comes to a packet socket.
void AfPacketSource::CheckSilence(std::uint64_t rx_packets, std::int64_t now_ns) {
  const bool silent = silence_.Note(rx_packets, kernel_.seen, now_ns);
  const auto trouble = silent ? LinkTrouble::kSilent : LinkTrouble::kNone;
  if (counters_.trouble.exchange(trouble, std::memory_order_relaxed) == trouble) return;
  Tell("interface {}: {}", options_.interface,
       silent ? "it receives packets, but none is captured" : "packets are captured again");
}

// The filter in force changes in one step; what the ring holds already came by the one before.
void AfPacketSource::FollowFilter() {
  if (!options_.live_filter || options_.live_filter->number() == filter_number_) return;
  filter_number_ = options_.live_filter->number();
  const std::string before = std::exchange(options_.filter, options_.live_filter->text());
  base::Result<> done = SetLinkType(interfaces_[0].link_type);
  if (done && binding_ == Binding::kBound) done = ring_.Attach(program_);
  if (done) return;
  base::LogWarning("interface {}: the filter stays as it was: {}", options_.interface,
                   done.error().message);
  options_.filter = before;
  (void)SetLinkType(interfaces_[0].link_type);  // compiled before
}

// The name is gone. An interface that was renamed keeps its index, but it is not ours any more.
void AfPacketSource::SetMissing(const std::string& why) {
  if (binding_ == Binding::kMissing && why == missing_why_) return;
  binding_ = Binding::kMissing;
  missing_why_ = why;
  Tell("interface {} missing: {}; it is waited for{}", options_.interface, why,
       index_ == 0 ? " (tapiary-sensor --list-interfaces shows those that there are)" : "");
  counters_.link_up = false;
  counters_.trouble = LinkTrouble::kMissing;
  const auto closed = ring_.Attach({kTakeNothing});
  if (!closed) base::LogWarning("{}", closed.error().ToString());
}

void AfPacketSource::Rebind(const LinkInfo& link) {
  const auto link_type = LinkTypeOf(link.hardware_type);
  const bool first = index_ == 0;  // until now there was none of that name
  if (!link_type || (!first && *link_type != interfaces_[0].link_type)) {
    SetMissing(fmt::format("what came has hardware type {}", link.hardware_type));
    return;
  }
  if (options_.fanout) {
    // A member cannot be bound anew. Its ring goes when it is empty, half a second from now.
    if (binding_ == Binding::kBound) return SetMissing("another in its place");
    if (!link.up) counters_.trouble = LinkTrouble::kNone;  // it is there, and down
    if (ring_.Ready() || !link.up) return;
  }
  base::Result<> done;
  if (first) done = SetLinkType(*link_type);
  if (done && (first || options_.fanout)) done = OpenRing(link);
  if (done) done = BindRing(link.index);
  if (!done) {
    SetMissing(done.error().ToString());
    return;
  }
  binding_ = Binding::kBound;
  missing_why_.clear();
  counters_.trouble = LinkTrouble::kNone;
  TellBound(link);
}

// What was bound, and from where its counters go on.
void AfPacketSource::TellBound(const LinkInfo& link) {
  if (link.index == index_) {
    Tell("interface {} is back, or another under its index", options_.interface);
    return;
  }
  if (index_ == 0) {
    Tell("interface {} has come: capturing from it", options_.interface);
    missed_base_ = link.rx_missed;
  } else {
    Tell("interface {} replaced: index {} -> {}", options_.interface, index_, link.index);
    missed_total_ = counters_.dropped_nic.get();
    missed_base_ = 0;  // a new interface counts from nothing
  }
  index_ = link.index;
}

void AfPacketSource::StopIntake() {
  const auto closed = ring_.Attach({kTakeNothing});
  if (!closed) base::LogWarning("{}", closed.error().ToString());
  intake_stopped_ = true;
  CountUndelivered();
  NoteFill();
  base::LogInfo("interface {}: {} of the ring's {} blocks were in use at most", options_.interface,
                ring_.peak(), ring_.size().block_count);
}

void AfPacketSource::CountUndelivered() {
  ring_.ReadTotals(kernel_);
  counters_.dropped_kernel.Set(kernel_.dropped);
  const std::uint64_t accepted = kernel_.seen - kernel_.dropped;
  counters_.undelivered.Set(accepted > taken_ ? accepted - taken_ : 0);
}

void AfPacketSource::SetLinkUp(bool up) {
  if (counters_.link_up.exchange(up, std::memory_order_relaxed) == up) return;
  Tell("interface {}: link {}", options_.interface, up ? "up" : "down");
}

}  // namespace

std::unique_ptr<PacketSource> MakeAfPacketSource(AfPacketOptions options) {
  return std::make_unique<AfPacketSource>(std::move(options));
}

}  // namespace tapiary::capture
