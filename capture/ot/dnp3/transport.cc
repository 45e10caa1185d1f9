#include "capture/ot/dnp3/transport.h"

#include <algorithm>

namespace tapiary::capture::dnp3 {
namespace {

constexpr std::uint8_t kFin = 0x80;
constexpr std::uint8_t kFir = 0x40;
constexpr std::uint8_t kSequence = 0x3f;
constexpr std::string_view kIncomplete = "dnp3-transport-incomplete";

std::uint8_t Low(std::uint16_t value) {
  return static_cast<std::uint8_t>(value & 0xff);
}
std::uint8_t High(std::uint16_t value) {
  return static_cast<std::uint8_t>(value >> 8);
}

}  // namespace

std::vector<std::uint8_t> Pack(const Fragment& fragment) {
  const unsigned flags =
      (fragment.link_only ? 1u : 0u) | (fragment.cut ? 2u : 0u) | (fragment.from_client ? 4u : 0u);
  std::vector<std::uint8_t> packed;
  packed.reserve(7 + fragment.bytes.size());
  for (const std::uint16_t value : {fragment.source, fragment.destination, fragment.frames}) {
    packed.push_back(Low(value));
    packed.push_back(High(value));
  }
  packed.push_back(static_cast<std::uint8_t>(flags));
  packed.insert(packed.end(), fragment.bytes.begin(), fragment.bytes.end());
  return packed;
}

Fragment Unpack(base::Bytes packed) {
  base::ByteCursor cursor(packed);
  Fragment fragment;
  fragment.source = cursor.U16Le();
  fragment.destination = cursor.U16Le();
  fragment.frames = cursor.U16Le();
  const std::uint8_t flags = cursor.U8();
  fragment.link_only = (flags & 1) != 0;
  fragment.cut = (flags & 2) != 0;
  fragment.from_client = (flags & 4) != 0;
  fragment.bytes = cursor.rest();
  return fragment;
}

void Transport::Take(base::Bytes data, const Segment& segment, FragmentSink& sink) {
  Slot& slot = SlotOf(segment, sink);
  slot.touched = ++clock_;
  const std::uint8_t head = data[0];
  const std::uint8_t sequence = head & kSequence;
  data = data.subspan(1);
  if ((head & kFir) != 0) {
    if (slot.open) {
      sink.OnTransportFault(kIncomplete);
      Close(slot, true, sink);
    }
    Begin(slot, segment);
  } else if (!slot.open) {
    if (!slot.skipping) sink.OnTransportFault("dnp3-transport-no-start");
    slot.skipping = (head & kFin) == 0;
    return;
  } else if (sequence != slot.next) {
    // A copy of the segment before is no loss (mirrored datagrams); anything else is.
    sink.OnTransportFault("dnp3-transport-sequence");
    if (((sequence + 1) & kSequence) == slot.next) return;
    Close(slot, true, sink);
    slot.skipping = (head & kFin) == 0;
    return;
  }
  slot.next = (sequence + 1) & kSequence;
  ++slot.frames;
  slot.last_ns = segment.last_ns;
  const std::size_t room = kMaxFragment - slot.bytes.size();
  const bool too_long = data.size() > room;
  if (too_long) sink.OnTransportFault("dnp3-fragment-too-long");
  data = data.first(std::min(data.size(), room));
  slot.bytes.insert(slot.bytes.end(), data.begin(), data.end());
  if (!too_long && !segment.cut && (head & kFin) == 0) return;
  Close(slot, too_long || segment.cut, sink);
  slot.skipping = (head & kFin) == 0;
}

void Transport::Begin(Slot& slot, const Segment& segment) {
  slot.open = true;
  slot.skipping = false;
  slot.frames = 0;
  slot.first_ns = segment.first_ns;
  slot.bytes.clear();
}

void Transport::Close(Slot& slot, bool cut, FragmentSink& sink) {
  slot.open = false;
  Fragment fragment;
  fragment.source = slot.source;
  fragment.destination = slot.destination;
  fragment.frames = slot.frames;
  fragment.cut = cut;
  fragment.from_client = slot.from_client;
  fragment.bytes = slot.bytes;
  sink.OnFragment(fragment, slot.first_ns, slot.last_ns);
}

Transport::Slot& Transport::SlotOf(const Segment& segment, FragmentSink& sink) {
  Slot* oldest = &slots_[0];
  for (Slot& slot : slots_) {
    const bool same = slot.used && slot.from_client == segment.from_client &&
                      slot.source == segment.header->source &&
                      slot.destination == segment.header->destination;
    if (same) return slot;
    if (slot.touched < oldest->touched) oldest = &slot;
  }
  if (oldest->open) {
    sink.OnTransportFault(kIncomplete);
    Close(*oldest, true, sink);
  }
  oldest->used = true;
  oldest->skipping = false;
  oldest->from_client = segment.from_client;
  oldest->source = segment.header->source;
  oldest->destination = segment.header->destination;
  return *oldest;
}

void Transport::Lose(bool from_client, FragmentSink& sink) {
  for (Slot& slot : slots_) {
    if (!slot.used || slot.from_client != from_client) continue;
    if (slot.open) Close(slot, true, sink);
    slot.skipping = true;  // the loss itself has been reported
    slot.bytes = std::vector<std::uint8_t>();
  }
}

std::size_t Transport::held_bytes() const {
  std::size_t bytes = 0;
  for (const Slot& slot : slots_) bytes += slot.bytes.capacity();
  return bytes;
}

void Transport::Finish(FragmentSink& sink) {
  for (Slot& slot : slots_) {
    if (slot.open) Close(slot, true, sink);
  }
}

}  // namespace tapiary::capture::dnp3
