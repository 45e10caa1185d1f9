// Blocks of a segment: compressing one, reading one back, and walking its packets.
#include <fmt/core.h>
#include <zstd.h>

#include "base/text.h"
#include "capture/segment/segment.h"
#include "capture/source/pcapng_format.h"

namespace tapiary::capture {
namespace {

base::Error Corrupt(std::string_view what) {
  return base::MakeError(base::ErrorCode::kCorrupt, fmt::format("block: {}", what));
}

base::Error CompressorError(std::size_t code) {
  return base::MakeError(base::ErrorCode::kInternal,
                         fmt::format("zstd: {}", ZSTD_getErrorName(code)));
}

}  // namespace

struct BlockCompressor::State {
  State() : context(ZSTD_createCCtx()) {}
  ~State() { ZSTD_freeCCtx(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ZSTD_CCtx* context;
  std::string buffer;  // large enough for the largest block so far
};

BlockCompressor::BlockCompressor() : state_(std::make_unique<State>()) {}
BlockCompressor::~BlockCompressor() = default;

base::Result<std::string> BlockCompressor::Compress(const Block& block, int level) {
  if (state_->context == nullptr) {
    return base::MakeError(base::ErrorCode::kInternal, "zstd: no memory");
  }
  if (block.data.size() > kMaxBlockRawBytes) {
    return base::MakeError(base::ErrorCode::kTooLarge,
                           fmt::format("block of {} bytes", block.data.size()));
  }
  ZSTD_CCtx* context = state_->context;
  // The fastest level looks at one position in 128 KiB: it stores. 0 itself means "default" to
  // zstd.
  const int zstd_level = level == 0 ? ZSTD_minCLevel() : level;
  for (const auto& [parameter, value] :
       {std::pair{ZSTD_c_compressionLevel, zstd_level}, std::pair{ZSTD_c_contentSizeFlag, 1},
        std::pair{ZSTD_c_checksumFlag, 1}}) {
    const std::size_t code = ZSTD_CCtx_setParameter(context, parameter, value);
    if (ZSTD_isError(code) != 0) return CompressorError(code);
  }
  const std::size_t bound = ZSTD_compressBound(block.data.size());
  if (state_->buffer.size() < bound) state_->buffer.resize(bound);
  const std::size_t size = ZSTD_compress2(context, state_->buffer.data(), state_->buffer.size(),
                                          block.data.data(), block.data.size());
  if (ZSTD_isError(size) != 0) return CompressorError(size);
  return state_->buffer.substr(0, size);
}

base::Result<std::string> ReadBlock(const BlockEntry& entry, const RangeReader& read) {
  if (entry.raw_bytes > kMaxBlockRawBytes || entry.stored_bytes > kMaxSegmentBytes) {
    return base::MakeError(base::ErrorCode::kTooLarge, "block: size above the limit");
  }
  TAPIARY_ASSIGN(const std::string stored, read(entry.offset, entry.stored_bytes));
  if (stored.size() != entry.stored_bytes) return Corrupt("a read gave too few bytes");
  if (ZSTD_findFrameCompressedSize(stored.data(), stored.size()) != stored.size()) {
    return Corrupt("not one whole zstd frame");
  }
  if (ZSTD_getFrameContentSize(stored.data(), stored.size()) != entry.raw_bytes) {
    return Corrupt("its raw size is not the one in the index");
  }
  constexpr std::size_t kDescriptorAt = 4;
  constexpr unsigned kHasChecksum = 4;
  if ((static_cast<unsigned char>(stored[kDescriptorAt]) & kHasChecksum) == 0) {
    return Corrupt("a frame without checksum");
  }
  std::string raw(entry.raw_bytes, '\0');
  const std::size_t size = ZSTD_decompress(raw.data(), raw.size(), stored.data(), stored.size());
  if (ZSTD_isError(size) != 0) return Corrupt(ZSTD_getErrorName(size));
  if (size != raw.size()) return Corrupt("it unpacks to another size");
  base::ByteCursor cursor(base::AsBytes(raw));
  if (cursor.U32Le() != kSectionHeaderType) return Corrupt("no section header at its beginning");
  return raw;
}

base::Result<> ForEachPacket(base::Bytes block_raw, InterfaceInfo* interface,
                             const std::function<bool(const Packet&)>& visit) {
  std::vector<InterfaceInfo> interfaces;
  PcapngFormat format(&interfaces);
  std::size_t offset = 0;
  Packet packet;
  while (offset < block_raw.size()) {
    const ParseStep step = format.Next(block_raw.subspan(offset), packet);
    if (step.kind == ParseStep::Kind::kFault) {
      return Corrupt(fmt::format("offset {}: {}", offset, format.fault()));
    }
    if (step.kind == ParseStep::Kind::kNeedMore || step.size > block_raw.size() - offset) {
      return Corrupt(fmt::format("offset {}: cut", offset));
    }
    if (step.kind == ParseStep::Kind::kBadRecord) {
      return Corrupt(fmt::format("offset {}: a packet of no interface", offset));
    }
    offset += step.size;
    if (interfaces.size() > 1) return Corrupt("more than one interface");
    if (interface != nullptr && !interfaces.empty()) {
      *interface = interfaces[0];
      interface = nullptr;
    }
    if (step.kind == ParseStep::Kind::kPacket && !visit(packet)) break;
  }
  return {};
}

}  // namespace tapiary::capture
