#include "server/query/flow_lookup.h"

#include <fmt/core.h>

#include <vector>

#include "server/catalog/address_filter.h"

namespace tapiary::server {
namespace {

SqlValue Blob(const AddressKey& key) {
  return std::vector<std::uint8_t>(key.begin(), key.end());
}

}  // namespace

SqlCondition ConditionOf(const AddressSearch& search) {
  const SqlValue low = Blob(search.low);
  const SqlValue high = Blob(search.high);
  const char* const side = search.side == FlowSide::kOriginator ? "orig" : "resp";
  SqlCondition condition{fmt::format("f.received_ns = b.received_ns AND f.number >= "
                                     "tapiary_first(e.{0}, ?, ?) AND f.number <= "
                                     "tapiary_last(e.{0}, ?, ?) AND ",
                                     side),
                         {low, high, low, high}};
  if (search.low == search.high) {
    condition.text += fmt::format("tapiary_may_have(a.filter, ?) AND f.{}_ip = ?", side);
    condition.params.insert(condition.params.end(), {AddressHash(search.low), low});
  } else {
    condition.text += fmt::format("f.{0}_ip >= ? AND f.{0}_ip <= ?", side);
    condition.params.insert(condition.params.end(), {low, high});
  }
  return condition;
}

SqlCondition FlowsOfAddress(std::string_view columns, FlowSide side, const AddressKey& address,
                            std::int64_t from_ns, std::int64_t to_ns) {
  const SqlCondition condition = ConditionOf({side, address, address});
  SqlCondition select{
      fmt::format("SELECT {} FROM {} WHERE b.received_ns >= ? AND b.received_ns <= ? AND {}",
                  columns, kFlowsByBatch, condition.text),
      {from_ns, to_ns}};
  select.params.insert(select.params.end(), condition.params.begin(), condition.params.end());
  return select;
}

}  // namespace tapiary::server
