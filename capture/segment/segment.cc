#include "capture/segment/segment.h"

#include <fmt/core.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

#include "base/text.h"

namespace tapiary::capture {
namespace {

static_assert(std::endian::native == std::endian::little, "segments are written little-endian");

// docs/formats/segment.md. Numbers are for ever: never reuse one with another meaning.
constexpr std::uint32_t kIndexFrameMagic = 0x184d2a57;  // a zstd skippable frame
constexpr std::uint32_t kIndexMagic = 0x49595054;       // "TPYI"
constexpr std::uint32_t kIndexVersion = 1;
constexpr std::uint32_t kSeekFrameMagic = 0x184d2a5e;
constexpr std::uint32_t kSeekFooterMagic = 0x8f92eab1;
constexpr std::size_t kFrameHeaderBytes = 8;  // magic and size of a skippable frame
constexpr std::size_t kIndexHeaderBytes = 24;
constexpr std::size_t kIndexEntryBytes = 24;
constexpr std::size_t kIndexCrcBytes = 4;
constexpr std::size_t kSeekEntryBytes = 8;
constexpr std::size_t kSeekFooterBytes = 9;
// The footer is read together with what is likely to be the whole tail.
constexpr std::size_t kFirstTailRead = 4096;

constexpr std::size_t IndexFrameBytes(std::size_t blocks) {
  return kFrameHeaderBytes + kIndexHeaderBytes + blocks * kIndexEntryBytes + kIndexCrcBytes;
}
constexpr std::size_t SeekFrameBytes(std::size_t blocks) {
  return kFrameHeaderBytes + (blocks + 1) * kSeekEntryBytes + kSeekFooterBytes;
}
constexpr std::size_t TailBytes(std::size_t blocks) {
  return IndexFrameBytes(blocks) + SeekFrameBytes(blocks);
}

template <class T>
void Put(T value, std::string& out) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

std::uint32_t Crc(base::Bytes bytes) {
  return static_cast<std::uint32_t>(crc32(0, bytes.data(), static_cast<uInt>(bytes.size())));
}

base::Error Corrupt(std::string_view field) {
  return base::MakeError(base::ErrorCode::kCorrupt, fmt::format("segment: {}", field));
}

// The number of blocks, from the last bytes of a segment.
base::Result<std::size_t> ReadFooter(base::Bytes tail) {
  base::ByteCursor cursor(tail.last(kSeekFooterBytes));
  const std::uint32_t frames = cursor.U32Le();
  const std::uint8_t descriptor = cursor.U8();
  if (cursor.U32Le() != kSeekFooterMagic) return Corrupt("no seek table at its end");
  if (descriptor != 0) return Corrupt("seek table with unknown descriptor");
  if (frames == 0) return Corrupt("seek table without the index frame");
  if (frames - 1 > kMaxBlocksPerSegment) return Corrupt("too many blocks");
  return frames - 1;
}

// Reads the entries of the seek table into `blocks` and checks that the frames fill the segment.
base::Result<> ReadSeekTable(base::Bytes frame, std::uint64_t segment_bytes,
                             std::vector<BlockEntry>& blocks) {
  base::ByteCursor cursor(frame);
  if (cursor.U32Le() != kSeekFrameMagic) return Corrupt("seek table's frame magic");
  if (cursor.U32Le() != frame.size() - kFrameHeaderBytes) return Corrupt("seek table's size");
  std::uint64_t offset = 0;
  for (BlockEntry& block : blocks) {
    block.offset = offset;
    block.stored_bytes = cursor.U32Le();
    block.raw_bytes = cursor.U32Le();
    if (block.stored_bytes == 0) return Corrupt("an empty block");
    if (block.raw_bytes > kMaxBlockRawBytes) return Corrupt("a block's raw size");
    offset += block.stored_bytes;
  }
  if (cursor.U32Le() != IndexFrameBytes(blocks.size())) return Corrupt("index frame's size");
  if (cursor.U32Le() != 0) return Corrupt("index frame's raw size");
  if (offset + TailBytes(blocks.size()) != segment_bytes) {
    return Corrupt("block sizes do not add up to the segment's");
  }
  return {};
}

base::Result<> ReadIndexFrame(base::Bytes frame, SegmentIndex& index) {
  const base::Bytes content = frame.subspan(kFrameHeaderBytes);
  base::ByteCursor header(frame);
  if (header.U32Le() != kIndexFrameMagic) return Corrupt("index frame's magic");
  if (header.U32Le() != content.size()) return Corrupt("index frame's length");
  base::ByteCursor crc(content.last(kIndexCrcBytes));
  const base::Bytes covered = content.first(content.size() - kIndexCrcBytes);
  if (crc.U32Le() != Crc(covered)) return Corrupt("index checksum");
  base::ByteCursor cursor(covered);
  if (cursor.U32Le() != kIndexMagic) return Corrupt("index magic");
  if (const std::uint32_t version = cursor.U32Le(); version != kIndexVersion) {
    return base::MakeError(base::ErrorCode::kUnsupported,
                           fmt::format("segment: index version {}", version));
  }
  index.stream = cursor.U32Le();
  index.first_block = cursor.U64Le();
  if (cursor.U32Le() != index.blocks.size()) return Corrupt("index count");
  if (index.first_block > UINT64_MAX - index.blocks.size()) return Corrupt("first block number");
  for (BlockEntry& block : index.blocks) {
    block.first_ns = static_cast<std::int64_t>(cursor.U64Le());
    block.last_ns = static_cast<std::int64_t>(cursor.U64Le());
    block.packets = cursor.U32Le();
    if (cursor.U32Le() != block.raw_bytes)
      return Corrupt("index and seek table disagree on a size");
    if (block.first_ns > block.last_ns) return Corrupt("a block ends before it begins");
  }
  return {};
}

}  // namespace

std::uint64_t SegmentIndex::packets() const {
  std::uint64_t sum = 0;
  for (const BlockEntry& block : blocks) sum += block.packets;
  return sum;
}

namespace {

// A block whose packets have no time says 0 and 0; it does not count.
bool HasTime(const BlockEntry& block) {
  return block.first_ns != 0 || block.last_ns != 0;
}

}  // namespace

std::int64_t SegmentIndex::first_ns() const {
  std::int64_t first = INT64_MAX;
  for (const BlockEntry& block : blocks) {
    if (HasTime(block)) first = std::min(first, block.first_ns);
  }
  return first == INT64_MAX ? 0 : first;
}

std::int64_t SegmentIndex::last_ns() const {
  std::int64_t last = INT64_MIN;
  for (const BlockEntry& block : blocks) {
    if (HasTime(block)) last = std::max(last, block.last_ns);
  }
  return last == INT64_MIN ? 0 : last;
}

SegmentAssembler::SegmentAssembler(std::uint32_t stream, std::uint64_t first_block) {
  index_.stream = stream;
  index_.first_block = first_block;
}

void SegmentAssembler::Add(std::size_t stored_bytes, std::size_t raw_bytes, std::uint32_t packets,
                           std::int64_t first_ns, std::int64_t last_ns) {
  assert(stored_bytes <= kMaxSegmentBytes && raw_bytes <= kMaxBlockRawBytes);
  assert(index_.blocks.size() < kMaxBlocksPerSegment);
  index_.blocks.push_back({offset_, static_cast<std::uint32_t>(stored_bytes),
                           static_cast<std::uint32_t>(raw_bytes), packets, first_ns, last_ns});
  offset_ += stored_bytes;
}

std::string SegmentAssembler::Tail() const {
  const auto count = static_cast<std::uint32_t>(index_.blocks.size());
  std::string out;
  out.reserve(TailBytes(count));
  Put(kIndexFrameMagic, out);
  Put(static_cast<std::uint32_t>(IndexFrameBytes(count) - kFrameHeaderBytes), out);
  Put(kIndexMagic, out);
  Put(kIndexVersion, out);
  Put(index_.stream, out);
  Put(index_.first_block, out);
  Put(count, out);
  for (const BlockEntry& block : index_.blocks) {
    Put(block.first_ns, out);
    Put(block.last_ns, out);
    Put(block.packets, out);
    Put(block.raw_bytes, out);
  }
  Put(Crc(base::AsBytes(out).subspan(kFrameHeaderBytes)), out);
  Put(kSeekFrameMagic, out);
  Put(static_cast<std::uint32_t>(SeekFrameBytes(count) - kFrameHeaderBytes), out);
  for (const BlockEntry& block : index_.blocks) {
    Put(block.stored_bytes, out);
    Put(block.raw_bytes, out);
  }
  Put(static_cast<std::uint32_t>(IndexFrameBytes(count)), out);
  Put(std::uint32_t{0}, out);
  Put(count + 1, out);
  Put(std::uint8_t{0}, out);  // descriptor: no checksum per frame, the frames have their own
  Put(kSeekFooterMagic, out);
  return out;
}

base::Result<SegmentIndex> ReadSegmentIndex(std::uint64_t segment_bytes, const RangeReader& read) {
  if (segment_bytes > kMaxSegmentBytes) {
    return base::MakeError(
        base::ErrorCode::kTooLarge,
        fmt::format("segment of {} bytes, the limit is {}", segment_bytes, kMaxSegmentBytes));
  }
  if (segment_bytes < TailBytes(0)) return Corrupt("too short");
  std::size_t size = std::min<std::uint64_t>(segment_bytes, kFirstTailRead);
  TAPIARY_ASSIGN(std::string tail, read(segment_bytes - size, size));
  if (tail.size() != size) return Corrupt("a read gave too few bytes");
  TAPIARY_ASSIGN(const std::size_t blocks, ReadFooter(base::AsBytes(tail)));
  if (TailBytes(blocks) > segment_bytes) return Corrupt("seek table larger than the segment");
  if (TailBytes(blocks) > size) {
    size = TailBytes(blocks);
    TAPIARY_ASSIGN(tail, read(segment_bytes - size, size));
    if (tail.size() != size) return Corrupt("a read gave too few bytes");
  }
  const base::Bytes bytes = base::AsBytes(tail).last(TailBytes(blocks));
  SegmentIndex index;
  index.blocks.resize(blocks);
  TAPIARY_TRY(ReadSeekTable(bytes.subspan(IndexFrameBytes(blocks)), segment_bytes, index.blocks));
  TAPIARY_TRY(ReadIndexFrame(bytes.first(IndexFrameBytes(blocks)), index));
  return index;
}

}  // namespace tapiary::capture
