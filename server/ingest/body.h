// Inside ingest: reading a request's path, digest and body within limits. Pure apart from the body.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/digest.h"
#include "base/result.h"
#include "server/http/handler.h"
#include "server/ingest/item.h"

namespace tapiary::server {

// The item that a PUT names: sensor from the token, numbers (decimal) from the path, digest from
// the header. kInvalid when one of them is missing or wrong.
base::Result<Item> ItemFromPut(const Request& request, std::string_view kind);

// The Content-Digest header, or nothing when there is none. kInvalid when it cannot be read.
base::Result<std::optional<base::Sha256Digest>> StatedDigest(const Request& request);

struct BodyFacts {
  base::Sha256Digest digest{};
  std::uint64_t bytes = 0;
};
using BodySink = std::function<base::Result<>(base::Bytes bytes)>;
// Reads to the end; each part goes to `sink` if there is one. kTooLarge beyond `max_bytes`, before
// one byte is read when the request says so itself. kCorrupt when the body is not as long as the
// request says, or not of the stated digest.
base::Result<BodyFacts> CopyBody(const Request& request, BodySource& body, std::uint64_t max_bytes,
                                 const BodySink& sink);

}  // namespace tapiary::server
