#include "server/ingest/expand.h"

#include <fmt/core.h>

#include <vector>

#include "base/text.h"
#include "capture/source/decompress.h"

namespace tapiary::server {
namespace {

// 16 MiB: what zstd's levels up to 19 ask for is half of it.
constexpr int kMaxWindowLog = 24;
constexpr std::size_t kChunkBytes = 256 * 1024;

base::Error Broken(std::string_view what) {
  return base::MakeError(base::ErrorCode::kCorrupt, fmt::format("the compressed body {}", what));
}

}  // namespace

base::Result<std::string> ExpandBody(std::string body, std::uint64_t max_bytes) {
  const auto encoding = capture::DetectEncoding(base::AsBytes(body));
  const auto decompressor = capture::MakeDecompressor(encoding, kMaxWindowLog);
  if (decompressor == nullptr) return body;
  std::string out;
  std::vector<std::uint8_t> chunk(kChunkBytes);
  base::Bytes in = base::AsBytes(body);
  while (true) {
    const auto step = decompressor->Run(in, chunk);
    if (!decompressor->fault().empty()) return Broken("is broken: " + decompressor->fault());
    if (out.size() + step.produced > max_bytes) {
      return base::MakeError(
          base::ErrorCode::kTooLarge,
          fmt::format("the body may have {} bytes once expanded; split it", max_bytes));
    }
    out += base::AsText({chunk.data(), step.produced});
    in = in.subspan(step.consumed);
    if (step.consumed == 0 && step.produced == 0) break;
  }
  if (!in.empty()) return Broken("is broken");
  if (!decompressor->at_boundary()) return Broken("was cut");
  return out;
}

}  // namespace tapiary::server
