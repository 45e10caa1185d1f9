#include "capture/flow/tcp.h"

#include <algorithm>

namespace tapiary::capture {
namespace {

constexpr std::int32_t kLargestGap = 1 << 30;  // the largest TCP window

std::int32_t Distance(std::uint32_t from, std::uint32_t to) {
  return static_cast<std::int32_t>(to - from);
}

void AddHole(FlowSide& side, std::uint32_t begin, std::uint32_t end) {
  side.missed += end - begin;
  SeqHoles& holes = side.holes;
  if (holes.count == holes.ranges.size()) {
    std::copy(holes.ranges.begin() + 1, holes.ranges.end(), holes.ranges.begin());
    --holes.count;
  }
  holes.ranges[holes.count++] = {begin, end};
}

// Bytes of [begin, end) that fill a hole; the hole shrinks. A segment in the middle of a hole gives
// its front up for lost: the count stays right, only a later front would count as repeated.
std::uint32_t FillHoles(FlowSide& side, std::uint32_t begin, std::uint32_t end) {
  std::uint32_t filled = 0;
  SeqHoles& holes = side.holes;
  for (std::uint8_t i = 0; i < holes.count;) {
    SeqHoles::Range& range = holes.ranges[i];
    const std::uint32_t from = Distance(range.begin, begin) > 0 ? begin : range.begin;
    const std::uint32_t to = Distance(range.end, end) < 0 ? end : range.end;
    if (Distance(from, to) > 0) {
      filled += to - from;
      if (from == range.begin) {
        range.begin = to;
      } else if (to == range.end) {
        range.end = from;
      } else {
        range.begin = to;
      }
    }
    if (Distance(range.begin, range.end) <= 0) {
      std::copy(holes.ranges.begin() + i + 1, holes.ranges.begin() + holes.count,
                holes.ranges.begin() + i);
      --holes.count;
    } else {
      ++i;
    }
  }
  side.missed -= std::min<std::uint64_t>(side.missed, filled);
  return filled;
}

void UpdateSequence(FlowHot& hot, FlowCold& cold, std::uint8_t side, const TcpInfo& tcp,
                    std::uint32_t payload_length) {
  if ((tcp.flags & kTcpRst) != 0) return;  // its sequence number need not fit
  const std::uint32_t begin = tcp.seq;
  const std::uint32_t end = begin + payload_length + ((tcp.flags & kTcpSyn) != 0 ? 1u : 0u) +
                            ((tcp.flags & kTcpFin) != 0 ? 1u : 0u);
  std::uint32_t& next = hot.next_seq[side];
  if (!hot.Has(SideBit(kSeqKnown, side))) {
    hot.Set(SideBit(kSeqKnown, side));
    next = end;
    return;
  }
  const std::int32_t ahead = Distance(next, begin);
  if (ahead == 0) {
    next = end;
    return;
  }
  if (ahead > 0) {
    if (ahead > kLargestGap) {
      CountAnomaly(cold, "tcp-sequence-jump");
    } else {
      AddHole(MakeRare(cold).sides[side], next, begin);
    }
    next = end;
    return;
  }
  if (ahead < -kLargestGap) {
    CountAnomaly(cold, "tcp-sequence-jump");
    next = end;
    return;
  }
  const bool beyond = Distance(next, end) > 0;
  const std::uint32_t filled =
      HasRare(cold) ? FillHoles(MakeRare(cold).sides[side], begin, beyond ? next : end) : 0;
  if (beyond) next = end;
  if (!beyond && filled == 0 && payload_length > 0) ++MakeRare(cold).sides[side].retransmitted;
}

void UpdateRoles(FlowHot& hot, std::uint8_t side, const TcpInfo& tcp) {
  const bool syn = (tcp.flags & kTcpSyn) != 0;
  const bool ack = (tcp.flags & kTcpAck) != 0;
  if (syn && !ack) {
    SetRole(hot, side, RoleBy::kSyn);
  } else if (hot.Has(kSynAckFirst) && !syn) {
    // SYN+ACK followed by more: its receiver asked for it. A lone one, or one answered by RST, is
    // a scan or backscatter: its sender stays the originator (FL-01).
    hot.Clear(kSynAckFirst);
    if ((tcp.flags & kTcpRst) == 0) {
      const bool high_sent = (hot.tcp_flags[1] & kTcpSyn) != 0;
      SetRole(hot, high_sent ? 0 : 1, RoleBy::kSynAck);
    }
  }
}

void UpdateState(FlowHot& hot, std::uint8_t side, const TcpInfo& tcp, bool first) {
  const bool syn = (tcp.flags & kTcpSyn) != 0;
  const bool ack = (tcp.flags & kTcpAck) != 0;
  if ((tcp.flags & kTcpRst) != 0) {
    hot.state = TcpState::kReset;
    return;
  }
  if ((tcp.flags & kTcpFin) != 0) {
    hot.Set(SideBit(kFinSeen, side));
    if (!hot.ended()) {
      const bool both = hot.Has(SideBit(kFinSeen, 0)) && hot.Has(SideBit(kFinSeen, 1));
      hot.state = both ? TcpState::kClosed : TcpState::kClosing;
    }
    return;
  }
  switch (hot.state) {
    case TcpState::kNone:
      if (first)
        hot.state = !syn ? TcpState::kMidstream : ack ? TcpState::kSynAck : TcpState::kSynSent;
      break;
    case TcpState::kSynSent:
      if (syn && ack) {
        hot.state = TcpState::kSynAck;
      } else if (!syn) {
        hot.state = TcpState::kEstablished;  // the SYN+ACK was not mirrored
      }
      break;
    case TcpState::kSynAck:
      if (!syn) hot.state = TcpState::kEstablished;
      break;
    default:
      break;
  }
}

// Both ends take part in a connection that is not over. Then a SYN alone ends nothing: its receiver
// answers it with a challenge and goes on (RFC 5961 section 4), and so an attacker's SYN must not
// hide what follows.
bool IsTwoSided(const FlowHot& hot) {
  return !hot.ended() && (hot.tcp_flags[0] & hot.tcp_flags[1] & kTcpAck) != 0;
}

}  // namespace

void TrackSequence(FlowHot& hot, FlowCold& cold, std::uint8_t side, std::uint32_t seq,
                   std::uint32_t payload_length) {
  UpdateSequence(hot, cold, side, TcpInfo{seq, 0, 0}, payload_length);
}

void SetRole(FlowHot& hot, std::uint8_t orig_side, RoleBy by) {
  if (hot.Has(kRoleFrozen) || by > hot.role_by) return;
  hot.SetOrigSide(orig_side);
  hot.role_by = by;
}

bool BeginsNewConnection(const FlowHot& hot, const FlowCold& cold, std::uint8_t side,
                         const TcpInfo& tcp) {
  const bool ack = (tcp.flags & kTcpAck) != 0;
  const FlowSide& other = RareOf(cold).sides[side ^ 1];
  if (ack && other.asked_anew && tcp.ack == other.new_isn + 1) return true;
  if (!ack && IsTwoSided(hot)) return false;
  if (!cold.has_isn(side)) return !ack && (hot.ended() || hot.state == TcpState::kMidstream);
  if (cold.isn[side] == tcp.seq) return false;
  // A SYN+ACK with another number follows a SYN that was not mirrored: only believed after the end.
  return !ack || hot.ended();
}

void UpdateTcp(FlowHot& hot, FlowCold& cold, std::uint8_t side, const TcpInfo& tcp,
               std::uint32_t payload_length) {
  if ((tcp.flags & (kTcpSyn | kTcpAck)) == kTcpSyn && IsTwoSided(hot) &&
      tcp.seq != cold.isn[side]) {
    FlowSide& rare = MakeRare(cold).sides[side];
    rare.asked_anew = true;
    rare.new_isn = tcp.seq;
    return;
  }
  const bool first = hot.tcp_flags[0] == 0 && hot.tcp_flags[1] == 0;
  const bool syn = (tcp.flags & kTcpSyn) != 0;
  const bool ack = (tcp.flags & kTcpAck) != 0;
  if (first && syn && ack) hot.Set(kSynAckFirst);
  const bool new_side = !hot.Has(SideBit(kSeqKnown, side));
  if (new_side && !cold.has_isn(side) && (tcp.flags & kTcpRst) == 0) {
    cold.SetIsn(side, syn ? tcp.seq : tcp.seq - 1);
  }
  if (syn && ack && !cold.has_isn(side ^ 1)) cold.SetIsn(side ^ 1, tcp.ack - 1);
  UpdateState(hot, side, tcp, first);
  UpdateRoles(hot, side, tcp);
  hot.tcp_flags[side] |= tcp.flags;
  UpdateSequence(hot, cold, side, tcp, payload_length);
}

}  // namespace tapiary::capture
