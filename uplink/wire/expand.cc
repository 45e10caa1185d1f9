#include "uplink/wire/expand.h"

#include <fmt/core.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <zstd.h>

#include <algorithm>
#include <limits>
#include <memory>

namespace tapiary::uplink {

namespace {

using base::ErrorCode;
using base::MakeError;

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

base::Error TooLarge(std::string_view what, std::size_t limit) {
  return MakeError(ErrorCode::kTooLarge, fmt::format("{} is above {} bytes", what, limit));
}

base::Result<> CheckHeader(base::Bytes body, const DecodeLimits& limits) {
  if (body.size() > limits.max_body_bytes) return TooLarge("body", limits.max_body_bytes);
  const unsigned long long declared = ZSTD_getFrameContentSize(body.data(), body.size());
  if (declared == ZSTD_CONTENTSIZE_ERROR) {
    return MakeError(ErrorCode::kCorrupt, "body does not begin with a zstd frame");
  }
  if (declared != ZSTD_CONTENTSIZE_UNKNOWN && declared > limits.max_expanded_bytes) {
    return TooLarge("expanded body", limits.max_expanded_bytes);
  }
  return {};
}

}  // namespace

base::Result<std::string> ExpandBody(base::Bytes body, const DecodeLimits& limits) {
  TAPIARY_TRY(CheckHeader(body, limits));
  const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  if (!context) return MakeError(ErrorCode::kInternal, "zstd: out of memory");
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, limits.max_window_log);
  std::string out;
  ZSTD_inBuffer in{body.data(), body.size(), 0};
  std::size_t made = 0;
  for (;;) {
    // One byte more than allowed shows that the limit is passed.
    out.resize(std::min(std::max<std::size_t>(made * 2, 64 << 10), limits.max_expanded_bytes + 1));
    ZSTD_outBuffer to{out.data(), out.size(), made};
    const std::size_t left = ZSTD_decompressStream(context.get(), &to, &in);
    made = to.pos;
    if (ZSTD_isError(left)) {
      return MakeError(ErrorCode::kCorrupt, fmt::format("zstd frame: {}", ZSTD_getErrorName(left)));
    }
    if (made > limits.max_expanded_bytes) {
      return TooLarge("expanded body", limits.max_expanded_bytes);
    }
    if (left == 0) break;
    if (in.pos == in.size && to.pos < to.size) {
      return MakeError(ErrorCode::kCorrupt, "zstd frame is cut");
    }
  }
  if (in.pos != in.size) {
    return MakeError(ErrorCode::kCorrupt,
                     fmt::format("{} bytes after the zstd frame", in.size - in.pos));
  }
  out.resize(made);
  return out;
}

base::Result<> WalkTopLevel(const std::string& message, const TopLevel& visit) {
  using google::protobuf::internal::WireFormatLite;
  const auto* data = reinterpret_cast<const std::uint8_t*>(message.data());
  if (message.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return TooLarge("message", static_cast<std::size_t>(std::numeric_limits<int>::max()));
  }
  google::protobuf::io::CodedInputStream in(data, static_cast<int>(message.size()));
  const auto corrupt = [&in] {
    return MakeError(ErrorCode::kCorrupt,
                     fmt::format("protobuf message is broken at byte {}", in.CurrentPosition()));
  };
  while (const std::uint32_t tag = in.ReadTagNoLastTag()) {
    const int field = WireFormatLite::GetTagFieldNumber(tag);
    if (field == 0) return corrupt();
    switch (WireFormatLite::GetTagWireType(tag)) {
      case WireFormatLite::WIRETYPE_VARINT: {
        std::uint64_t value = 0;
        if (!in.ReadVarint64(&value)) return corrupt();
        visit.number(field, value);
        break;
      }
      case WireFormatLite::WIRETYPE_LENGTH_DELIMITED: {
        std::uint32_t size = 0;
        if (!in.ReadVarint32(&size)) return corrupt();
        const auto at = static_cast<std::size_t>(in.CurrentPosition());
        if (size > message.size() - at) return corrupt();
        TAPIARY_TRY(visit.record(field, base::Bytes(data + at, size)));
        in.Skip(static_cast<int>(size));
        break;
      }
      default:
        if (!WireFormatLite::SkipField(&in, tag)) return corrupt();
    }
  }
  if (static_cast<std::size_t>(in.CurrentPosition()) != message.size()) return corrupt();
  return {};
}

}  // namespace tapiary::uplink
