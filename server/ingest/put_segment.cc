// PUT segments: the body goes into a temporary object, is checked, and becomes visible only whole
// (CO-15).
#include <fmt/core.h>

#include "base/text.h"
#include "capture/segment/segment.h"
#include "server/ingest/body.h"
#include "server/ingest/chain_rows.h"
#include "server/ingest/context.h"
#include "server/ingest/hour_rows.h"
#include "server/ingest/rows.h"
#include "server/ingest/segment_stream.h"

namespace tapiary::server {
namespace {

// Decompresses one block: what its index entry says must be so, since downloads trust it.
base::Result<> CheckBlock(const capture::BlockEntry& entry, const capture::RangeReader& read,
                          capture::InterfaceInfo* interface) {
  TAPIARY_ASSIGN(const std::string raw, capture::ReadBlock(entry, read));
  std::uint64_t packets = 0;
  bool in_time = true;
  const auto look = [&](const capture::Packet& packet) {
    ++packets;
    in_time &= packet.time_ns == capture::kTimeUnknown ||
               (packet.time_ns >= entry.first_ns && packet.time_ns <= entry.last_ns);
    return true;
  };
  TAPIARY_TRY(capture::ForEachPacket(base::AsBytes(raw), interface, look));
  if (packets != entry.packets) {
    return base::MakeError(
        base::ErrorCode::kCorrupt,
        fmt::format("{} packets in the index, {} in the block", entry.packets, packets));
  }
  if (in_time) return {};
  return base::MakeError(base::ErrorCode::kCorrupt, "a packet outside the times in the index");
}

// Every block, one of them in memory at a time: a block that cannot be read would break the
// downloads of others later. The name of the interface.
base::Result<std::string> CheckBlocks(const capture::SegmentIndex& index,
                                      const capture::RangeReader& read) {
  std::string name;
  for (std::size_t i = 0; i < index.blocks.size(); ++i) {
    capture::InterfaceInfo interface;
    if (const auto checked = CheckBlock(index.blocks[i], read, &interface); !checked) {
      return checked.error().WithContext(fmt::format("blocks[{}]", i));
    }
    if (i == 0) name = interface.name;
  }
  return name;
}

// Index and blocks. The stream has looked at these already, unless something was not as usual.
base::Result<SegmentRow> CheckSegment(PendingObject& pending, SegmentStream& stream) {
  const capture::RangeReader read = [&](std::uint64_t offset,
                                        std::size_t size) -> base::Result<std::string> {
    if (const auto recent = stream.Recent(offset, size)) return std::string(*recent);
    return pending.ReadRange(offset, size);
  };
  TAPIARY_ASSIGN(const capture::SegmentIndex index,
                 capture::ReadSegmentIndex(pending.size(), read));
  if (index.blocks.empty()) {
    return base::MakeError(base::ErrorCode::kCorrupt, "a segment without blocks");
  }
  if (index.first_block > static_cast<std::uint64_t>(INT64_MAX) - index.blocks.size()) {
    return base::MakeError(base::ErrorCode::kCorrupt, "first_block: above 2^63");
  }
  SegmentRow row;
  if (stream.Confirms(index)) {
    row.interface = stream.interface();
  } else {
    TAPIARY_ASSIGN(row.interface, CheckBlocks(index, read));
  }
  row.stream = index.stream;
  row.first_block = index.first_block;
  row.block_count = index.blocks.size();
  row.first_ns = index.first_ns();
  row.last_ns = index.last_ns();
  row.packets = index.packets();
  row.bytes = pending.size();
  return row;
}

// The transaction that found it out was rolled back: the alarm has its own.
base::Result<> TellTaken(IngestContext& context, const Item& item, const SegmentRow& segment) {
  return context.catalog.Write([&](SqlWriter& writer) {
    return Alarm(writer, item.sensor, "segment-conflict",
                 fmt::format("segment {}/{}: the blocks from {} of stream {} are stored already "
                             "under another number",
                             item.epoch, item.seq, segment.first_block, segment.stream));
  });
}

base::Result<Reply> Store(IngestContext& context, const Item& item, SegmentRow segment) {
  NewObjects objects(context.vault);
  objects.Add(segment.object);
  segment.epoch = item.epoch;
  bool taken = false;
  const auto work = [&](SqlWriter& writer, const ItemRow& row) -> base::Result<> {
    segment.item_id = row.id;
    const RowOwner owner{item.sensor_id, item.sensor, row.received_ns};
    auto inserted = InsertSegment(writer, owner, segment);
    taken = !inserted && inserted.error().code == base::ErrorCode::kConflict;
    if (!inserted) return inserted;
    TAPIARY_TRY(NoteSegmentHour(writer, owner, segment));
    return NoteItem(writer, item, row);
  };
  const auto added = StoreItem(context.catalog, item, work, WorkKind::kRepeatable);
  if (taken) TAPIARY_TRY(TellTaken(context, item, segment));
  if (!added) {
    objects.KeepIfStored(context.catalog, item, added.error());
    return added.error();
  }
  if (!*added) return Reply{Stored::kRepeated, item.bytes, R"({"result":"repeated"})"};
  objects.Keep();
  return Reply{Stored::kNew, item.bytes, R"({"result":"stored"})"};
}

}  // namespace

base::Result<Reply> PutSegment(IngestContext& context, const Request& request, BodySource& body) {
  TAPIARY_ASSIGN(Item item, ItemFromPut(request, kSegments));
  const std::uint64_t limit = context.limits.segment_bytes;
  TAPIARY_ASSIGN(const bool known, IsKnown(context.catalog, item));
  if (known) {  // nothing is written, but the digest must be that of what was sent
    TAPIARY_TRY(CopyBody(request, body, limit, {}));
    TAPIARY_TRY(StoreItem(context.catalog, item, {}));
    return Reply{Stored::kRepeated, 0, R"({"result":"repeated"})"};
  }
  TAPIARY_ASSIGN(auto pending, context.vault.Create(item.sensor));
  SegmentStream stream(&context.checks);
  TAPIARY_ASSIGN(const BodyFacts facts, CopyBody(request, body, limit, [&](base::Bytes bytes) {
                   stream.Append(bytes);
                   return pending->Append(bytes);
                 }));
  item.bytes = facts.bytes;
  auto segment = CheckSegment(*pending, stream);
  if (!segment) return segment.error().WithContext("segment");
  TAPIARY_ASSIGN(segment->object, pending->Commit());
  return Store(context, item, std::move(*segment));
}

}  // namespace tapiary::server
