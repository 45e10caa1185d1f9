// The packet side of the tracker: finding, making and counting. Ends and records: tracker_end.cc.
#include "capture/flow/tracker.h"

#include <algorithm>
#include <random>

#include "capture/flow/ports.h"
#include "capture/flow/tcp.h"
#include "capture/ot/registry.h"

namespace tapiary::capture {
namespace {

constexpr std::uint8_t kTcp = 6, kUdp = 17;
constexpr std::uint32_t kFoldAt = 1u << 31;
// Segments with payload that are offered to the recognisers before they give up.
constexpr std::uint8_t kGuessesOnUsualPort = 64;
constexpr std::uint8_t kGuessesElsewhere = 6;
// After that, on a usual port, its own protocols still look at segments that may be a command: who
// sends much junk first must not hide them.
constexpr std::uint32_t kSmallSegment = 512;

std::uint64_t RandomSeed() {
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32) | device();
}

// Bytes as the contract counts them: from the IP header on, or the whole frame without one.
std::uint32_t CountedBytes(const KeyedPacket& keyed) {
  return keyed.decoded->has_ip ? keyed.decoded->ip_length : keyed.packet->wire_length;
}

// Whether the side's SYN was seen and no payload but `counted` bytes of a segment just counted.
bool AtStart(const FlowHot& hot, const FlowCold& cold, std::uint8_t side, std::uint32_t counted) {
  if (hot.key.proto != kTcp || (hot.tcp_flags[side] & kTcpSyn) == 0) return false;
  return TotalsOf(hot, cold, side).payload == counted;
}

bool IsTcpSegment(const Decoded& decoded) {
  return decoded.proto == kTcp && decoded.has_ports && !decoded.tcp_cut;
}

SegmentTrust TrustOf(const Decoded& decoded, const FlowHot& hot, std::uint8_t side) {
  if (!decoded.bad_checksum) return SegmentTrust::kGood;
  return hot.Has(SideBit(kSumsRight, side)) ? SegmentTrust::kDoubted : SegmentTrust::kUnproven;
}

// Not what could not be checked: captured short, or a fragment.
bool HasRightChecksum(const Decoded& decoded) {
  return !decoded.bad_checksum && !decoded.is_fragment &&
         decoded.payload.size() == decoded.payload_length;
}

}  // namespace

FlowTracker::FlowTracker(const MeterOptions& options)
    : options_(options),
      seed_(RandomSeed()),
      labeler_(options.labels ? MakeLabeler() : nullptr),
      budget_(options.max_ot_bytes),
      table_(options.max_flows, 2 * kBatchSize) {
  ended_.reserve(2 * kBatchSize);
}

void FlowTracker::BeginBatch(const std::vector<InterfaceInfo>& interfaces) {
  interfaces_ = &interfaces;
  ExportEnded();
}

void FlowTracker::EndBatch() {
  ExpireDue();
}

std::uint32_t FlowTracker::Count(const KeyedPacket& keyed) {
  const std::int64_t time_ns = keyed.packet->time_ns;
  if (clock_known_ && time_ns >= now_ns_) {  // as MoveClock does
    now_ns_ = time_ns;
    behind_.packets = 0;
  } else {
    MoveClock(time_ns);
  }
  std::uint8_t side = keyed.side;
  const std::uint32_t index = FindFlow(keyed, side);
  FlowHot& hot = table_.hot(index);
  FlowCold& cold = table_.cold(index);
  Add(keyed, side, hot, cold);
  if (keyed.decoded->has_ports && (hot.key.proto == kTcp || hot.key.proto == kUdp)) {
    const bool looked_at = hot.Has(kHasSession | kGuessing) || hot.label_left != 0;
    if (hot.key.proto == kTcp || looked_at) UpdateTransport(index, keyed, side);
  } else if (hot.key.kind == KeyKind::kLayer2 && hot.Has(kHasSession | kGuessing)) {
    const Decoded& decoded = *keyed.decoded;
    if (decoded.payload_length != 0) {
      OfferToOt(index,
                {side, true, 0, decoded.payload, decoded.payload_length, keyed.packet->time_ns});
    }
  }
  if (hot.Has(kEmbryo)) {
    const bool both = hot.packets[0] != 0 && hot.packets[1] != 0;
    const bool more = hot.packets[side] > 1 && hot.state != TcpState::kSynSent;
    if (both || more) table_.LeaveEmbryos(index, now_ns_);
  }
  if (keyed.decoded->first_fragment) LeadFragments(index, keyed, side);
  return index;
}

std::uint32_t FlowTracker::FindFlow(const KeyedPacket& keyed, std::uint8_t& side) {
  const std::int64_t time_ns = keyed.packet->time_ns;
  if (keyed.key.kind == KeyKind::kFragment) {
    const std::uint32_t index = FindFragment(keyed, side);
    if (index != kNoFlow) return index;
    stash_.Put(keyed.key, *keyed.decoded, time_ns);
  }
  std::uint32_t index = table_.Find(keyed.key, keyed.hash);
  if (index == kNoFlow) {
    const std::uint64_t ends_hash = HashEnds(keyed);
    index = FindOtherTag(keyed, side, ends_hash);
    if (index == kNoFlow) return Create(keyed, side, ends_hash);
  }
  FlowHot& hot = table_.hot(index);
  if (time_ns != kTimeUnknown && time_ns >= hot.due_ns && Check(index, time_ns)) {
    return Create(keyed, side, HashEnds(keyed));
  }
  const Decoded& decoded = *keyed.decoded;
  if ((decoded.tcp.flags & kTcpSyn) != 0 && IsTcpSegment(decoded) &&
      TrustOf(decoded, hot, side) != SegmentTrust::kDoubted &&
      BeginsNewConnection(hot, table_.cold(index), side, decoded.tcp)) {
    End(index, EndReason::kEnd);
    return Create(keyed, side, HashEnds(keyed));
  }
  return index;
}

std::uint32_t FlowTracker::Create(const KeyedPacket& keyed, std::uint8_t side,
                                  std::uint64_t ends_hash) {
  if (table_.full()) {
    const std::uint32_t victim = table_.PickVictim();
    if (victim != kNoFlow) {
      ++evicted_;
      End(victim, EndReason::kEvicted);
    }
  }
  const std::uint32_t index = table_.Insert(keyed.key, keyed.hash, now_ns_);
  FlowHot& hot = table_.hot(index);
  FlowCold& cold = table_.cold(index);
  cold.number = flows_++ & FlowCold::kMaxNumber;
  other_tags_.Add(ends_hash, {index, cold.number});
  cold.one_way = keyed.decoded->one_way;
  cold.start_ns = cold.part_start_ns = hot.last_ns = keyed.packet->time_ns;
  SetFirstRoles(keyed, side, hot);
  if (options_.noise) MarkNoise(index);
  NoteMacs(keyed, side, cold);
  if (keyed.key.kind == KeyKind::kFragment) CountNamed(cold, "fragment");
  wheel_.Insert(index, DueTime(index));
  return index;
}

void FlowTracker::SetFirstRoles(const KeyedPacket& keyed, std::uint8_t side, FlowHot& hot) {
  hot.SetOrigSide(side);
  if (keyed.key.kind == KeyKind::kLayer2 && IsOtEtherType(keyed.key.ether_type)) {
    hot.Set(kGuessing);
    hot.guess_left = kGuessesOnUsualPort;
  }
  if (keyed.key.kind != KeyKind::kIpPorts) return;
  if (keyed.key.proto != kTcp && keyed.key.proto != kUdp) return;
  if (labeler_) hot.label_left = Labeler::kMaxPackets;
  const OtProtocol* const usual =
      UsualProtocol(keyed.key.proto, keyed.key.low_port, keyed.key.high_port);
  hot.Set(usual != nullptr ? kGuessing | kUsualPort : kGuessing);
  hot.guess_left = usual != nullptr ? kGuessesOnUsualPort : kGuessesElsewhere;
  const int server = ServerByPort(keyed.key.proto, keyed.key.low_port, keyed.key.high_port);
  if (server < 0) return;
  // A lone SYN+ACK is a scan or backscatter, whatever its port: its sender began it.
  if ((keyed.decoded->tcp.flags & kTcpSyn) != 0) return;
  SetRole(hot, static_cast<std::uint8_t>(1 - server), RoleBy::kPort);
}

void FlowTracker::Add(const KeyedPacket& keyed, std::uint8_t side, FlowHot& hot, FlowCold& cold) {
  if (hot.packets[side] == 0) NoteMacs(keyed, side, cold);
  const std::uint32_t packets = ++hot.packets[side];
  const std::uint32_t bytes = hot.bytes[side] += CountedBytes(keyed);
  const std::uint32_t payload = hot.payload[side] +=
      keyed.decoded->has_ip ? keyed.decoded->payload_length : 0;
  if (((packets | bytes | payload) & kFoldAt) != 0) FoldCounters(hot, cold);
  NoteTime(keyed.packet->time_ns, hot, cold);
  const Decoded& decoded = *keyed.decoded;
  const bool rare = keyed.packet->bytes.size() < keyed.packet->wire_length ||
                    keyed.copy != CopyKind::kNone || decoded.bad_checksum ||
                    decoded.note != DecodeNote::kNone || decoded.tunnel_count != 0;
  if (rare) NoteRare(keyed, hot, cold);
}

void FlowTracker::NoteMacs(const KeyedPacket& keyed, std::uint8_t side, FlowCold& cold) {
  if (!keyed.decoded->has_mac) return;
  cold.macs[side] = keyed.decoded->src_mac;
  MacAddress& other = cold.macs[side ^ 1];
  if (other == MacAddress{}) other = keyed.decoded->dst_mac;
}

void FlowTracker::NoteTime(std::int64_t time_ns, FlowHot& hot, FlowCold& cold) {
  if (time_ns >= hot.last_ns) {
    if (hot.last_ns == kTimeUnknown) cold.start_ns = cold.part_start_ns = time_ns;
    hot.last_ns = time_ns;
  } else if (time_ns != kTimeUnknown) {
    if (behind_.packets != 0) MakeRare(cold).late_ns = time_ns;  // what StepFlowBack asks for
    cold.start_ns = std::min(cold.start_ns, time_ns);
  }
}

void FlowTracker::NoteRare(const KeyedPacket& keyed, FlowHot& hot, FlowCold& cold) {
  const Decoded& decoded = *keyed.decoded;
  if (keyed.packet->bytes.size() < keyed.packet->wire_length) ++MakeRare(cold).truncated;
  if (decoded.bad_checksum) ++MakeRare(cold).bad_checksums;
  if (keyed.copy != CopyKind::kNone) {
    ++MakeRare(cold).duplicates;
    ++QualityOf(hot).copies;
  }
  if (decoded.note != DecodeNote::kNone) CountNamed(cold, ToString(decoded.note));
  if (decoded.tunnel_count != 0 && RareOf(cold).tunnels.empty()) {
    MakeRare(cold).tunnels.assign(decoded.tunnels().begin(), decoded.tunnels().end());
  }
}

void FlowTracker::UpdateTransport(std::uint32_t index, const KeyedPacket& keyed,
                                  std::uint8_t side) {
  FlowHot& hot = table_.hot(index);
  FlowCold& cold = table_.cold(index);
  const Decoded& decoded = *keyed.decoded;
  OtSegment segment{side,
                    hot.key.proto == kUdp,
                    decoded.tcp.seq,
                    decoded.payload,
                    decoded.payload_length,
                    keyed.packet->time_ns,
                    SegmentTrust::kGood};
  if (hot.key.proto == kTcp) {
    if (decoded.tcp_cut) return;
    const bool syn = (decoded.tcp.flags & kTcpSyn) != 0;
    const bool rst = (decoded.tcp.flags & kTcpRst) != 0;
    if (syn) ++segment.seq;
    segment.trust = TrustOf(decoded, hot, side);
    if (HasRightChecksum(decoded)) hot.Set(SideBit(kSumsRight, side));
    if (keyed.copy == CopyKind::kSameFlow) {
      // It may be what a decoy was made to look like: the stream compares them.
      if (segment.length != 0 && !rst && hot.Has(kHasSession)) OfferToOt(index, segment);
      return;
    }
    const bool ended = hot.ended();
    UpdateTcp(hot, cold, side, decoded.tcp, decoded.payload_length);
    if (hot.ended() && !ended) Refile(index);  // its deadline came nearer
    if (rst) return;
    if (keyed.copy != CopyKind::kNone) return;  // the other flow's decoder had it
    const bool acks = (decoded.tcp.flags & kTcpAck) != 0 && segment.trust != SegmentTrust::kDoubted;
    if (acks && hot.Has(kHasSession)) {
      current_ = index;
      MakeRare(cold).session->Acknowledge(side, decoded.tcp.ack, *this);
      AfterOt(index);
    }
  } else if (decoded.is_fragment || keyed.copy != CopyKind::kNone) {
    return;  // the datagram is not whole, or was decoded already
  }
  if (segment.length != 0 && hot.Has(kHasSession | kGuessing)) OfferToOt(index, segment);
  if (segment.length != 0 && hot.label_left != 0) OfferToLabels(index, segment, decoded.tcp.ack);
}

void FlowTracker::OfferToOt(std::uint32_t index, const OtSegment& segment) {
  FlowHot& hot = table_.hot(index);
  const bool had_session = hot.Has(kHasSession);
  if (!had_session && !StartSession(index, segment)) return;
  current_ = index;
  MakeRare(table_.cold(index)).session->Offer(segment, *this);
  AfterOt(index);
  // What showed that the bytes so far are nothing may itself begin a PDU: it is looked at afresh.
  if (had_session && !hot.Has(kHasSession) && hot.Has(kGuessing)) OfferToOt(index, segment);
}

bool FlowTracker::StartSession(std::uint32_t index, const OtSegment& segment) {
  constexpr std::size_t kMaxSessions = 65536;
  FlowHot& hot = table_.hot(index);
  FlowCold& cold = table_.cold(index);
  OtFlowInfo info;
  // Beyond the guesses only those whose port it is are asked, and no more than small segments: junk
  // must not hide the good PDU behind it, nor cost a look by everybody each time.
  if (hot.guess_left == 0) {
    if (!hot.Has(kUsualPort)) hot.Clear(kGuessing);
    const bool large = hot.key.proto == kTcp && segment.length > kSmallSegment;
    if (!hot.Has(kUsualPort) || large) return false;
    info.at_home_only = true;
  } else if (segment.trust != SegmentTrust::kDoubted) {
    --hot.guess_left;
  }
  info.ip_proto = hot.key.proto;
  info.ether_type = hot.key.ether_type;
  info.ports[0] = hot.key.low_port;
  info.ports[1] = hot.key.high_port;
  if (hot.role_by <= RoleBy::kSynAck) info.server_by_handshake = 1 - hot.orig_side();
  for (const std::uint8_t side : {std::uint8_t{0}, std::uint8_t{1}}) {
    const std::uint32_t counted = side == segment.side ? segment.length : 0;
    info.begin_seen[side] = AtStart(hot, cold, side, counted);
    // Of a connection that was joined in the middle, it may be the end of anything.
    const bool from_begin = hot.key.proto != kTcp || (hot.tcp_flags[side] & kTcpSyn) != 0;
    const bool more = TotalsOf(hot, cold, side).payload > counted;
    info.foreign = info.foreign || (from_begin && more);
  }
  // A segment that came before the stream's first one says nothing by its own begin.
  const bool early = hot.Has(kUsualPort) && AtStart(hot, cold, segment.side, segment.length) &&
                     segment.seq != cold.isn[segment.side] + 1;
  if (!early && !CouldBeOt(segment, info)) return false;
  if (sessions_ >= kMaxSessions) {
    CountNamed(cold, "ot-session-limit");
    return false;
  }
  OtSession& session = *(MakeRare(cold).session = std::make_unique<OtSession>(info));
  ++sessions_;
  session.seat().Enter(budget_, index);
  hot.Set(kHasSession);
  for (const std::uint8_t side : {std::uint8_t{0}, std::uint8_t{1}}) {
    const std::uint32_t counted = side == segment.side ? segment.length : 0;
    if (!AtStart(hot, cold, side, counted)) continue;
    const bool acknowledged = (hot.tcp_flags[side ^ 1] & kTcpAck) != 0;
    session.Start(side, cold.isn[side] + 1, acknowledged);
  }
  return true;
}

void FlowTracker::AfterOt(std::uint32_t index) {
  SettleOt(index);
  if (budget_.over()) RelieveBudget(index);
}

// Too much waits for what may never come: this flow gives some of its own up, if it has more than
// its share, else one that has.
void FlowTracker::RelieveBudget(std::uint32_t index) {
  const std::size_t share = budget_.share();
  const OtSession* const own = RareOf(table_.cold(index)).session.get();
  if (own == nullptr || own->held_bytes() <= share) {
    const std::optional<std::uint32_t> other = budget_.NextOverShare();
    if (!other) return;
    index = *other;
  }
  OtSession& session = *MakeRare(table_.cold(index)).session;
  current_ = index;
  while (budget_.over() && session.seat().held() > share && session.GiveUpOldest(*this)) {
    CountNamed(table_.cold(index), "ot-memory-limit");
    session.seat().Report(session.held_bytes());
  }
  SettleOt(index);
}

// Takes in what the flow's session came to.
void FlowTracker::SettleOt(std::uint32_t index) {
  current_ = kNoFlow;
  FlowHot& hot = table_.hot(index);
  FlowRare& rare = MakeRare(table_.cold(index));
  if (rare.session->hopeless()) {
    rare.session.reset();
    --sessions_;
    hot.Clear(kHasSession);
    return;
  }
  NoteService(rare);
  rare.session->seat().Report(rare.session->held_bytes());
  if (rare.session->next_due_ns() < hot.due_ns) Refile(index);
}

void FlowTracker::NoteService(FlowRare& rare) {
  const std::string_view service = rare.session->service();
  if (!service.empty()) rare.service = service;
}

}  // namespace tapiary::capture
