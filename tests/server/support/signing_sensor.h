// A sensor as far as its evidence is concerned: it keeps the chain of what it made and signs facts.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "uplink/wire/wire.h"

namespace tapiary::server::test {

class SigningSensor {
 public:
  explicit SigningSensor(std::uint8_t seed, std::uint64_t chain = 1)
      : SigningSensor(uplink::SigningKey(SeedOf(seed)), chain) {}
  SigningSensor(uplink::SigningKey key, std::uint64_t chain) : key_(std::move(key)) {
    next_.key = key_.public_key();
    next_.chain = chain;
    next_.runs = {{1, uplink::ChainBegin(next_.key, chain), {}}};
  }

  // Notes an item that was made.
  void Made(uplink::ItemKind kind, std::uint64_t epoch, std::uint64_t seq, std::string_view body) {
    next_.runs.back().items.push_back({kind, epoch, seq, base::Sha256Of(base::AsBytes(body))});
  }
  // The body of a facts item that tells all that was made before it.
  std::string Facts(uplink::FactBatch batch, std::uint64_t epoch, std::uint64_t seq) {
    const uplink::Seal seal{next_, key_};
    const std::string body = uplink::EncodeFacts(std::move(batch), epoch, seq, &seal);
    const uplink::ChainRun& last = next_.runs.back();
    const uplink::ChainRun rest{last.first + last.items.size(), uplink::ChainEnd(last), {}};
    next_.runs = {rest};
    next_.dropped.clear();
    Made(uplink::ItemKind::kFacts, epoch, seq, body);
    return body;
  }
  std::string Facts(std::uint64_t epoch, std::uint64_t seq) { return Facts({}, epoch, seq); }

  [[nodiscard]] const uplink::SigningKey& key() const { return key_; }
  uplink::Evidence next_;  // what the next facts item tells

 private:
  static std::array<std::uint8_t, 32> SeedOf(std::uint8_t first) {
    std::array<std::uint8_t, 32> seed{};
    seed[0] = first;
    return seed;
  }
  uplink::SigningKey key_;
};

}  // namespace tapiary::server::test
