// Segment: the unit of packet storage and of upload. Blocks of one stream, each one zstd frame,
// then an index frame and the seek table of the zstd seekable format (both skippable frames), so
// that `zstd -dc SEGMENT` is a pcapng stream that any reader takes. Format:
// docs/formats/segment.md.
//
// Assembling needs no decompression: a sensor compresses blocks as they close, keeps them, and
// makes a segment of them by concatenation. Everything here is pure or single-threaded.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/byte_cursor.h"
#include "base/result.h"
#include "capture/segment/block_builder.h"

namespace tapiary::capture {

inline constexpr std::size_t kMaxSegmentBytes = 256u
                                                << 20;  // a segment larger than this is refused
inline constexpr std::size_t kMaxBlockRawBytes = 16u << 20;  // and a block whose raw size is
inline constexpr std::uint32_t kMaxBlocksPerSegment = 65536;

// What is known of one block in a segment. `offset` and `stored` locate its frame.
struct BlockEntry {
  std::uint64_t offset = 0;
  std::uint32_t stored_bytes = 0;
  std::uint32_t raw_bytes = 0;
  std::uint32_t packets = 0;
  std::int64_t first_ns = 0;
  std::int64_t last_ns = 0;
};

struct SegmentIndex {
  std::uint32_t stream = 0;
  std::uint64_t first_block = 0;  // number of blocks[0]; the others follow without holes
  std::vector<BlockEntry> blocks;
  [[nodiscard]] std::uint64_t packets() const;
  [[nodiscard]] std::int64_t first_ns() const;  // 0 without blocks
  [[nodiscard]] std::int64_t last_ns() const;
};

// One zstd frame (content size and checksum in it) from a block's bytes. `level` 0 stores raw
// blocks in a valid frame without searching for matches. The compressor keeps its context between
// calls.
class BlockCompressor {
 public:
  BlockCompressor();
  ~BlockCompressor();
  BlockCompressor(const BlockCompressor&) = delete;
  BlockCompressor& operator=(const BlockCompressor&) = delete;
  base::Result<std::string> Compress(const Block& block, int level);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Collects the entries of frames that follow each other and gives the segment's tail for them.
class SegmentAssembler {
 public:
  SegmentAssembler(std::uint32_t stream, std::uint64_t first_block);
  // A frame of BlockCompressor; its number must be the next one.
  void Add(std::size_t stored_bytes, std::size_t raw_bytes, std::uint32_t packets,
           std::int64_t first_ns, std::int64_t last_ns);
  // Index frame and seek table, to be appended after the frames.
  [[nodiscard]] std::string Tail() const;
  [[nodiscard]] const SegmentIndex& index() const { return index_; }

 private:
  SegmentIndex index_;
  std::uint64_t offset_ = 0;
};

// Reads `size` bytes at `offset`; fewer is an error.
using RangeReader =
    std::function<base::Result<std::string>(std::uint64_t offset, std::size_t size)>;

// Reads and checks the tail: offsets, counts and sizes add up to `segment_bytes`, times are ordered
// within each entry, limits hold. kCorrupt names the field.
base::Result<SegmentIndex> ReadSegmentIndex(std::uint64_t segment_bytes, const RangeReader& read);

// Decompresses frames of blocks, one after the other, with one context and one buffer.
class BlockExpander {
 public:
  BlockExpander();
  ~BlockExpander();
  BlockExpander(const BlockExpander&) = delete;
  BlockExpander& operator=(const BlockExpander&) = delete;
  // `frame` must be one whole frame with a checksum that unpacks to `raw_bytes`, at most
  // kMaxBlockRawBytes; kCorrupt otherwise. The bytes are valid until the next call.
  base::Result<base::Bytes> Expand(base::Bytes frame, std::uint32_t raw_bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Decompresses one block's frame; kCorrupt when its size is not `entry.raw_bytes`, the checksum is
// wrong or the content does not begin with a pcapng section header.
base::Result<std::string> ReadBlock(const BlockEntry& entry, const RangeReader& read);

// Calls `visit` for each packet of a block's raw bytes, in order. Views are valid during the call.
// Stops when visit returns false.
base::Result<> ForEachPacket(base::Bytes block_raw, InterfaceInfo* interface,
                             const std::function<bool(const Packet&)>& visit);

}  // namespace tapiary::capture
