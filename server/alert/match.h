// Matches: records that a rule's filter selects, put together by the rule's groups.
//
// The database judges: the filter's SQL is what lists use, restricted to what just came, so that a
// rule means exactly what the same filter shows, on both databases. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/alert/rule.h"
#include "server/alert/work.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

// What an alert can stand on: one matching record.
struct AlertRow {
  std::string row_key;  // unique in the catalog
  std::string record;   // JSON: what the alert shows of it
};
inline constexpr std::size_t kRowsKept = 4;

// The matches of one group: the first few, and how many there are.
struct AlertMatch {
  std::string sensor;
  std::vector<AlertRow> rows;
  std::int64_t matches = 0;
};

// By group key, a JSON object. Groups beyond kMaxGroups are one, under kManyGroups.
using AlertGroups = std::map<std::string, AlertMatch>;
inline constexpr std::size_t kMaxGroups = 1000;
inline constexpr const char* kManyGroups = R"({"more":"groups"})";

// The group of that key, or the one for too many groups.
AlertMatch& GroupFor(AlertGroups& groups, const std::string& group_key);

struct MatchResult {
  AlertGroups groups;
  bool partial = false;  // the time limit ended it
};

// What of `work` the rule selects (kMatch). A rule about flows that asks about transactions, or the
// other way round, also looks at what came before and belongs to what came now: the two arrive in
// any order.
base::Result<MatchResult> MatchWork(const Catalog& catalog, const AlertRule& rule,
                                    const std::vector<AlertWork>& work);
// What the rule selects of everything received since then, at most `max_rows` records.
base::Result<MatchResult> MatchSince(const Catalog& catalog, const AlertRule& rule,
                                     std::int64_t since_ns, std::int64_t max_rows);

}  // namespace tapiary::server
