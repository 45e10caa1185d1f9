// DNP3 link frames for tests, made with a checksum of their own (bit by bit, no table).
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "capture/ot/decoder.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::dnp3::test {

using Octets = std::vector<std::uint8_t>;

inline void AppendChecksum(Octets& out, const Octets& bytes) {
  unsigned value = 0;
  for (const std::uint8_t byte : bytes) {
    value ^= byte;
    for (int bit = 0; bit < 8; ++bit)
      value = (value & 1) != 0 ? (value >> 1) ^ 0xa6bcu : value >> 1;
  }
  value = ~value & 0xffff;
  out.insert(out.end(), bytes.begin(), bytes.end());
  out.push_back(static_cast<std::uint8_t>(value & 0xff));
  out.push_back(static_cast<std::uint8_t>(value >> 8));
}

inline std::uint8_t Octet(unsigned value) {
  return static_cast<std::uint8_t>(value & 0xff);
}

// One link frame; `user_data` starts with the transport octet.
inline Octets Frame(std::uint8_t control, unsigned destination, unsigned source,
                    const Octets& user_data) {
  Octets frame;
  AppendChecksum(frame,
                 {0x05, 0x64, Octet(5 + static_cast<unsigned>(user_data.size())), control,
                  Octet(destination), Octet(destination >> 8), Octet(source), Octet(source >> 8)});
  for (std::size_t at = 0; at < user_data.size(); at += 16) {
    const std::size_t end = std::min(at + 16, user_data.size());
    AppendChecksum(frame, Octets(user_data.begin() + static_cast<std::ptrdiff_t>(at),
                                 user_data.begin() + static_cast<std::ptrdiff_t>(end)));
  }
  return frame;
}

inline constexpr unsigned kMaster = 1;
inline constexpr unsigned kOutstation = 10;

// One fragment in one frame. Master to outstation 10, and back.
inline Octets Ask(std::string_view fragment_hex, unsigned outstation = kOutstation) {
  return Frame(0xc4, outstation, kMaster, capture::test::Hex("c0" + std::string(fragment_hex)));
}
inline Octets Reply(std::string_view fragment_hex) {
  return Frame(0x44, kMaster, kOutstation, capture::test::Hex("c0" + std::string(fragment_hex)));
}

struct Collector final : OtOutput {
  void Emit(Transaction&& transaction) override { transactions.push_back(std::move(transaction)); }
  void Anomaly(std::string_view name) override { anomalies.emplace_back(name); }
  void Count(std::string_view name, std::uint64_t add) override {
    for (auto& [known, count] : counters) {
      if (known == name) {
        count += add;
        return;
      }
    }
    counters.emplace_back(name, add);
  }
  [[nodiscard]] std::uint64_t Counted(std::string_view name) const {
    for (const auto& [known, count] : counters) {
      if (known == name) return count;
    }
    return 0;
  }
  std::vector<Transaction> transactions;
  std::vector<std::string> anomalies;
  std::vector<std::pair<std::string, std::uint64_t>> counters;
};

inline std::string Detail(const Transaction& transaction, std::string_view key) {
  for (const auto& [name, text] : transaction.detail) {
    if (name == key) return text;
  }
  return {};
}
inline bool Flagged(const std::vector<std::string>& anomalies, std::string_view name) {
  return std::find(anomalies.begin(), anomalies.end(), name) != anomalies.end();
}

}  // namespace tapiary::capture::dnp3::test
