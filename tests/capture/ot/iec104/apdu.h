// IEC 104 APDUs for tests.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "capture/ot/decoder.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::iec104::test {

using Octets = std::vector<std::uint8_t>;

inline Octets IFrame(unsigned send, unsigned receive, std::string_view asdu_hex) {
  const Octets asdu = capture::test::Hex(asdu_hex);
  Octets out = {0x68, static_cast<std::uint8_t>(4 + asdu.size())};
  for (const unsigned number : {send << 1, receive << 1}) {
    out.push_back(static_cast<std::uint8_t>(number & 0xff));
    out.push_back(static_cast<std::uint8_t>(number >> 8 & 0xff));
  }
  out.insert(out.end(), asdu.begin(), asdu.end());
  return out;
}
inline Octets UFrame(std::uint8_t control) {
  return {0x68, 4, control, 0, 0, 0};
}
inline Octets SFrame(unsigned receive) {
  return {0x68, 4, 1, 0, static_cast<std::uint8_t>(receive << 1 & 0xff), 0};
}

struct Collector final : OtOutput {
  void Emit(Transaction&& transaction) override { transactions.push_back(std::move(transaction)); }
  void Anomaly(std::string_view name) override { anomalies.emplace_back(name); }
  void Count(std::string_view name, std::uint64_t) override { counted.emplace_back(name); }
  [[nodiscard]] std::int64_t Counted(std::string_view name) const {
    return std::count(counted.begin(), counted.end(), name);
  }
  std::vector<Transaction> transactions;
  std::vector<std::string> anomalies;
  std::vector<std::string> counted;
};

inline std::string Detail(const Transaction& transaction, std::string_view key) {
  for (const auto& [name, text] : transaction.detail) {
    if (name == key) return text;
  }
  return {};
}

}  // namespace tapiary::capture::iec104::test
