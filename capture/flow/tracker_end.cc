// The other side of the tracker: deadlines, ends, records, and what the OT decoders report.
#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "capture/flow/tcp.h"
#include "capture/flow/tracker.h"
#include "capture/ot/detail.h"
#include "capture/ot/pending.h"
#include "capture/ot/registry.h"

namespace tapiary::capture {
namespace {

constexpr std::uint8_t kTcp = 6;
constexpr std::int64_t kHalfOpenTimeoutNs = 50 * base::kNanosPerSecond;
constexpr std::int64_t kClockJumpNs = base::kNanosPerHour;
// Packets of several queues or interfaces are out of order by this much at most.
constexpr std::int64_t kDisorderNs = 5 * base::kNanosPerSecond;
// So many packets in a row behind that are a clock set back, not late packets. A share of the live
// flows on top keeps the work per packet bounded, since a step files them all anew.
constexpr std::uint64_t kStepPackets = 16;
constexpr std::uint64_t kStepFlowsPerPacket = 64;
constexpr std::size_t kMaxNamed = 256;

// a + b for b >= 0, at the end of time at most.
std::int64_t Later(std::int64_t a, std::int64_t b) {
  return a > INT64_MAX - b ? INT64_MAX : a + b;
}

// Broadcast or multicast. A subnet's broadcast address shows by its MAC address only, which means
// nothing where both have such a one (loopback captures).
bool IsGroup(const IpAddress& ip, const MacAddress& mac, const MacAddress& asker) {
  if ((mac[0] & 1) != 0 && (asker[0] & 1) == 0) return true;
  return ip.version == 4 ? ip.bytes[0] >= 224 : ip.version == 6 && ip.bytes[0] == 0xff;
}

// What to say of a flow on this port when nothing in it parsed; by the protocol's first port only.
std::string_view WrongContent(const FlowKey& key) {
  const OtProtocol* const usual = UsualProtocol(key.proto, key.low_port, key.high_port);
  if (usual == nullptr) return {};
  const std::uint16_t port = usual->ports[0];
  return key.low_port == port || key.high_port == port ? usual->wrong_content : std::string_view();
}

}  // namespace

void FlowTracker::MoveClock(std::int64_t time_ns) {
  if (time_ns == kTimeUnknown) return;
  if (!clock_known_) {
    clock_known_ = true;
    now_ns_ = time_ns;
    wheel_.Restart(time_ns);
    return;
  }
  if (Later(time_ns, kDisorderNs) >= now_ns_) {
    now_ns_ = std::max(now_ns_, time_ns);
    behind_.packets = 0;
    return;
  }
  if (Later(time_ns, kClockJumpNs) >= now_ns_) return NoteBehind(time_ns);
  // Idle times across the jump mean nothing: all flows end, and the jump is on record.
  EndAll(EndReason::kIdle);
  RecordJump(time_ns);
  behind_.packets = 0;
  now_ns_ = time_ns;
  wheel_.Restart(time_ns);
}

void FlowTracker::RecordJump(std::int64_t to_ns) {
  GapRecord jump;
  jump.kind = "clock";
  jump.from_ns = now_ns_;
  jump.to_ns = to_ns;
  jump.reason = "clock-jump";
  records_.gaps.push_back(std::move(jump));
}

void FlowTracker::NoteBehind(std::int64_t time_ns) {
  if (behind_.packets++ == 0) behind_.first_ns = behind_.min_ns = behind_.max_ns = time_ns;
  behind_.min_ns = std::min(behind_.min_ns, time_ns);
  behind_.max_ns = std::max(behind_.max_ns, time_ns);
  if (behind_.packets < std::max(kStepPackets, table_.live() / kStepFlowsPerPacket)) return;
  StepBack();
  behind_.packets = 0;
}

// The clock was set back by less than would end all flows: time goes on from the new one. What the
// old clock stamped moves back with it, so that flows that are idle end when they would have.
void FlowTracker::StepBack() {
  RecordJump(behind_.first_ns);
  const std::int64_t step = now_ns_ - behind_.first_ns;
  now_ns_ = behind_.max_ns;
  fragments_ = FragmentTable();  // their times are the old clock's
  due_.clear();
  wheel_.TakeAll(due_);  // all live flows, without a walk over a table that once was larger
  wheel_.Restart(now_ns_);
  for (const std::uint32_t index : due_) {
    StepFlowBack(index, step);
    wheel_.Insert(index, DueTime(index));
  }
}

void FlowTracker::StepFlowBack(std::uint32_t index, std::int64_t step) {
  FlowHot& hot = table_.hot(index);
  FlowCold& cold = table_.cold(index);
  const auto is_new = [this](std::int64_t time_ns) {
    return time_ns >= behind_.min_ns && time_ns <= behind_.max_ns;
  };
  const auto back = [step, is_new](std::int64_t time_ns) {
    if (time_ns == kTimeUnknown || is_new(time_ns)) return time_ns;
    return time_ns < INT64_MIN + 1 + step ? INT64_MIN + 1 : time_ns - step;
  };
  FlowRare& rare = MakeRare(cold);
  rare.end_ns = std::max(rare.end_ns, hot.last_ns);
  const bool quiet = cold.listed == static_cast<std::uint32_t>(hot.last_ns);
  hot.last_ns = back(hot.last_ns);
  if (quiet) cold.listed = static_cast<std::uint32_t>(hot.last_ns);
  if (is_new(rare.late_ns)) hot.last_ns = std::max(hot.last_ns, rare.late_ns);
  cold.part_start_ns = back(cold.part_start_ns);
  // Requests of the old clock would keep those of the new one from being given up.
  const std::int64_t due = rare.session ? rare.session->next_due_ns() : INT64_MAX;
  if (due == INT64_MAX || due <= Later(now_ns_, PendingTable::kReplyTimeoutNs)) return;
  current_ = index;
  rare.session->Expire(Later(behind_.first_ns + step, PendingTable::kReplyTimeoutNs + 1), *this);
  current_ = kNoFlow;
}

std::int64_t FlowTracker::IdleTimeout(const FlowHot& hot) const {
  if (hot.ended()) return options_.closed_timeout_ns;
  if (hot.key.kind == KeyKind::kFragment) return kFragmentTimeoutNs;
  if (hot.state == TcpState::kSynSent && hot.Has(kEmbryo)) {
    return std::min(options_.idle_timeout_ns, kHalfOpenTimeoutNs);
  }
  return options_.idle_timeout_ns;
}

std::int64_t FlowTracker::DueTime(std::uint32_t index) {
  const FlowHot& hot = table_.hot(index);
  const FlowCold& cold = table_.cold(index);
  if (hot.last_ns == kTimeUnknown) return INT64_MAX;
  std::int64_t due = Later(hot.last_ns, IdleTimeout(hot));
  if (options_.active_timeout_ns > 0) {
    due = std::min(due, Later(cold.part_start_ns, options_.active_timeout_ns));
  }
  if (hot.Has(kHasSession)) {
    // Expire works on what is past its time, one nanosecond later.
    const std::int64_t session_due = RareOf(cold).session->next_due_ns();
    due = std::min(due, Later(session_due, session_due == INT64_MAX ? 0 : 1));
  }
  return due;
}

void FlowTracker::Refile(std::uint32_t index) {
  wheel_.Remove(index);
  wheel_.Insert(index, DueTime(index));
}

bool FlowTracker::Check(std::uint32_t index, std::int64_t now_ns) {
  FlowHot& hot = table_.hot(index);
  FlowCold& cold = table_.cold(index);
  if (hot.last_ns != kTimeUnknown) {
    if (hot.Has(kHasSession)) {
      OtSession& session = *MakeRare(cold).session;
      current_ = index;
      session.Expire(now_ns, *this);
      session.seat().Report(session.held_bytes());
      current_ = kNoFlow;
    }
    if (now_ns >= Later(hot.last_ns, IdleTimeout(hot))) {
      End(index, hot.ended() ? EndReason::kEnd : EndReason::kIdle);
      return true;
    }
    const std::int64_t active = options_.active_timeout_ns;
    if (active > 0 && now_ns >= Later(cold.part_start_ns, active)) {
      // A part without packets would say nothing.
      const bool packets = hot.packets[0] != 0 || hot.packets[1] != 0;
      if (packets) Export(index, EndReason::kActive, false);
      cold.part_start_ns += (now_ns - cold.part_start_ns) / active * active;
    }
  }
  Refile(index);
  return false;
}

void FlowTracker::End(std::uint32_t index, EndReason reason) {
  FlowHot& hot = table_.hot(index);
  FlowCold& cold = table_.cold(index);
  if (hot.Has(kHasSession)) {
    FlowRare& rare = MakeRare(cold);
    current_ = index;
    rare.session->Finish(*this);
    NoteService(rare);
    rare.session->seat().Leave();
    current_ = kNoFlow;
  }
  wheel_.Remove(index);
  table_.Unlink(index);
  hot.Set(kEnding);
  cold.end_reason = static_cast<std::uint8_t>(reason) & 7u;
  ended_.push_back(index);
}

std::vector<std::uint32_t> FlowTracker::LiveFlows() {
  std::vector<std::uint32_t> live;
  live.reserve(table_.live());
  for (std::uint32_t index = 0; index < table_.used(); ++index) {
    const FlowHot& hot = table_.hot(index);
    if (hot.Has(kLive) && !hot.Has(kEnding)) live.push_back(index);
  }
  std::sort(live.begin(), live.end(), [this](std::uint32_t a, std::uint32_t b) {
    return table_.cold(a).number < table_.cold(b).number;
  });
  return live;
}

void FlowTracker::EndLive(std::uint32_t index, EndReason reason) {
  End(index, table_.hot(index).ended() ? EndReason::kEnd : reason);
}

void FlowTracker::EndAll(EndReason reason) {
  for (const std::uint32_t index : LiveFlows()) EndLive(index, reason);
}

void FlowTracker::ExpireDue() {
  if (!clock_known_) return;
  due_.clear();
  wheel_.Advance(now_ns_, due_);
  for (const std::uint32_t index : due_) {
    if (table_.hot(index).due_ns <= now_ns_) {
      (void)Check(index, now_ns_);
    } else {
      Refile(index);
    }
  }
}

void FlowTracker::ExportEnded() {
  for (const std::uint32_t index : ended_) {
    FlowCold& cold = table_.cold(index);
    const std::uint32_t into = RareOf(cold).merged_into;
    if (into == kNoFlow) continue;
    MergeBlocks(table_.hot(index), cold, table_.hot(into), table_.cold(into));
  }
  for (const std::uint32_t index : ended_) {
    FlowCold& cold = table_.cold(index);
    if (RareOf(cold).merged_into == kNoFlow) {
      NoteEndAnomalies(table_.hot(index), cold);
      Export(index, static_cast<EndReason>(cold.end_reason), true);
    }
    if (RareOf(cold).session) --sessions_;
    table_.Release(index);
  }
  ended_.clear();
}

void FlowTracker::NoteEndAnomalies(FlowHot& hot, FlowCold& cold) {
  const SideTotals sides[2] = {TotalsOf(hot, cold, 0), TotalsOf(hot, cold, 1)};
  const FlowRare& rare = RareOf(cold);
  const bool claimed = rare.session && rare.session->claimed();
  const bool payload = sides[0].payload != 0 || sides[1].payload != 0;
  // Copies were decoded in the flow of the first ones.
  const bool copies = 2 * rare.duplicates > sides[0].packets + sides[1].packets;
  if (hot.Has(kUsualPort) && !claimed && payload && !copies) {
    const std::string_view anomaly = WrongContent(hot.key);
    if (!anomaly.empty()) CountNamed(cold, anomaly);
  }
  const bool one_sided = sides[0].packets == 0 || sides[1].packets == 0;
  if (claimed && one_sided) CountNamed(cold, "other-side-not-seen");
}

FlowId FlowTracker::IdOf(const FlowCold& cold) const {
  return {options_.epoch, options_.first_flow + cold.number * options_.flow_step};
}

void FlowTracker::Export(std::uint32_t index, EndReason reason, bool last) {
  FlowHot& hot = table_.hot(index);
  NoteQuality(hot, table_.cold(index), last);
  ExportContext context;
  context.id = IdOf(table_.cold(index));
  context.first_stream = options_.first_stream;
  if (interfaces_ != nullptr && hot.key.interface < interfaces_->size()) {
    context.interface = (*interfaces_)[hot.key.interface].name;
  }
  records_.flows.push_back(ExportFlow(hot, table_.cold(index), context, reason, last));
}

MirrorQuality& FlowTracker::QualityOf(const FlowHot& hot) {
  if (quality_.size() <= hot.key.interface) quality_.resize(hot.key.interface + 1u);
  return quality_[hot.key.interface];
}

void FlowTracker::NoteQuality(FlowHot& hot, FlowCold& cold, bool last) {
  if (hot.key.proto != kTcp || hot.key.kind != KeyKind::kIpPorts) return;
  MirrorQuality& quality = QualityOf(hot);
  if (last && !HasRare(cold)) {
    quality.tcp_bytes += std::uint64_t{hot.payload[0]} + hot.payload[1];
    return;
  }
  FoldCounters(hot, cold);
  for (FlowSide& side : MakeRare(cold).sides) {
    quality.tcp_bytes += side.payload - std::exchange(side.part_payload, side.payload);
    // A late segment may have filled a hole that an earlier part counted.
    if (side.missed > side.part_missed) quality.missed_bytes += side.missed - side.part_missed;
    side.part_missed = side.missed;
  }
}

void FlowTracker::NoteBlock(std::uint32_t index, std::uint64_t block) {
  NoteFlowBlock(table_.hot(index), table_.cold(index), block);
}

void FlowTracker::Advance(std::int64_t now_ns) {
  ExportEnded();
  if (clock_known_ && now_ns > now_ns_) now_ns_ = now_ns;
  ExpireDue();
  ExportEnded();
}

bool FlowTracker::FinishSome(EndReason reason) {
  constexpr std::size_t kFlows = 256;
  if (finishing_.empty()) {
    ExportEnded();
    ExpireDue();
    finishing_ = LiveFlows();
    std::reverse(finishing_.begin(), finishing_.end());
  }
  for (std::size_t i = 0; i < kFlows && !finishing_.empty(); ++i) {
    EndLive(finishing_.back(), reason);
    finishing_.pop_back();
  }
  ExportEnded();
  return finishing_.empty();
}

void FlowTracker::Emit(Transaction&& transaction) {
  FlowHot& hot = table_.hot(current_);
  FlowCold& cold = table_.cold(current_);
  FlowRare& rare = MakeRare(cold);
  const OtSession& session = *rare.session;
  if (rare.community_id.empty()) rare.community_id = FlowCommunityId(hot.key, cold.one_way);
  const std::uint8_t client = static_cast<std::uint8_t>(session.client_side());
  SetRole(hot, client, RoleBy::kRequest);
  transaction.flow_id = IdOf(cold);
  transaction.number = static_cast<std::uint32_t>(rare.transactions++);
  transaction.community_id = rare.community_id;
  transaction.orig_ip = EndAddress(hot.key, client);
  transaction.orig_port = EndPort(hot.key, client);
  transaction.resp_ip = EndAddress(hot.key, client ^ 1);
  transaction.resp_port = EndPort(hot.key, client ^ 1);
  if (hot.key.kind == KeyKind::kLayer2) {
    transaction.orig_mac = cold.macs[client];
    transaction.resp_mac = cold.macs[client ^ 1];
  }
  if (interfaces_ != nullptr && hot.key.interface < interfaces_->size()) {
    transaction.interface = (*interfaces_)[hot.key.interface].name;
  }
  // Whoever answers does so from an address of its own, which is another flow.
  const bool no_reply = transaction.status == TransactionStatus::kNoReply;
  if (no_reply && hot.key.proto != kTcp &&
      IsGroup(transaction.resp_ip, cold.macs[client ^ 1], cold.macs[client])) {
    transaction.status = TransactionStatus::kUnsolicited;
    AddDetail(transaction, "broadcast", "1");
  }
  ++transactions_;
  if (transaction.command) {
    ++rare.commands;
    ++commands_;
  }
  records_.transactions.push_back(std::move(transaction));
}

void FlowTracker::Anomaly(std::string_view name) {
  CountNamed(table_.cold(current_), name);
}

void FlowTracker::Count(std::string_view name, std::uint64_t add) {
  AddCounter(table_.cold(current_), name, add);
}

void FlowTracker::CountNamed(FlowCold& cold, std::string_view name) {
  CountAnomaly(cold, name);
  for (auto& [known, count] : named_) {
    if (known == name) {
      ++count;
      return;
    }
  }
  if (named_.size() < kMaxNamed) named_.emplace_back(name, 1);
}

void FlowTracker::FillStats(MeterStats& stats) const {
  stats.flows = flows_;
  stats.active_flows = table_.live();
  stats.evicted_flows = evicted_;
  stats.transactions = transactions_;
  stats.commands = commands_;
  stats.ot_bytes_peak = budget_.peak();
  stats.mirrors = quality_;
  for (const auto& [name, count] : named_) stats.notes.emplace_back(name, count);
}

}  // namespace tapiary::capture
