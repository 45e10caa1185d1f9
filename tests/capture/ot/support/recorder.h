// Recorder: an OtOutput that keeps what a decoder says, for tests of one decoder.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capture/ot/decoder.h"

namespace tapiary::capture::test {

struct Recorder final : OtOutput {
  void Emit(Transaction&& transaction) override { transactions.push_back(std::move(transaction)); }
  void Anomaly(std::string_view name) override { anomalies.emplace_back(name); }
  void Count(std::string_view name, std::uint64_t add) override {
    counters[std::string(name)] += add;
  }
  [[nodiscard]] Transaction last() const {
    return transactions.empty() ? Transaction() : transactions.back();
  }
  std::vector<Transaction> transactions;
  std::vector<std::string> anomalies;
  std::map<std::string, std::uint64_t> counters;
};

// "-" when there is none.
inline std::string DetailOf(const Transaction& from, std::string_view key) {
  for (const auto& entry : from.detail) {
    if (entry.first == key) return entry.second;
  }
  return "-";
}

}  // namespace tapiary::capture::test
