#include "server/retention/lease.h"

#include "tests/server/retention/fixture.h"

namespace tapiary::server::test {
namespace {

class Lease : public RetentionFixture {
 protected:
  bool Take(const std::string& holder, std::int64_t now_ns) {
    const auto taken = TakeLease(*catalog_, "work", holder, now_ns, 100);
    EXPECT_TRUE(taken) << taken.error().message;
    return taken && *taken;
  }
};

TEST_F(Lease, OneHasItUntilItRunsOutOrIsGivenBack) {
  EXPECT_TRUE(Take("a", 1000));
  EXPECT_FALSE(Take("b", 1050));
  EXPECT_TRUE(Take("a", 1090));   // goes on
  EXPECT_FALSE(Take("b", 1150));  // it would have ended at 1100
  EXPECT_TRUE(Take("b", 1191));
  EXPECT_FALSE(Take("a", 1200));
  EXPECT_TRUE(GiveBackLease(*catalog_, "work", "a"));  // not its own
  EXPECT_FALSE(Take("a", 1200));
  EXPECT_TRUE(GiveBackLease(*catalog_, "work", "b"));
  EXPECT_TRUE(Take("a", 1200));
}

TEST_F(Lease, AnEndFarAheadIsThatOfAWrongClock) {
  EXPECT_TRUE(Take("a", 1'000'000));
  EXPECT_TRUE(Take("b", 1000));
}

TEST(LeaseHolder, NoTwoAreTheSame) {
  EXPECT_NE(MakeLeaseHolder(), MakeLeaseHolder());
}

}  // namespace
}  // namespace tapiary::server::test
