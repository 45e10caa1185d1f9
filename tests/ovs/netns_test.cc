// Needs root; the rest is exercised by tests/integration/ovs_testbed.sh.
#include "ovs/netns.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "ovs/process.h"

namespace tapiary::ovs {
namespace {

class Netns : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0 || !RunChecked({"ip", "netns", "add", name_})) {
      GTEST_SKIP() << "cannot make network namespaces here";
    }
  }
  void TearDown() override { (void)DeleteNamespace(name_); }
  const std::string name_ = "tapiary-ut-" + std::to_string(getpid());
};

TEST_F(Netns, OwnershipIsInTheNamespace) {
  EXPECT_EQ(OwnerOf(name_, "t"), NamespaceOwner::kUnfinished);
  ASSERT_TRUE(RunChecked({"ip", "-n", name_, "link", "set", "dev", "lo", "up"}));
  EXPECT_EQ(OwnerOf(name_, "t"), NamespaceOwner::kForeign);
  ASSERT_TRUE(DeleteNamespace(name_));
  EXPECT_EQ(OwnerOf(name_, "t"), NamespaceOwner::kAbsent);
  ASSERT_TRUE(DeleteNamespace(name_));  // absent is success
  ASSERT_TRUE(MakeNamespace(name_, "t"));
  EXPECT_EQ(OwnerOf(name_, "t"), NamespaceOwner::kOurs);
  EXPECT_EQ(OwnerOf(name_, "other"), NamespaceOwner::kForeign);
}

TEST_F(Netns, EndsProcessesThatIgnoreSigterm) {
  const auto pid = StartDaemon({"ip", "netns", "exec", name_, "sh", "-c", "trap '' TERM; sleep 60"},
                               "/", "/dev/null");
  ASSERT_TRUE(pid);
  for (int i = 0; i < 200 && ProcessesIn(name_).empty(); ++i) usleep(10'000);
  ASSERT_FALSE(ProcessesIn(name_).empty());
  EXPECT_TRUE(EndProcessesIn(name_));
  EXPECT_TRUE(ProcessesIn(name_).empty());
  (void)DaemonEnded(*pid);
}

TEST_F(Netns, ProbeAnswersNoWhereNobodyListens) {
  ASSERT_TRUE(RunChecked({"ip", "-n", name_, "link", "set", "dev", "lo", "up"}));
  EXPECT_FALSE(AcceptsTcp(name_, "127.0.0.1", 1));
  EXPECT_FALSE(AcceptsTcp(name_, "no address", 1));
  EXPECT_FALSE(AcceptsTcp("tapiary-no-such-namespace", "127.0.0.1", 1));
}

TEST_F(Netns, ComesBackAfterABody) {
  const auto failed = InNamespace(name_, []() -> base::Result<> {
    return base::MakeError(base::ErrorCode::kInternal, "from inside");
  });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message, "from inside");
  const auto here = ProcessesIn(name_);
  EXPECT_TRUE(here.empty());
}

}  // namespace
}  // namespace tapiary::ovs
