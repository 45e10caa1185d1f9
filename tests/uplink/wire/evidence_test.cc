#include "uplink/wire/evidence.h"

#include <gtest/gtest.h>

#include <random>

#include "base/text.h"
#include "tests/uplink/support/wire_fixture.h"

namespace tapiary::uplink {
namespace {

SigningKey TestKey(std::uint8_t first = 1) {
  std::array<std::uint8_t, 32> seed{};
  seed[0] = first;
  return SigningKey(seed);
}

std::string Expanded(const std::string& body) {
  std::string raw(1 << 16, '\0');
  raw.resize(ZSTD_decompress(raw.data(), raw.size(), body.data(), body.size()));
  return raw;
}

Evidence Full(const SigningKey& key) {
  Evidence evidence;
  evidence.key = key.public_key();
  evidence.chain = 5;
  ChainRun run{3, ChainBegin(evidence.key, 5), {}};
  run.items.push_back({ItemKind::kSegments, 5, 0, base::Sha256Of(base::AsBytes("a"))});
  run.items.push_back({ItemKind::kFacts, 6, 70'000, base::Sha256Of(base::AsBytes("b"))});
  evidence.runs = {run, {9, run.before, {}}};
  evidence.dropped = {{ItemKind::kFlows, 5, 2, 7, "spool-full"}};
  return evidence;
}

// The worked example of docs/formats/evidence.md.
TEST(Evidence, TheChainIsThatOfTheDocument) {
  const SigningKey key = TestKey(0);
  EXPECT_EQ(base::ToHex(key.public_key()),
            "3b6a27bcceb6a42d62a3a8d02a6f0d73653215771de243a63ac048a18b59da29");
  const base::Sha256Digest begin = ChainBegin(key.public_key(), 1);
  const base::Sha256Digest first = ChainNext(begin, base::Sha256Of(base::AsBytes("first")));
  const base::Sha256Digest second = ChainNext(first, base::Sha256Of(base::AsBytes("second")));
  EXPECT_EQ(base::ToHex(begin), "f4fa944f3efc681d7a1fe7297fc623e2b72aa86b199aafc43e3ffcf4267ace1a");
  EXPECT_EQ(base::ToHex(first), "13a260aba663b00cccffccc8b6f7a6a5ecb293ed127f6935f1a5706f9ce66749");
  EXPECT_EQ(base::ToHex(second),
            "d79e3066f18589eca085eb4641dcefa0d4a04a8c1a979bba94a936871c7043d8");
}

TEST(Evidence, ComesBackInEveryField) {
  const SigningKey key = TestKey();
  const Evidence evidence = Full(key);
  const std::string bytes = EncodeEvidence(evidence);
  const auto back = DecodeEvidence(base::AsBytes(bytes), {});
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, evidence);
  EXPECT_EQ(ChainEnd(back->runs[1]), back->runs[1].before);
}

TEST(Evidence, TheSignatureIsOverAllBeforeIt) {
  const SigningKey key = TestKey();
  const Evidence evidence = Full(key);
  const Seal seal{evidence, key};
  const std::string body = EncodeFacts(FullFacts(), 7, 8, &seal);
  auto batch = DecodeFacts(base::AsBytes(body));
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_EQ(batch->evidence, evidence);
  EXPECT_EQ(batch->epoch, 7u);
  EXPECT_TRUE(IsSignedBy(key.public_key(), *batch));
  EXPECT_FALSE(IsSignedBy(TestKey(2).public_key(), *batch));
  EXPECT_EQ(EncodeFacts(FullFacts(), 7, 8, &seal), body);  // a retried round is the same
  // The same facts under another number have another signature.
  const auto other = DecodeFacts(base::AsBytes(EncodeFacts(FullFacts(), 7, 9, &seal)));
  ASSERT_TRUE(other);
  batch->signature = other->signature;
  EXPECT_FALSE(IsSignedBy(key.public_key(), *batch));
  const auto plain = DecodeFacts(base::AsBytes(EncodeFacts(FullFacts(), 7, 8, nullptr)));
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->evidence);
  EXPECT_FALSE(IsSignedBy(key.public_key(), *plain));
}

TEST(Evidence, EveryChangedByteBreaksTheSignatureOrTheMessage) {
  const SigningKey key = TestKey();
  const Evidence evidence = Full(key);
  FactBatch facts;
  facts.evidence = evidence;
  facts.gaps.resize(1);
  facts.gaps[0].reason = "x";
  const std::string raw = Expanded(EncodeFacts(facts, &key));
  for (std::size_t at = 0; at < raw.size(); ++at) {
    std::string changed = raw;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    const auto batch = DecodeFacts(base::AsBytes(Compress(changed)));
    EXPECT_FALSE(batch && IsSignedBy(key.public_key(), *batch)) << at;
  }
  // Nothing may stand behind the signature.
  const auto more = DecodeFacts(base::AsBytes(Compress(raw + std::string("\x08\x09", 2))));
  EXPECT_FALSE(more);
}

TEST(Evidence, HostileMessagesAreRefused) {
  const std::string good = EncodeEvidence(Full(TestKey()));
  std::mt19937 random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string changed = good;
    changed[random() % changed.size()] = static_cast<char>(random());
    (void)DecodeEvidence(base::AsBytes(changed), {}).has_value();
  }
  wire::Evidence message;
  const auto fails = [&message] {
    const std::string bytes = message.SerializeAsString();
    return !DecodeEvidence(base::AsBytes(bytes), {}).has_value();
  };
  EXPECT_TRUE(fails());  // no key
  message.set_key(std::string(32, 'k'));
  EXPECT_FALSE(fails());
  wire::ChainRun& run = *message.add_runs();
  EXPECT_TRUE(fails());  // no value before
  run.set_before(std::string(32, 'b'));
  EXPECT_TRUE(fails());  // numbers begin with 1
  run.set_first(1);
  EXPECT_FALSE(fails());
  run.set_items(std::string(48, '\0'));
  EXPECT_TRUE(fails());
  run.set_items(std::string(49, '\0'));
  EXPECT_FALSE(fails());
  run.set_items(std::string(49, '\3'));
  EXPECT_TRUE(fails());  // no such kind
  run.set_items(std::string(49, '\0'));
  run.set_first(INT64_MAX);
  EXPECT_TRUE(fails());
  run.set_first(1);
  message.set_chain(~std::uint64_t{0});
  EXPECT_TRUE(fails());
  message.set_chain(0);
  wire::DroppedItems& dropped = *message.add_dropped();
  EXPECT_FALSE(fails());
  dropped.set_first_seq(2);
  EXPECT_TRUE(fails());
  DecodeLimits limits;
  limits.max_elements = 2;
  run.set_items(std::string(49 * 2, '\0'));
  message.clear_dropped();
  const std::string bytes = message.SerializeAsString();
  EXPECT_EQ(DecodeEvidence(base::AsBytes(bytes), limits).error().code, base::ErrorCode::kTooLarge);
}

}  // namespace
}  // namespace tapiary::uplink
