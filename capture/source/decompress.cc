#include "capture/source/decompress.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>

namespace tapiary::capture {
namespace {

class GzipDecompressor final : public Decompressor {
 public:
  GzipDecompressor() {
    if (inflateInit2(&stream_, 15 + 16) != Z_OK) fault_ = "gzip: no memory";
  }
  ~GzipDecompressor() override { inflateEnd(&stream_); }
  GzipDecompressor(const GzipDecompressor&) = delete;
  GzipDecompressor& operator=(const GzipDecompressor&) = delete;

  Step Run(base::Bytes in, std::span<std::uint8_t> out) override {
    if (!fault_.empty()) return {};
    std::size_t padding = 0;
    if (at_boundary_) {  // zeros after a member are padding (tapes, block devices)
      while (padding < in.size() && in[padding] == 0) ++padding;
      if (padding == in.size()) return {padding, 0};
      inflateReset(&stream_);
      at_boundary_ = false;
    }
    const base::Bytes data = in.subspan(padding);
    stream_.next_in = const_cast<Bytef*>(data.data());
    stream_.avail_in = static_cast<uInt>(std::min<std::size_t>(data.size(), 1u << 30));
    const uInt offered = stream_.avail_in;
    stream_.next_out = out.data();
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(out.size(), 1u << 30));
    const uInt room = stream_.avail_out;
    const int code = inflate(&stream_, Z_NO_FLUSH);
    if (code == Z_STREAM_END) {
      at_boundary_ = true;
    } else if (code != Z_OK && code != Z_BUF_ERROR) {
      fault_ = std::string("gzip: ") + (stream_.msg != nullptr ? stream_.msg : "damaged data");
    }
    return {padding + offered - stream_.avail_in, room - stream_.avail_out};
  }

 private:
  z_stream stream_{};
};

class ZstdDecompressor final : public Decompressor {
 public:
  explicit ZstdDecompressor(int max_window_log) : context_(ZSTD_createDCtx()) {
    if (context_ == nullptr) {
      fault_ = "zstd: no memory";
      return;
    }
    ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, max_window_log);
  }
  ~ZstdDecompressor() override { ZSTD_freeDCtx(context_); }
  ZstdDecompressor(const ZstdDecompressor&) = delete;
  ZstdDecompressor& operator=(const ZstdDecompressor&) = delete;

  Step Run(base::Bytes in, std::span<std::uint8_t> out) override {
    if (!fault_.empty()) return {};
    if (at_boundary_ && in.empty()) return {};
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t code = ZSTD_decompressStream(context_, &output, &input);
    if (ZSTD_isError(code) != 0) {
      fault_ = std::string("zstd: ") + ZSTD_getErrorName(code);
    } else {
      at_boundary_ = code == 0;
    }
    return {input.pos, output.pos};
  }

 private:
  ZSTD_DCtx* context_;
};

}  // namespace

Encoding DetectEncoding(base::Bytes head) {
  if (head.size() < 4) return Encoding::kPlain;
  if (head[0] == 0x1f && head[1] == 0x8b) return Encoding::kGzip;
  if (head[0] == 0x28 && head[1] == 0xb5 && head[2] == 0x2f && head[3] == 0xfd) {
    return Encoding::kZstd;
  }
  const bool skippable =
      (head[0] & 0xf0) == 0x50 && head[1] == 0x2a && head[2] == 0x4d && head[3] == 0x18;
  return skippable ? Encoding::kZstd : Encoding::kPlain;
}

std::unique_ptr<Decompressor> MakeDecompressor(Encoding encoding, int max_window_log) {
  switch (encoding) {
    case Encoding::kGzip:
      return std::make_unique<GzipDecompressor>();
    case Encoding::kZstd:
      return std::make_unique<ZstdDecompressor>(max_window_log);
    case Encoding::kPlain:
      break;
  }
  return nullptr;
}

}  // namespace tapiary::capture
