// OPC UA messages in hex for tests, and what a decoder makes of them.
#pragma once

#include <fmt/format.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "capture/ot/opcua/decoder.h"
#include "capture/ot/opcua/names.h"
#include "tests/capture/support/meter_run.h"

namespace tapiary::capture::opcua {

inline std::string Le32(std::uint32_t value) {
  return fmt::format("{:02x}{:02x}{:02x}{:02x}", value & 0xff, (value >> 8) & 0xff,
                     (value >> 16) & 0xff, value >> 24);
}
inline std::string Text(std::string_view text) {
  return Le32(static_cast<std::uint32_t>(text.size())) + base::ToHex(base::AsBytes(text));
}
// A chunk: "MSGF", with what follows the size.
inline std::string Framed(std::string_view type, const std::string& rest) {
  const std::size_t size = 8 + test::Hex(rest).size();
  return base::ToHex(base::AsBytes(type)) + Le32(static_cast<std::uint32_t>(size)) + rest;
}
inline std::string Hello(std::string_view url) {
  return Framed("HELF", Le32(0) + Le32(65535) + Le32(65535) + Le32(0) + Le32(0) + Text(url));
}
inline std::string Ack() {
  return Framed("ACKF", Le32(0) + Le32(8192) + Le32(8192) + Le32(0) + Le32(0));
}
// Channel 7, token 1; `body` from the type id on.
inline std::string Chunk7(std::string_view type, std::uint32_t sequence, std::uint32_t request,
                          const std::string& body) {
  return Framed(type, Le32(7) + Le32(1) + Le32(sequence) + Le32(request) + body);
}
inline std::string TypeId(std::uint32_t id) {
  return fmt::format("0100{:02x}{:02x}", id & 0xff, id >> 8);
}
// A request's type id and header with session token i=99, then its parameters.
inline std::string Request(std::uint32_t id, const std::string& parameters) {
  return TypeId(id) + "0063" + "0000000000000000" + Le32(1) + Le32(0) + Le32(UINT32_MAX) +
         Le32(10000) + "000000" + parameters;
}
inline std::string Response(std::uint32_t id, const std::string& results,
                            std::uint32_t status = 0) {
  return TypeId(id) + "0000000000000000" + Le32(1) + Le32(status) + "00" + Le32(UINT32_MAX) +
         "000000" + results;
}
inline std::string Open(std::uint32_t channel, std::string_view policy, std::uint32_t sequence,
                        const std::string& body) {
  return Framed("OPNF",
                Le32(channel) +
                    Text("http://opcfoundation.org/UA/SecurityPolicy#" + std::string(policy)) +
                    Le32(UINT32_MAX) + Le32(UINT32_MAX) + Le32(sequence) + Le32(1) + body);
}
inline std::string OpenRequest() {
  return Request(446, Le32(0) + Le32(0) + Le32(1) + Le32(UINT32_MAX) + Le32(3600000));
}
inline std::string OpenResponse() {
  return Response(
      449, Le32(0) + Le32(7) + Le32(1) + "0000000000000000" + Le32(3600000) + Le32(UINT32_MAX));
}
// Write of a double to ns=2;s=NAME.
inline std::string WriteOf(std::string_view name) {
  return Request(673, Le32(1) + "030200" + Text(name) + Le32(13) + Le32(UINT32_MAX) + "010b" +
                          "0000000000004540");
}

struct Collector final : OtOutput {
  void Emit(Transaction&& transaction) override { transactions.push_back(std::move(transaction)); }
  void Anomaly(std::string_view name) override { anomalies.emplace_back(name); }
  void Count(std::string_view name, std::uint64_t add) override {
    counts[std::string(name)] += add;
  }
  std::vector<Transaction> transactions;
  std::vector<std::string> anomalies;
  std::map<std::string, std::uint64_t> counts;
};

inline std::string Detail(const Transaction& transaction, std::string_view key) {
  for (const auto& [name, text] : transaction.detail) {
    if (name == key) return text;
  }
  return "-";
}

class Script {
 public:
  Script& Ask(const std::string& hex) { return Send(true, hex); }
  Script& Answer(const std::string& hex) { return Send(false, hex); }
  Script& Send(bool from_client, const std::string& hex) {
    decoder_.OnBytes(from_client, test::Hex(hex), now_ += test::kMilli, out_);
    return *this;
  }
  Script& Lose(bool from_client) {
    decoder_.OnGap(from_client, 100, false, out_);
    return *this;
  }
  Collector End() {
    decoder_.Finish(out_);
    return out_;
  }
  Transaction One() {
    End();
    return out_.transactions.size() == 1 ? out_.transactions[0] : Transaction{};
  }

 private:
  OpcuaDecoder decoder_;
  Collector out_;
  std::int64_t now_ = test::kStart;
};

}  // namespace tapiary::capture::opcua
