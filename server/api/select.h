// Select: one time-limited query of the catalog, and helpers to build its statement. Any thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "server/catalog/catalog.h"
#include "server/query/sql.h"

namespace tapiary::server {

enum class SelectEnd : std::uint8_t {
  kWhole,
  kTimeLimit,  // the rows so far are good, more may exist (CO-13)
};

inline base::Result<SelectEnd> Select(const Catalog& catalog, const SqlCondition& statement,
                                      const RowVisitor& visit) {
  const auto done = catalog.Query(statement.text, statement.params, visit);
  if (done) return SelectEnd::kWhole;
  if (done.error().code == base::ErrorCode::kTimeout) return SelectEnd::kTimeLimit;
  return done.error();
}

// Builds statements: text, or text with its parameters.
inline void Append(SqlCondition* to, std::string_view text) {
  to->text += text;
}
inline void Append(SqlCondition* to, const SqlCondition& part) {
  to->text += part.text;
  to->params.insert(to->params.end(), part.params.begin(), part.params.end());
}

}  // namespace tapiary::server
