// Vantage: whether a sensor stands where it can see, told by the flows that it sent lately (HP-03,
// HP-05). Bounded, and each sensor has its share however much others send. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/result.h"
#include "server/alert/rule.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

inline constexpr std::int64_t kFewFlows = 20;     // fewer say nothing
inline constexpr std::int64_t kFewSources = 100;  // of kOneSource

// True for what LookFromSensors knows.
bool IsVantage(RuleKind kind);

struct Vantage {
  bool wrong = false;
  std::string text{};  // what is seen, and what it may come from
};
// Of each sensor with enough flows since then, by its id.
base::Result<std::map<std::int64_t, Vantage>> LookFromSensors(const Catalog& catalog, RuleKind kind,
                                                              std::int64_t since_ns);

}  // namespace tapiary::server
