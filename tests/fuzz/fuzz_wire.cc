// What a sensor sends, as the collector decodes it.
#include <zstd.h>

#include <string>

#include "tests/fuzz/target.h"
#include "uplink/wire/wire.h"

namespace tapiary::fuzz {
namespace {

using namespace uplink;

const DecodeLimits kLimits = {.max_expanded_bytes = 1u << 20, .max_window_log = 20};

std::string Compress(Bytes bytes) {
  std::string body(ZSTD_compressBound(bytes.size()), '\0');
  body.resize(ZSTD_compress(body.data(), body.size(), bytes.data(), bytes.size(), 1));
  return body;
}

Bytes AsBytes(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

// First byte: flows or facts, and whether the rest is a whole body or the message inside it.
void FuzzWire(Bytes input, const capture::OtProtocol*) {
  Parts parts(input);
  const std::uint8_t mode = parts.U8();
  const bool inner = (mode & 2) != 0;
  const std::string packed = inner ? Compress(parts.rest()) : std::string();
  const Bytes body = inner ? AsBytes(packed) : parts.rest();
  if ((mode & 1) != 0) {
    const base::Result<FlowBatch> flows = DecodeFlows(body, kLimits);
    if (!flows) return Require(!flows.error().message.empty(), "an error has a message");
    // What was taken can be sent on, and means the same there.
    const std::string once = EncodeFlows(*flows);
    const base::Result<FlowBatch> again = DecodeFlows(AsBytes(once));
    Require(again && again->flows.size() == flows->flows.size(), "flows encode again");
    Require(EncodeFlows(*again) == once, "flows encode the same");
  } else {
    const base::Result<FactBatch> facts = DecodeFacts(body, kLimits);
    if (!facts) return Require(!facts.error().message.empty(), "an error has a message");
    const std::string once = EncodeFacts(*facts);
    const base::Result<FactBatch> again = DecodeFacts(AsBytes(once));
    Require(again && again->items() == facts->items(), "facts encode again");
    Require(EncodeFacts(*again) == once, "facts encode the same");
  }
}

}  // namespace tapiary::fuzz
