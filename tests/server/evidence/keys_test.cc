#include "server/evidence/keys.h"

#include "tests/server/ingest/fixture.h"
#include "tests/server/support/signing_sensor.h"

namespace tapiary::server::test {
namespace {

class Keys : public IngestFixture {
 protected:
  base::Result<> Decide(const uplink::PublicKey& key, bool trusted) {
    return DecideKey(*catalog_, {"plant-a", key, trusted, {"root"}});
  }
  std::vector<std::string> States() {
    std::vector<std::string> states;
    const auto keys = SensorKeys(*catalog_, 5);
    EXPECT_TRUE(keys);
    for (const SensorKey& key : *keys) states.push_back(key.state);
    return states;
  }
  int PutFacts(SigningSensor& sensor, std::uint64_t epoch, std::uint64_t seq) {
    return Put("facts", epoch, seq, {sensor.Facts(epoch, seq)}).status;
  }
};

using Names = std::vector<std::string>;

TEST_F(Keys, HP04_AKeyGivenBeforehandIsTheOnlyOneTrusted) {
  SigningSensor real(1);
  SigningSensor thief(2);
  ASSERT_TRUE(Decide(real.key().public_key(), true));
  ASSERT_EQ(PutFacts(thief, 1, 0), 201);  // the first one that comes
  EXPECT_EQ(States(), (Names{"trusted", "pending"}));
  ASSERT_EQ(PutFacts(real, 1, 1), 201);
  EXPECT_EQ(Count("chains"), 1);
  const auto states = EvidenceStates(*catalog_);
  ASSERT_TRUE(states);
  ASSERT_EQ(states->size(), 1u);
  EXPECT_EQ(states->at(0).first, 5);
  EXPECT_EQ(states->at(0).second.state, "key-changed");
  EXPECT_EQ(states->at(0).second.key, real.key().public_key());
  ASSERT_TRUE(Decide(thief.key().public_key(), false));
  EXPECT_EQ(States(), (Names{"trusted", "refused"}));
  EXPECT_EQ(EvidenceStates(*catalog_)->at(0).second.state, "ok");
  ASSERT_EQ(PutFacts(thief, 1, 2), 201);
  EXPECT_EQ(States(), (Names{"trusted", "refused"}));
  EXPECT_EQ(Count("chains"), 1);
}

TEST_F(Keys, StatesFollowWhatCame) {
  EXPECT_TRUE(EvidenceStates(*catalog_)->empty());
  SigningSensor sensor(1, 3);
  sensor.Made(uplink::ItemKind::kSegments, 3, 0, "s");
  ASSERT_EQ(PutFacts(sensor, 3, 0), 201);
  auto state = EvidenceStates(*catalog_)->at(0).second;
  EXPECT_EQ(state.state, "ok");
  EXPECT_EQ(state.chain, 3);
  EXPECT_EQ(state.number, 1);
  EXPECT_EQ(state.expected, 1);
  EXPECT_GT(state.told_ns, 0);
  ASSERT_EQ(Put("facts", 3, 1, {uplink::EncodeFacts({}, 3, 1, nullptr)}).status, 201);
  state = EvidenceStates(*catalog_)->at(0).second;
  EXPECT_EQ(state.state, "altered");
  EXPECT_EQ(state.in_doubt, 1);
}

TEST_F(Keys, OfNoSensorThereIsNone) {
  const auto decided = DecideKey(*catalog_, {"none", {}, true, {"root"}});
  EXPECT_EQ(decided.error().code, base::ErrorCode::kNotFound);
  EXPECT_TRUE(SensorKeys(*catalog_, 99)->empty());
}

}  // namespace
}  // namespace tapiary::server::test
