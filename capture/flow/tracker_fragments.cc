// Fragments: later ones find the flow of their first one, whichever comes first (FL-05).
#include <algorithm>
#include <vector>

#include "capture/flow/tcp.h"
#include "capture/flow/tracker.h"

namespace tapiary::capture {
namespace {

constexpr std::uint8_t kTcp = 6, kUdp = 17;

}  // namespace

// The flow of a later fragment whose first fragment was seen. Its TCP payload goes to the decoder.
std::uint32_t FlowTracker::FindFragment(const KeyedPacket& keyed, std::uint8_t& side) {
  const FragmentEntry* const entry = fragments_.Find(keyed.key, keyed.hash, now_ns_);
  if (entry == nullptr) return kNoFlow;
  const FlowHot& hot = table_.hot(entry->flow);
  if (!hot.Has(kLive) || hot.Has(kEnding)) return kNoFlow;
  if (table_.cold(entry->flow).number != entry->flow_number) return kNoFlow;
  side = entry->side;
  const Decoded& decoded = *keyed.decoded;
  AddFragmentPayload(*entry, {decoded.fragment_offset, decoded.payload, decoded.payload_length,
                              decoded.more_fragments, keyed.packet->time_ns});
  return entry->flow;
}

void FlowTracker::AddFragmentPayload(const FragmentEntry& entry, FragmentPiece piece) {
  FlowHot& hot = table_.hot(entry.flow);
  if (hot.key.proto != kTcp) return AddDatagramPiece(entry, piece);
  if (piece.offset < entry.header) {
    const std::uint32_t options = std::min(entry.header - piece.offset, piece.length);
    piece.bytes = piece.bytes.subspan(std::min<std::size_t>(options, piece.bytes.size()));
    piece.length -= options;
    piece.offset += options;
  }
  if (piece.length == 0) return;
  const std::uint32_t seq = entry.base_seq + piece.offset;
  TrackSequence(hot, table_.cold(entry.flow), entry.side, seq, piece.length);
  if (hot.Has(kHasSession | kGuessing)) {
    OfferToOt(entry.flow, {entry.side, false, seq, piece.bytes, piece.length, piece.time_ns});
  }
}

// A datagram is decoded whole or not at all.
void FlowTracker::AddDatagramPiece(const FragmentEntry& entry, const FragmentPiece& piece) {
  const FlowHot& hot = table_.hot(entry.flow);
  if (hot.key.proto != kUdp || !hot.Has(kHasSession | kGuessing)) return;
  const base::Bytes whole = datagrams_.Add(entry.key, piece, entry.header);
  if (whole.empty()) return;
  OfferToOt(entry.flow,
            {entry.side, true, 0, whole, static_cast<std::uint32_t>(whole.size()), piece.time_ns});
}

// Leaves the note for later fragments, and takes in those that came before.
void FlowTracker::LeadFragments(std::uint32_t index, const KeyedPacket& keyed, std::uint8_t side) {
  FragmentEntry entry;
  entry.key = MakeFragmentKey(*keyed.decoded, keyed.key.interface);
  entry.flow = index;
  entry.flow_number = table_.cold(index).number;
  entry.time_ns = now_ns_;
  entry.side = side;
  entry.header = keyed.decoded->transport_header;
  entry.base_seq = keyed.decoded->tcp.seq - entry.header;
  const std::uint64_t hash = HashKey(entry.key, seed_);
  fragments_.Put(entry, hash);
  if (keyed.decoded->proto == kUdp) {
    AddDatagramPiece(entry, {entry.header, keyed.decoded->payload, keyed.decoded->payload_length,
                             true, keyed.packet->time_ns});
  }
  const std::uint32_t provisional = table_.Find(entry.key, hash);
  if (provisional != kNoFlow) TakeInFragments(entry, provisional);
}

void FlowTracker::TakeInFragments(const FragmentEntry& entry, std::uint32_t provisional) {
  FlowHot& from_hot = table_.hot(provisional);
  FlowCold& from = table_.cold(provisional);
  FlowHot& hot = table_.hot(entry.flow);
  FlowCold& cold = table_.cold(entry.flow);
  FlowRare& rare = MakeRare(cold);
  for (const std::uint8_t side : {std::uint8_t{0}, std::uint8_t{1}}) {
    const SideTotals part = TotalsOf(from_hot, from, side);
    rare.sides[entry.side].packets += part.packets;
    rare.sides[entry.side].bytes += part.bytes;
    rare.sides[entry.side].payload += part.payload;
  }
  rare.truncated += RareOf(from).truncated;
  NoteTime(from.start_ns, hot, cold);
  NoteTime(from_hot.last_ns, hot, cold);
  rare.end_ns = std::max(rare.end_ns, RareOf(from).end_ns);
  MakeRare(from).merged_into = entry.flow;
  End(provisional, EndReason::kEnd);
  std::vector<FragmentStash::Piece> pieces;
  stash_.Take(entry.key, pieces);
  for (const FragmentStash::Piece& piece : pieces) {
    AddFragmentPayload(entry, {piece.offset, piece.bytes, piece.length, piece.more, piece.time_ns});
  }
}

}  // namespace tapiary::capture
