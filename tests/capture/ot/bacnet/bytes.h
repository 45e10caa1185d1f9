// BACnet messages in hex for tests, and what a decoder makes of them.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "capture/ot/bacnet/decoder.h"
#include "tests/capture/support/meter_run.h"

namespace tapiary::capture::bacnet {

// A BVLC message of `function` with what follows its header.
inline std::string Bip(int function, const std::string& rest) {
  return fmt::format("81{:02x}{:04x}", function, 4 + test::Hex(rest).size()) + rest;
}
// Unicast NPDU without addresses.
inline std::string Unicast(const std::string& apdu) {
  return Bip(0x0a, "0104" + apdu);
}

struct Collector final : OtOutput {
  void Emit(Transaction&& transaction) override { transactions.push_back(std::move(transaction)); }
  void Anomaly(std::string_view name) override { anomalies.emplace_back(name); }
  void Count(std::string_view name, std::uint64_t add) override {
    counts.emplace_back(std::string(name), add);
  }
  std::vector<Transaction> transactions;
  std::vector<std::string> anomalies;
  std::vector<std::pair<std::string, std::uint64_t>> counts;
};

// The detail's text; "-" when there is none.
inline std::string Detail(const Transaction& transaction, std::string_view key) {
  for (const auto& [name, text] : transaction.detail) {
    if (name == key) return text;
  }
  return "-";
}

// Sends datagrams 1 ms apart and ends the flow.
class Script {
 public:
  Script& Ask(const std::string& hex) { return Send(true, hex); }
  Script& Answer(const std::string& hex) { return Send(false, hex); }
  Script& Send(bool from_client, const std::string& hex, bool cut = false) {
    const std::vector<std::uint8_t> bytes = test::Hex(hex);
    decoder_.OnDatagram(from_client, bytes, cut, now_ += test::kMilli, out_);
    return *this;
  }
  // What there is so far, with what still waits.
  Collector End() {
    decoder_.Finish(out_);
    return out_;
  }
  // Of the only transaction.
  Transaction One() {
    End();
    return out_.transactions.size() == 1 ? out_.transactions[0] : Transaction{};
  }

 private:
  BacnetDecoder decoder_;
  Collector out_;
  std::int64_t now_ = test::kStart;
};

}  // namespace tapiary::capture::bacnet
