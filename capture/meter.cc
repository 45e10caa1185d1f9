#include "capture/meter.h"

#include <algorithm>

#include "capture/decode/decode.h"
#include "capture/flow/copies.h"
#include "capture/flow/tracker.h"

namespace tapiary::capture {
namespace {

constexpr std::size_t kNoteKinds = static_cast<std::size_t>(DecodeNote::kLengthMismatch) + 1;
constexpr std::size_t kMaxInterfaces = 65536;  // FlowKey::interface is 16 bits wide
// Packets lie in the memory that the kernel or the NIC wrote, in no cache of this core. As many are
// on their way while one is decoded.
constexpr std::uint32_t kPacketsAhead = 8;
// The same for the state of flows, of which the processor fetches few at once.
constexpr std::uint32_t kFlowsAhead = 6;

void PrefetchHead(const Packet& packet) {
  constexpr std::size_t kLine = 64;
  __builtin_prefetch(packet.bytes.data());
  if (packet.bytes.size() >= kLine) {
    __builtin_prefetch(packet.bytes.data() + kLine);
  } else if (!packet.bytes.empty()) {
    __builtin_prefetch(&packet.bytes.back());
  }
}

}  // namespace

struct Meter::Impl {
  explicit Impl(const MeterOptions& options)
      : tracker(options), copies(tracker.hash_seed()), drop_copies(options.drop_copies) {}

  void DecodeBatch(const PacketBatch& batch, const std::vector<InterfaceInfo>& interfaces);
  void CountBatch(const PacketBatch& batch);

  FlowTracker tracker;
  CopyDetector copies;
  bool drop_copies;
  std::array<Decoded, kBatchSize> decoded;
  std::array<KeyedPacket, kBatchSize> keyed;
  std::array<bool, kBatchSize> has_key{};
  std::array<std::uint64_t, kBatchSize> prints{};  // of those that have a key
  MeterStats totals;
  std::array<std::uint64_t, kNoteKinds> notes{};
  std::uint64_t no_address = 0;  // frames without IP and without MAC addresses
};

void Meter::Impl::CountBatch(const PacketBatch& batch) {
  if (batch.count == 0) return;
  if (totals.packets == 0) totals.first_ns = batch.packets[0].time_ns;
  totals.last_ns = batch.packets[batch.count - 1].time_ns;
  totals.packets += batch.count;
  for (std::uint32_t i = 0; i < batch.count; ++i) {
    totals.captured_bytes += batch.packets[i].bytes.size();
    totals.wire_bytes += batch.packets[i].wire_length;
  }
}

// All decoding and hashing first: the slots of the table are then on their way into the cache.
void Meter::Impl::DecodeBatch(const PacketBatch& batch,
                              const std::vector<InterfaceInfo>& interfaces) {
  const std::uint64_t seed = tracker.hash_seed();
  const InterfaceInfo* const infos = interfaces.data();
  const std::size_t known = std::min(interfaces.size(), kMaxInterfaces);
  Decoded* next_decoded = decoded.data();
  KeyedPacket* next_keyed = keyed.data();
  for (std::uint32_t i = 0; i < batch.count; ++i) {
    const Packet& packet = batch.packets[i];
    if (i + kPacketsAhead < batch.count) PrefetchHead(batch.packets[i + kPacketsAhead]);
    Decoded& out = *next_decoded++;
    KeyedPacket& entry = *next_keyed++;
    Decode(packet,
           packet.interface < known ? infos[packet.interface].link_type : LinkType::kUndecoded,
           out);
    if (out.note != DecodeNote::kNone) ++notes[static_cast<std::size_t>(out.note)];
    has_key[i] = MakeKey(out, static_cast<std::uint16_t>(packet.interface), entry.key, entry.side);
    if (!has_key[i]) {
      if (out.note == DecodeNote::kNone) ++no_address;
      continue;
    }
    entry.packet = &packet;
    entry.decoded = &out;
    const KeyHash hash = HashParts(entry.key, seed);
    entry.hash = hash.all;
    tracker.table().Prefetch(hash.all);
    prints[i] = copies.Fingerprint(out, hash.ends, entry.side);
    copies.Prefetch(prints[i]);
  }
}

Meter::Meter(const MeterOptions& options) : impl_(std::make_unique<Impl>(options)) {}
Meter::~Meter() = default;

void Meter::Process(const PacketBatch& batch, const std::vector<InterfaceInfo>& interfaces,
                    std::array<FlowHandle, kBatchSize>& handles) {
  Impl& impl = *impl_;
  impl.tracker.BeginBatch(interfaces);
  impl.CountBatch(batch);
  impl.DecodeBatch(batch, interfaces);
  const std::uint32_t count = batch.count;
  const FlowTable& table = impl.tracker.table();
  for (std::uint32_t i = 0; i < std::min(count, kFlowsAhead); ++i) {
    if (impl.has_key[i]) table.PrefetchFlow(impl.keyed[i].hash);
  }
  for (std::uint32_t i = 0; i < count; ++i) {
    if (const std::uint32_t next = i + kFlowsAhead; next < count && impl.has_key[next]) {
      table.PrefetchFlow(impl.keyed[next].hash);
    }
    handles[i] = FlowHandle{};
    if (!impl.has_key[i]) continue;
    KeyedPacket& keyed = impl.keyed[i];
    keyed.copy = impl.copies.Check(impl.prints[i], static_cast<std::uint32_t>(keyed.hash),
                                   keyed.packet->time_ns);
    if (impl.drop_copies && keyed.copy != CopyKind::kNone) {
      ++impl.totals.dropped_copies;
      handles[i].store = false;
      continue;
    }
    ++impl.totals.keyed_packets;
    handles[i].index = impl.tracker.Count(keyed);
    handles[i].store = !table.hot(handles[i].index).Has(kNotStored);
  }
  impl.tracker.EndBatch();
}

void Meter::NoteBlock(FlowHandle flow, std::uint64_t block) {
  if (flow.valid()) impl_->tracker.NoteBlock(flow.index, block);
}

void Meter::PrefetchNotes(FlowHandle flow) const {
  if (flow.valid()) __builtin_prefetch(&impl_->tracker.table().hot(flow.index).block_bits, 1);
}

void Meter::Advance(std::int64_t now_ns) {
  impl_->tracker.Advance(now_ns);
}

void Meter::Finish(EndReason reason) {
  while (!FinishSome(reason)) {
  }
}

bool Meter::FinishSome(EndReason reason) {
  return impl_->tracker.FinishSome(reason);
}

void Meter::Drain(RecordBatch& out) {
  MoveRecords(impl_->tracker.records(), out);
}

MeterStats Meter::stats() const {
  MeterStats stats = impl_->totals;
  impl_->tracker.FillStats(stats);
  // A keyed packet's note was counted on its flow already, an unkeyed one's was not.
  std::vector<std::pair<std::string, std::uint64_t>> notes;
  for (std::size_t kind = 1; kind < kNoteKinds; ++kind) {
    if (impl_->notes[kind] == 0) continue;
    const std::string_view name = ToString(static_cast<DecodeNote>(kind));
    std::erase_if(stats.notes, [name](const auto& note) { return note.first == name; });
    notes.emplace_back(name, impl_->notes[kind]);
  }
  if (impl_->no_address != 0) notes.emplace_back("no-address", impl_->no_address);
  notes.insert(notes.end(), stats.notes.begin(), stats.notes.end());
  stats.notes = std::move(notes);
  return stats;
}

}  // namespace tapiary::capture
