// Inside ingest: the quarantine of events. A record that cannot be stored is kept as it came, so
// that who sent it can be told what is wrong and nothing an attacker did is lost for a bad byte.
//
// The newest kMaxRejects of a sensor are kept, each up to kMaxRejectBytes. Inside a transaction.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/ingest/rows.h"

namespace tapiary::server {

inline constexpr std::int64_t kMaxRejects = 10'000;
inline constexpr std::size_t kMaxRejectBytes = 16u << 10;

struct EventReject {
  std::uint64_t index = 0;  // in its request, from 0
  std::string_view reason;
  std::string_view raw;  // any bytes
  std::uint64_t bytes = 0;
};

base::Result<> InsertReject(SqlWriter& writer, const RowOwner& owner, const EventReject& reject);
// After the rejects of a request.
base::Result<> DropOldRejects(SqlWriter& writer, const RowOwner& owner, std::int64_t keep);

}  // namespace tapiary::server
