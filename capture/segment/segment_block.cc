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

struct BlockExpander::State {
  State() : context(ZSTD_createDCtx()) {}
  ~State() { ZSTD_freeDCtx(context); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ZSTD_DCtx* context;
  BlockBytes buffer;
};

BlockExpander::BlockExpander() : state_(std::make_unique<State>()) {}
BlockExpander::~BlockExpander() = default;

namespace {

// Decompresses into `out`, which has the size that the index says.
base::Result<> Expand(ZSTD_DCtx* context, base::Bytes frame, std::span<std::uint8_t> out) {
  if (ZSTD_findFrameCompressedSize(frame.data(), frame.size()) != frame.size()) {
    return Corrupt("not one whole zstd frame");
  }
  if (ZSTD_getFrameContentSize(frame.data(), frame.size()) != out.size()) {
    return Corrupt("its raw size is not the one in the index");
  }
  constexpr std::size_t kDescriptorAt = 4;
  constexpr unsigned kHasChecksum = 4;
  if ((frame[kDescriptorAt] & kHasChecksum) == 0) return Corrupt("a frame without checksum");
  const std::size_t size =
      ZSTD_decompressDCtx(context, out.data(), out.size(), frame.data(), frame.size());
  if (ZSTD_isError(size) != 0) return Corrupt(ZSTD_getErrorName(size));
  if (size != out.size()) return Corrupt("it unpacks to another size");
  base::ByteCursor cursor(out);
  if (cursor.U32Le() != kSectionHeaderType) return Corrupt("no section header at its beginning");
  return {};
}

base::Error NoMemory() {
  return base::MakeError(base::ErrorCode::kInternal, "zstd: no memory");
}

}  // namespace

base::Result<base::Bytes> BlockExpander::Expand(base::Bytes frame, std::uint32_t raw_bytes) {
  if (state_->context == nullptr) return NoMemory();
  if (raw_bytes > kMaxBlockRawBytes) {
    return base::MakeError(base::ErrorCode::kTooLarge, "block: size above the limit");
  }
  if (state_->buffer.size() < raw_bytes) state_->buffer.resize(raw_bytes);
  const std::span<std::uint8_t> out(state_->buffer.data(), raw_bytes);
  TAPIARY_TRY(capture::Expand(state_->context, frame, out));
  return base::Bytes(out);
}

base::Result<std::string> ReadBlock(const BlockEntry& entry, const RangeReader& read) {
  if (entry.raw_bytes > kMaxBlockRawBytes || entry.stored_bytes > kMaxSegmentBytes) {
    return base::MakeError(base::ErrorCode::kTooLarge, "block: size above the limit");
  }
  TAPIARY_ASSIGN(const std::string stored, read(entry.offset, entry.stored_bytes));
  if (stored.size() != entry.stored_bytes) return Corrupt("a read gave too few bytes");
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                     ZSTD_freeDCtx);
  if (!context) return NoMemory();
  std::string raw(entry.raw_bytes, '\0');
  TAPIARY_TRY(Expand(context.get(), base::AsBytes(stored),
                     {reinterpret_cast<std::uint8_t*>(raw.data()), raw.size()}));
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
