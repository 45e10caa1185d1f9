#include "server/api/flow_search.h"

#include <algorithm>

namespace tapiary::server {
namespace {

constexpr std::size_t kMaxSearches = 8;

bool IsAddressTest(const FilterNode& node) {
  return node.kind == FilterNode::Kind::kTest && node.field->type == FieldType::kAddress &&
         (node.op == FilterOp::kEqual || node.op == FilterOp::kIn) &&
         SqlOf(*node.field, FilterTable::kFlows).first.low != nullptr;
}

// The test that is true for all flows of the filter.
const FilterNode* FindTest(const FilterNode& node) {
  if (IsAddressTest(node)) return &node;
  if (node.kind != FilterNode::Kind::kAnd) return nullptr;
  for (const FilterNode& child : node.children) {
    if (const FilterNode* const found = FindTest(child)) return found;
  }
  return nullptr;
}

AddressSearch Search(std::string_view column, const FilterValue& value) {
  const bool orig = column == "f.orig_ip";
  return {orig ? FlowSide::kOriginator : FlowSide::kResponder, value.address_low,
          value.address_high};
}

}  // namespace

std::vector<AddressSearch> AddressSearches(const Filter& filter) {
  std::vector<AddressSearch> searches;
  const FilterNode* const test = FindTest(filter.root());
  if (test == nullptr) return searches;
  const FieldSql& sql = SqlOf(*test->field, FilterTable::kFlows);
  for (const FilterValue& value : test->values) {
    for (const FieldColumn& column : {sql.first, sql.second}) {
      if (column.low != nullptr) searches.push_back(Search(column.low, value));
    }
  }
  if (searches.size() > kMaxSearches) searches.clear();
  return searches;
}

std::vector<SqlCondition> StartParts(std::int64_t from_ns) {
  constexpr std::int64_t kShortNs = 2'000'000'008;  // a quarter of it is rounded
  const std::int64_t first_ns = std::max(from_ns, INT64_MIN + kShortNs) - kShortNs;
  return {{" AND f.is_long = 0 AND f.start_ns >= ?", {first_ns}}, {" AND f.is_long = 1", {}}};
}

std::vector<SqlCondition> WindowParts(FilterTable table, const TimeWindow& window) {
  const bool by_start = table == FilterTable::kFlows && window.clock == Clock::kSensor;
  return by_start ? StartParts(window.from_ns) : std::vector<SqlCondition>(1);
}

}  // namespace tapiary::server
