#include "server/ingest/body.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/text.h"
#include "uplink/wire/wire.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kChunkBytes = 256 * 1024;

// Digits only, no sign, no leading zero: one text for one number.
base::Result<std::uint64_t> PathNumber(const Request& request, const std::string& name,
                                       std::uint64_t max) {
  const auto found = request.path_params.find(name);
  const std::string text = found == request.path_params.end() ? "" : found->second;
  std::uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  const bool plain = !text.empty() && (text == "0" || text[0] != '0');
  if (!plain || error != std::errc{} || stop != end || value > max) {
    return base::MakeError(base::ErrorCode::kInvalid,
                           fmt::format("{} in the path must be a decimal number up to {}, not '{}'",
                                       name, max, text.substr(0, 40)));
  }
  return value;
}

base::Error TooLarge(std::uint64_t max_bytes) {
  return base::MakeError(base::ErrorCode::kTooLarge,
                         fmt::format("the body may have {} bytes; split it", max_bytes));
}

}  // namespace

base::Result<std::optional<base::Sha256Digest>> StatedDigest(const Request& request) {
  const std::string_view header = request.Header("content-digest");
  if (header.empty()) return std::optional<base::Sha256Digest>();
  auto digest = base::ParseContentDigest(header);
  if (!digest) return digest.error();
  return std::optional(*digest);
}

base::Result<Item> ItemFromPut(const Request& request, std::string_view kind) {
  Item item;
  item.sensor_id = request.identity.sensor_id;
  item.sensor = request.identity.sensor_name;
  item.kind = kind;
  TAPIARY_ASSIGN(item.epoch, PathNumber(request, "epoch", uplink::kMaxEpoch));
  TAPIARY_ASSIGN(item.seq, PathNumber(request, "seq", INT64_MAX));
  TAPIARY_ASSIGN(const auto stated, StatedDigest(request));
  if (!stated) {
    return base::MakeError(base::ErrorCode::kInvalid,
                           "a PUT needs the header Content-Digest: sha-256=:BASE64: (RFC 9530)");
  }
  item.digest = *stated;
  return item;
}

base::Result<BodyFacts> CopyBody(const Request& request, BodySource& body, std::uint64_t max_bytes,
                                 const BodySink& sink) {
  TAPIARY_ASSIGN(const auto stated, StatedDigest(request));
  if (request.content_length.value_or(0) > max_bytes) return TooLarge(max_bytes);
  BodyFacts facts;
  base::Sha256 sha;
  // One more than it should have, to see its end. Clearing a whole chunk costs more than a small
  // body does.
  const std::uint64_t expected = request.content_length.value_or(kChunkBytes);
  std::vector<char> chunk(std::min<std::uint64_t>(kChunkBytes, expected + 1));
  while (true) {
    TAPIARY_ASSIGN(const std::size_t size, body.Read(chunk));
    if (size == 0) break;
    facts.bytes += size;
    if (facts.bytes > max_bytes) return TooLarge(max_bytes);
    const base::Bytes bytes = base::AsBytes({chunk.data(), size});
    sha.Update(bytes);
    if (sink) TAPIARY_TRY(sink(bytes));
  }
  if (facts.bytes != request.content_length.value_or(facts.bytes)) {
    return base::MakeError(
        base::ErrorCode::kCorrupt,
        fmt::format("the body was cut: {} of {} bytes came", facts.bytes, *request.content_length));
  }
  facts.digest = sha.Finish();
  if (stated && *stated != facts.digest) {
    return base::MakeError(
        base::ErrorCode::kCorrupt,
        fmt::format("the body's digest is {}, not that of the Content-Digest header",
                    base::FormatContentDigest(facts.digest)));
  }
  return facts;
}

}  // namespace tapiary::server
