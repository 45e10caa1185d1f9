#include "uplink/spool/format.h"

#include <algorithm>

#include "base/text.h"

namespace tapiary::uplink {

namespace {

constexpr std::uint8_t kVersion = 1;  // first byte of each value that has a layout

void AppendBig(std::string& to, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    to.push_back(static_cast<char>(value >> shift));
  }
}
void Append64(std::string& to, std::uint64_t value) {
  AppendBig(to, value, 8);
}
void Append32(std::string& to, std::uint32_t value) {
  AppendBig(to, value, 4);
}

std::int64_t Time(base::ByteCursor& cursor) {
  return static_cast<std::int64_t>(cursor.U64Be());
}

base::Error Corrupt(std::string_view what) {
  return base::MakeError(base::ErrorCode::kCorrupt, "spool: broken " + std::string(what));
}

}  // namespace

std::string_view ToString(Kind kind) {
  switch (kind) {
    case Kind::kPackets:
      return "packets";
    case Kind::kFlows:
      return "flows";
    case Kind::kFacts:
      return "facts";
  }
  return "unknown";
}

std::string PlaceKey(Place place) {
  std::string key;
  key.reserve(20);
  Append64(key, place.epoch);
  Append64(key, place.seq);
  return key;
}

std::string BlockKey(Place segment, std::uint32_t block) {
  std::string key = PlaceKey(segment);
  Append32(key, block);
  return key;
}

std::string SegmentKey(Place place) {
  return std::string(kSegmentPrefix) + PlaceKey(place);
}

base::Result<Place> ParsePlace(std::string_view key) {
  base::ByteCursor cursor(base::AsBytes(key));
  Place place;
  place.epoch = cursor.U64Be();
  place.seq = cursor.U64Be();
  if (cursor.failed()) return Corrupt("key");
  return place;
}

std::string NumberValue(std::uint64_t number) {
  std::string value;
  Append64(value, number);
  return value;
}

base::Result<std::uint64_t> ParseNumber(std::string_view value) {
  base::ByteCursor cursor(base::AsBytes(value));
  const std::uint64_t number = cursor.U64Be();
  if (cursor.failed()) return Corrupt("number");
  return number;
}

std::string HeadValue(const Head& head) {
  std::string value = PlaceKey(head.place);
  Append64(value, head.before);
  return value;
}

base::Result<Head> ParseHead(std::string_view value) {
  base::ByteCursor cursor(base::AsBytes(value));
  Head head;
  head.place.epoch = cursor.U64Be();
  head.place.seq = cursor.U64Be();
  head.before = cursor.U64Be();
  if (cursor.failed()) return Corrupt("head");
  return head;
}

std::string ItemValue(const ItemHeader& header, std::string_view body) {
  std::string value;
  value.reserve(kItemHeaderBytes + body.size());
  value.push_back(static_cast<char>(kVersion));
  Append64(value, static_cast<std::uint64_t>(header.stored_ns));
  Append64(value, header.before);
  value.append(body);
  return value;
}

base::Result<ItemHeader> ParseItem(std::string_view value, std::string_view* body) {
  base::ByteCursor cursor(base::AsBytes(value));
  const std::uint8_t version = cursor.U8();
  ItemHeader header;
  header.stored_ns = Time(cursor);
  header.before = cursor.U64Be();
  if (cursor.failed() || version != kVersion) return Corrupt("item");
  if (body != nullptr) *body = base::AsText(cursor.rest());
  return header;
}

std::string BlockValue(const StoredBlock& block) {
  std::string value;
  value.reserve(33 + block.frame.size());
  value.push_back(static_cast<char>(kVersion));
  Append64(value, block.number);
  Append32(value, block.packets);
  Append32(value, block.raw_bytes);
  Append64(value, static_cast<std::uint64_t>(block.first_ns));
  Append64(value, static_cast<std::uint64_t>(block.last_ns));
  value.append(block.frame);
  return value;
}

base::Result<BlockHeader> ParseBlock(std::string_view value, std::string_view* frame) {
  base::ByteCursor cursor(base::AsBytes(value));
  const std::uint8_t version = cursor.U8();
  BlockHeader header;
  header.number = cursor.U64Be();
  header.packets = cursor.U32Be();
  header.raw_bytes = cursor.U32Be();
  header.first_ns = Time(cursor);
  header.last_ns = Time(cursor);
  if (cursor.failed() || version != kVersion) return Corrupt("block");
  if (frame != nullptr) *frame = base::AsText(cursor.rest());
  return header;
}

void SegmentRow::Add(const BlockHeader& block, std::size_t frame_bytes) {
  if (blocks == 0) {
    first_block = block.number;
    first_ns = block.first_ns;
    last_ns = block.last_ns;
  }
  first_ns = std::min(first_ns, block.first_ns);
  last_ns = std::max(last_ns, block.last_ns);
  ++blocks;
  stored_bytes += frame_bytes;
  packets += block.packets;
}

std::string SegmentValue(const SegmentRow& row) {
  std::string value;
  value.push_back(static_cast<char>(kVersion));
  value.push_back(row.closed ? 1 : 0);
  Append32(value, row.stream);
  Append64(value, row.first_block);
  Append32(value, row.blocks);
  Append64(value, row.stored_bytes);
  Append64(value, row.packets);
  Append64(value, static_cast<std::uint64_t>(row.first_ns));
  Append64(value, static_cast<std::uint64_t>(row.last_ns));
  Append64(value, static_cast<std::uint64_t>(row.opened_ns));
  value.append(row.interface);
  return value;
}

base::Result<SegmentRow> ParseSegment(std::string_view value) {
  base::ByteCursor cursor(base::AsBytes(value));
  const std::uint8_t version = cursor.U8();
  SegmentRow row;
  row.closed = cursor.U8() != 0;
  row.stream = cursor.U32Be();
  row.first_block = cursor.U64Be();
  row.blocks = cursor.U32Be();
  row.stored_bytes = cursor.U64Be();
  row.packets = cursor.U64Be();
  row.first_ns = Time(cursor);
  row.last_ns = Time(cursor);
  row.opened_ns = Time(cursor);
  if (cursor.failed() || version != kVersion) return Corrupt("segment row");
  row.interface = std::string(base::AsText(cursor.rest()));
  return row;
}

}  // namespace tapiary::uplink
