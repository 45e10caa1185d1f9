#include "tests/capture/ot/support/facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/text.h"

namespace tapiary::capture::test {
namespace {

template <class T>
std::string Text(const std::optional<T>& value) {
  return value ? std::to_string(*value) : "none";
}

std::string Values(const std::vector<std::int64_t>& values) {
  std::string text;
  for (const std::int64_t value : values) text += std::to_string(value) + " ";
  return text;
}

void AddDetail(const Transaction& transaction, Fields& fields) {
  for (const auto& [name, text] : transaction.detail) {
    fields.emplace_back("detail." + name, base::EscapeBytes(text));
  }
  for (const std::string& anomaly : transaction.anomalies) fields.emplace_back("anomaly", anomaly);
}

using Sums = std::map<std::string, std::uint64_t>;

void AddSums(const char* what, const Sums& sums, Fields& fields) {
  for (const auto& [name, count] : sums) {
    fields.emplace_back(fmt::format("{} {}", what, name), std::to_string(count));
  }
}

}  // namespace

Fields FieldsOf(const Transaction& t, Scope scope) {
  Fields fields = {
      {"protocol", t.protocol}, {"operation", t.operation}, {"code", std::to_string(t.code)}};
  if (scope == Scope::kOperation) return fields;
  fields.emplace_back("unit", Text(t.unit));
  fields.emplace_back("address", Text(t.address));
  fields.emplace_back("quantity", Text(t.quantity));
  fields.emplace_back("command", t.command ? "yes" : "no");
  fields.emplace_back("attack_technique", t.attack_technique);
  fields.emplace_back("orig_port", std::to_string(t.orig_port));
  fields.emplace_back("resp_port", std::to_string(t.resp_port));
  if (scope == Scope::kRequest) return fields;
  fields.emplace_back("values", Values(t.values));
  fields.emplace_back("status", std::string(ToString(t.status)));
  fields.emplace_back("exception", Text(t.exception));
  if (scope == Scope::kAll) {
    fields.emplace_back("number", std::to_string(t.number));
    AddDetail(t, fields);
  }
  return fields;
}

Fields FlowFields(const MeterRun& run) {
  Sums services, anomalies, counters;
  for (const FlowRecord& flow : run.records.flows) {
    if (!flow.last) continue;
    ++services[flow.service + " by " + flow.service_by];
    for (const auto& [name, count] : flow.anomalies) anomalies[name] += count;
    for (const auto& [name, count] : flow.counters) counters[name] += count;
  }
  Fields fields;
  AddSums("service", services, fields);
  AddSums("anomaly", anomalies, fields);
  AddSums("counter", counters, fields);
  fields.emplace_back("transactions", std::to_string(run.records.transactions.size()));
  fields.emplace_back("commands", std::to_string(run.stats.commands));
  return fields;
}

std::string Difference(const Fields& expected, const Fields& actual) {
  for (std::size_t i = 0; i < std::max(expected.size(), actual.size()); ++i) {
    static const std::pair<std::string, std::string> kNone = {"nothing", ""};
    const auto& want = i < expected.size() ? expected[i] : kNone;
    const auto& have = i < actual.size() ? actual[i] : kNone;
    if (want != have) {
      return fmt::format("{} = {}, want {} = {}", have.first, have.second, want.first, want.second);
    }
  }
  return "";
}

std::string ToText(const Fields& fields) {
  std::string text;
  for (const auto& [name, value] : fields) text += fmt::format("{}={} ", name, value);
  return text;
}

}  // namespace tapiary::capture::test
