// Inside ingest: a body that may be gzip or zstd, known by its first bytes. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"

namespace tapiary::server {

// `body` itself when it is neither. kTooLarge as soon as more than `max_bytes` come out (CO-05);
// kCorrupt when it is broken or cut.
base::Result<std::string> ExpandBody(std::string body, std::uint64_t max_bytes);

}  // namespace tapiary::server
