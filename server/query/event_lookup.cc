#include "server/query/event_lookup.h"

#include <algorithm>

namespace tapiary::server {
namespace {

bool IsSourceTest(const FilterNode& node) {
  if (node.kind != FilterNode::Kind::kTest || node.field->type != FieldType::kAddress) return false;
  if (node.op != FilterOp::kEqual && node.op != FilterOp::kIn) return false;
  const FieldSql& sql = SqlOf(*node.field, FilterTable::kEvents);
  return !sql.absent() && sql.first.low == std::string_view("e.source_ip") &&
         sql.second.low == nullptr;
}

bool AsksForSource(const FilterNode& node) {
  if (IsSourceTest(node)) return true;
  return node.kind == FilterNode::Kind::kAnd &&
         std::ranges::any_of(node.children,
                             [](const FilterNode& child) { return AsksForSource(child); });
}

}  // namespace

bool AsksForSource(const Filter& filter) {
  return AsksForSource(filter.root());
}

}  // namespace tapiary::server
