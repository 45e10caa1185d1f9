// PUT segments: the body goes into a temporary object, is checked, and becomes visible only whole
// (CO-15).
#include <fmt/core.h>

#include "base/text.h"
#include "capture/segment/segment.h"
#include "server/ingest/body.h"
#include "server/ingest/context.h"
#include "server/ingest/rows.h"

namespace tapiary::server {
namespace {

// Index, and the first block whole: its checksum, its packets and their number.
base::Result<SegmentRow> CheckSegment(PendingObject& pending) {
  const capture::RangeReader read = [&pending](std::uint64_t offset, std::size_t size) {
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
  TAPIARY_ASSIGN(const std::string raw, capture::ReadBlock(index.blocks.front(), read));
  capture::InterfaceInfo interface;
  std::uint64_t packets = 0;
  const auto count = [&packets](const capture::Packet&) {
    ++packets;
    return true;
  };
  TAPIARY_TRY(capture::ForEachPacket(base::AsBytes(raw), &interface, count));
  if (packets != index.blocks.front().packets) {
    return base::MakeError(base::ErrorCode::kCorrupt,
                           fmt::format("blocks[0].packets: {} in the index, {} in the block",
                                       index.blocks.front().packets, packets));
  }
  SegmentRow row;
  row.stream = index.stream;
  row.first_block = index.first_block;
  row.block_count = index.blocks.size();
  row.interface = interface.name;
  row.first_ns = index.first_ns();
  row.last_ns = index.last_ns();
  row.packets = index.packets();
  row.bytes = pending.size();
  return row;
}

base::Result<Reply> Store(IngestContext& context, const Item& item, SegmentRow segment) {
  NewObjects objects(context.vault);
  objects.Add(segment.object);
  segment.epoch = item.epoch;
  TAPIARY_ASSIGN(const bool added,
                 StoreItem(context.catalog, item, [&](SqlWriter& writer, const ItemRow& row) {
                   segment.item_id = row.id;
                   const RowOwner owner{item.sensor_id, item.sensor, row.received_ns};
                   return InsertSegment(writer, owner, segment);
                 }));
  if (!added) return Reply{Stored::kRepeated, item.bytes, R"({"result":"repeated"})"};
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
  TAPIARY_ASSIGN(const BodyFacts facts,
                 CopyBody(request, body, limit,
                          [&pending](base::Bytes bytes) { return pending->Append(bytes); }));
  item.bytes = facts.bytes;
  auto segment = CheckSegment(*pending);
  if (!segment) return segment.error().WithContext("segment");
  TAPIARY_ASSIGN(segment->object, pending->Commit());
  return Store(context, item, std::move(*segment));
}

}  // namespace tapiary::server
