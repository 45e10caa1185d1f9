// Connections whose directions carry different VLAN tags are one flow (FL-07).
#include "capture/flow/tracker.h"

namespace tapiary::capture {
namespace {

constexpr std::uint8_t kTcp = 6, kUdp = 17;
constexpr std::int64_t kAnswerNs = 5 * base::kNanosPerSecond;
constexpr std::uint32_t kAckWindow = 65536;

// Whether the acknowledgement is of bytes that the other side sent just now: two cells with the
// same addresses do not share sequence numbers.
bool Acknowledges(const FlowHot& hot, std::uint8_t other, const TcpInfo& tcp) {
  if ((tcp.flags & kTcpAck) == 0 || !hot.Has(SideBit(kSeqKnown, other))) return false;
  return tcp.ack - hot.next_seq[other] + kAckWindow <= 2 * kAckWindow;
}

}  // namespace

std::uint64_t FlowTracker::HashEnds(const KeyedPacket& keyed) const {
  return OtherTagIndex::HashEnds(keyed.key, keyed.hash, seed_);
}

// The flow with another tag list that this packet answers, or kNoFlow. Only on the way to a new
// flow, never for packets of known ones.
std::uint32_t FlowTracker::FindOtherTag(const KeyedPacket& keyed, std::uint8_t side,
                                        std::uint64_t ends_hash) {
  if (keyed.key.kind != KeyKind::kIpPorts) return kNoFlow;
  if (keyed.key.proto != kTcp && keyed.key.proto != kUdp) return kNoFlow;
  if (other_tags_.any_adopted()) {
    const FlowRef adopted = other_tags_.Adopted(keyed.hash);
    if (IsLive(adopted)) return adopted.index;
    if (adopted.index != kNoFlow) other_tags_.Forget(keyed.hash);
  }
  const FlowRef candidate = other_tags_.Newest(ends_hash);
  if (!IsLive(candidate)) return kNoFlow;
  const FlowHot& hot = table_.hot(candidate.index);
  FlowCold& cold = table_.cold(candidate.index);
  if (!SameEnds(hot.key, keyed.key)) return kNoFlow;
  if (TotalsOf(hot, cold, side).packets != 0) return kNoFlow;  // has both sides
  const Decoded& decoded = *keyed.decoded;
  if (keyed.key.proto == kTcp) {
    if (decoded.tcp_cut || !Acknowledges(hot, side ^ 1, decoded.tcp)) return kNoFlow;
  } else {
    const std::int64_t time_ns = keyed.packet->time_ns;
    const bool timed = time_ns != kTimeUnknown && hot.last_ns != kTimeUnknown;
    if (!timed || time_ns < hot.last_ns || time_ns - hot.last_ns > kAnswerNs) return kNoFlow;
    if (!OneTagsMore(hot.key, keyed.key)) return kNoFlow;
  }
  if (!other_tags_.Adopt(keyed.hash, candidate)) return kNoFlow;
  CountNamed(cold, "asymmetric-vlan");
  return candidate.index;
}

bool FlowTracker::IsLive(FlowRef flow) {
  if (flow.index >= table_.used()) return false;
  const FlowHot& hot = table_.hot(flow.index);
  return hot.Has(kLive) && !hot.Has(kEnding) && table_.cold(flow.index).number == flow.number;
}

}  // namespace tapiary::capture
