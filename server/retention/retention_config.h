// The settings `retention.*`: rows of the collector's table, and the policy made of them. Pure; any
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/result.h"
#include "server/retention/policy.h"

namespace tapiary::server {

// As given.
struct RetentionConfig {
  std::array<KeepLimit, kDataKinds.size()> all{};
  std::vector<std::string> sensors{};
  std::int64_t min_free_bytes = 0;
  std::int64_t every_ns = 0;
};

// `config` must outlive the table.
void AddRetentionRows(base::ConfigTable& table, RetentionConfig& config);
// kInvalid names the key.
base::Result<RetentionPolicy> CompleteRetention(const RetentionConfig& config);

}  // namespace tapiary::server
