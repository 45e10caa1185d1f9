#include "uplink/spool/segment_queue.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"

namespace tapiary::uplink {

namespace {

base::Error Corrupt(Place place, std::string_view what) {
  return base::MakeError(base::ErrorCode::kCorrupt,
                         fmt::format("spool: segment {}/{}: {}", place.epoch, place.seq, what));
}

// Calls visit(header, frame) for each block of a segment.
template <class Visit>
base::Result<> ForEachBlock(Store& store, Place place, Visit visit) {
  base::Result<> parsed;
  const auto row = [&](std::string_view, std::string_view value) {
    std::string_view frame;
    const auto header = ParseBlock(value, &frame);
    if (!header) {
      parsed = header.error();
      return false;
    }
    visit(*header, frame);
    return true;
  };
  TAPIARY_TRY(store.Scan(Family::kPackets, PlaceKey(place), PlaceKey(After(place)), row));
  return parsed;
}

// A segment that was open at an unclean stop: its blocks may be more than its row says, because
// they become durable first. When they cannot be read the row stands, so that the loss can be told.
base::Result<std::optional<base::Sha256Digest>> Recount(Store& store, Place place,
                                                        SegmentRow& row) {
  SegmentRow found = row;
  found.blocks = 0;
  found.stored_bytes = found.packets = 0;
  SegmentQueue::BodyDigest digest;
  const auto counted = ForEachBlock(store, place, [&](const BlockHeader& header, auto frame) {
    found.Add(header, frame.size());
    digest.Add(found, header, frame);
  });
  const bool broken = !counted && counted.error().code == base::ErrorCode::kCorrupt;
  if (!counted && !broken) return counted.error();
  if (!broken || row.blocks == 0) row = found;
  if (broken || row.blocks == 0) return std::optional<base::Sha256Digest>();
  return std::optional(digest.Finish());
}

}  // namespace

void SegmentQueue::BodyDigest::Add(const SegmentRow& row, const BlockHeader& block,
                                   std::string_view frame) {
  if (!assembler_) assembler_.emplace(row.stream, row.first_block);
  sha_.Update(base::AsBytes(frame));
  assembler_->Add(frame.size(), block.raw_bytes, block.packets, block.first_ns, block.last_ns);
}

base::Sha256Digest SegmentQueue::BodyDigest::Finish() {
  if (assembler_) sha_.Update(base::AsBytes(assembler_->Tail()));
  return sha_.Finish();
}

base::Result<std::vector<SegmentQueue::Closed>> SegmentQueue::Load(Store& store, StoreBatch& batch,
                                                                   std::uint64_t epoch) {
  epoch_ = epoch;
  next_seq_ = 0;
  open_.clear();
  ready_.clear();
  ready_bytes_ = 0;
  std::string from(kSegmentPrefix);
  TAPIARY_ASSIGN(const auto stored, store.Get(Family::kMeta, kPacketsHeadKey));
  if (stored) {
    TAPIARY_ASSIGN(const Head head, ParseHead(*stored));
    from = SegmentKey(head.place);
  }
  std::vector<std::pair<Place, SegmentRow>> rows;
  base::Result<> parsed;
  TAPIARY_TRY(store.Scan(
      Family::kMeta, from, kSegmentEnd, [&](std::string_view key, std::string_view value) {
        const auto place = ParsePlace(key.substr(kSegmentPrefix.size()));
        const auto row = ParseSegment(value);
        if (!place || !row) {
          parsed = base::MakeError(base::ErrorCode::kCorrupt, "spool: broken segment row");
          return false;
        }
        rows.emplace_back(*place, *row);
        return true;
      }));
  TAPIARY_TRY(parsed);
  std::vector<Closed> closed;
  for (auto& [place, row] : rows) {
    if (!row.closed) {
      TAPIARY_ASSIGN(const auto digest, Recount(store, place, row));
      row.closed = true;
      if (row.blocks == 0) {
        batch.Delete(Family::kMeta, SegmentKey(place));
        continue;
      }
      batch.Put(Family::kMeta, SegmentKey(place), SegmentValue(row));
      closed.push_back({place, row, digest});
    }
    ready_bytes_ += row.stored_bytes;
    ready_.emplace(place, std::move(row));
  }
  return closed;
}

void SegmentQueue::Append(const Sink& sink, Staged& staged, const StoredBlock& block,
                          std::int64_t now_ns, const Limits& limits) const {
  staged.changed = true;
  const auto old = staged.open.find(block.stream);
  if (old != staged.open.end()) {
    const SegmentRow& row = old->second.row;
    // A segment's blocks are numbered without holes.
    const bool follows = block.number == row.first_block + row.blocks;
    const bool fits = row.stored_bytes + block.frame.size() <= limits.bytes &&
                      row.blocks < capture::kMaxBlocksPerSegment;
    if (!follows || !fits) Close(sink.batch, staged, block.stream);
  }
  auto [at, opened] = staged.open.try_emplace(block.stream);
  Open& segment = at->second;
  if (opened) {
    segment.place = {epoch_, staged.next_seq++};
    segment.row.stream = block.stream;
    segment.row.opened_ns = now_ns;
    segment.row.interface = block.interface;
  }
  const std::string key = BlockKey(segment.place, segment.row.blocks);
  if (sink.files != nullptr) {
    sink.files->Put(segment.place.seq, key, BlockValue(block));
  } else {
    sink.batch.Put(Family::kPackets, key, BlockValue(block));
  }
  const BlockHeader header{block.number, block.packets, block.raw_bytes, block.first_ns,
                           block.last_ns};
  segment.row.Add(header, block.frame.size());
  if (limits.digests) {
    if (opened) segment.digest.emplace();
    if (segment.digest) segment.digest->Add(segment.row, header, block.frame);
  }
  if (segment.row.stored_bytes >= limits.bytes) {
    Close(sink.batch, staged, block.stream);
  } else {
    sink.batch.Put(Family::kMeta, SegmentKey(segment.place), SegmentValue(segment.row));
  }
}

void SegmentQueue::Close(StoreBatch& batch, Staged& staged, std::uint32_t stream) const {
  auto node = staged.open.extract(stream);
  Open& segment = node.mapped();
  segment.row.closed = true;
  batch.Put(Family::kMeta, SegmentKey(segment.place), SegmentValue(segment.row));
  Closed closed{segment.place, std::move(segment.row), std::nullopt};
  if (segment.digest) closed.digest = segment.digest->Finish();
  staged.closed.push_back(std::move(closed));
  staged.changed = true;
}

void SegmentQueue::CloseOld(StoreBatch& batch, Staged& staged, std::int64_t now_ns,
                            const Limits& limits) const {
  std::vector<std::uint32_t> old;
  for (const auto& [stream, segment] : staged.open) {
    const std::int64_t age_ns = now_ns - segment.row.opened_ns;
    // A clock that went back makes no segment wait for ever.
    if (age_ns >= limits.age_ns || age_ns < 0) old.push_back(stream);
  }
  for (const std::uint32_t stream : old) Close(batch, staged, stream);
}

void SegmentQueue::CloseAll(StoreBatch& batch, Staged& staged) const {
  while (!staged.open.empty()) Close(batch, staged, staged.open.begin()->first);
}

void SegmentQueue::Commit(Staged staged) {
  open_ = std::move(staged.open);
  next_seq_ = staged.next_seq;
  for (Closed& closed : staged.closed) {
    ready_bytes_ += closed.row.stored_bytes;
    ready_.emplace(closed.place, std::move(closed.row));
  }
}

std::uint64_t SegmentQueue::bytes() const {
  std::uint64_t bytes = ready_bytes_;
  for (const auto& [stream, segment] : open_) bytes += segment.row.stored_bytes;
  return bytes;
}

std::int64_t SegmentQueue::oldest_ns() const {
  std::int64_t oldest = ready_.empty() ? 0 : ready_.begin()->second.opened_ns;
  for (const auto& [stream, segment] : open_) {
    if (oldest == 0 || segment.row.opened_ns < oldest) oldest = segment.row.opened_ns;
  }
  return oldest;
}

base::Result<std::optional<Item>> SegmentQueue::First(Store& store) const {
  if (ready_.empty()) return std::optional<Item>();
  const auto& [place, row] = *ready_.begin();
  Item item;
  item.kind = Kind::kPackets;
  item.place = place;
  item.stored_ns = row.opened_ns;
  item.first_ns = row.first_ns;
  item.last_ns = row.last_ns;
  item.packets = row.packets;
  item.interface = row.interface;
  item.body.reserve(row.stored_bytes + std::size_t{64} * row.blocks + 256);
  capture::SegmentAssembler assembler(row.stream, row.first_block);
  std::uint32_t blocks = 0;
  TAPIARY_TRY(ForEachBlock(store, place, [&](const BlockHeader& header, std::string_view frame) {
    item.body.append(frame);
    assembler.Add(frame.size(), header.raw_bytes, header.packets, header.first_ns, header.last_ns);
    ++blocks;
  }));
  if (blocks != row.blocks) {
    return Corrupt(place, fmt::format("{} of {} blocks are there", blocks, row.blocks));
  }
  item.body.append(assembler.Tail());
  return std::optional<Item>(std::move(item));
}

void SegmentQueue::Remove(StoreBatch& batch, Place place) const {
  batch.Delete(Family::kMeta, SegmentKey(place));
  if (bytes() < kTombstoneBacklog) {
    batch.DeleteRange(Family::kPackets, PlaceKey(place), PlaceKey(After(place)));
  }
  batch.Put(Family::kMeta, kPacketsHeadKey, HeadValue({Oldest(place), 0}));
}

void SegmentQueue::Erase(Store& store, Place place) {
  const auto at = ready_.find(place);
  if (at == ready_.end()) return;
  ready_bytes_ -= at->second.stored_bytes;
  ready_.erase(at);
  // Whole files lie before the oldest segment that is still there.
  store.DropFiles(Family::kPackets, PlaceKey({0, 0}), PlaceKey(Oldest({})));
}

Place SegmentQueue::Oldest(Place unless) const {
  Place oldest{epoch_, next_seq_};
  for (const auto& [stream, segment] : open_) oldest = std::min(oldest, segment.place);
  for (const auto& [place, row] : ready_) {
    if (place == unless) continue;
    oldest = std::min(oldest, place);
    break;
  }
  return oldest;
}

}  // namespace tapiary::uplink
