#include "ovs/mirror.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "tests/ovs/fake_vsctl.h"
#include "tests/ovs/state_builder.h"

namespace tapiary::ovs {
namespace {

using base::ErrorCode;
using testing::HasSubstr;

MirrorSet AllToCap() {
  MirrorSpec spec = MakeSpec("m", {});
  spec.select_all = true;
  return {"set", {spec}};
}

class MirrorApply : public testing::Test {
 protected:
  MirrorApply() {
    fake_.SetState(StateJson());
    fake_.SetApplied(StateJson(OurMirrorRow(true), kOurMirrorUuid));
  }
  base::Result<MirrorPlan> Apply(const ApplyOptions& options = {}) {
    return ApplyMirrors(fake_.Make(), AllToCap(), FakeHost(), options);
  }
  FakeVsctl fake_;
};

TEST_F(MirrorApply, OV05_ExactlyOneModifyingCall) {
  fake_.OnWrite(FakeVsctl::kApply);
  ASSERT_TRUE(Apply());
  EXPECT_EQ(fake_.Writes().size(), 1U);
  ASSERT_TRUE(Apply());  // and none the second time
  EXPECT_EQ(fake_.Writes().size(), 1U);
}

TEST_F(MirrorApply, OV05_ARefusedCallChangesNothing) {
  fake_.OnWrite("echo 'ovs-vsctl: constraint violation' >&2; exit 1");
  const auto result = Apply();
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("constraint violation"));
  EXPECT_EQ(fake_.Writes().size(), 1U);  // nothing to take back
}

TEST_F(MirrorApply, OV07_AppliedThenHangIsApplied) {
  fake_.OnWrite(std::string(FakeVsctl::kApply) + "sleep 60");
  const std::int64_t begin = base::SteadyNow();
  EXPECT_TRUE(Apply());
  EXPECT_LT(base::SteadyNow() - begin, 5 * base::kNanosPerSecond);
}

TEST_F(MirrorApply, OV07_HangIsFailed) {
  fake_.OnWrite("sleep 60");
  const std::int64_t begin = base::SteadyNow();
  const auto result = Apply();
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kTimeout);
  EXPECT_THAT(result.error().message, HasSubstr("nothing was changed"));
  EXPECT_LT(base::SteadyNow() - begin, 5 * base::kNanosPerSecond);
}

TEST_F(MirrorApply, OV07_UnknownOutcomeIsSaid) {
  fake_.OnWrite("echo 'sleep 60' >\"$dir/on_read\"; sleep 60");
  const auto result = Apply();
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("unknown"));
}

TEST_F(MirrorApply, OV02_TakesBackWhatTheDaemonDoesNotAccept) {
  fake_.SetApplied(StateJson(OurMirrorRow(false), kOurMirrorUuid));
  fake_.OnWrite(FakeVsctl::kApply);
  const auto result = Apply({.health_timeout = std::chrono::milliseconds(300)});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kConflict);
  ASSERT_EQ(fake_.Writes().size(), 2U);
  EXPECT_THAT(fake_.Writes()[1], testing::Contains("remove"));
  EXPECT_THAT(fake_.Writes()[1], testing::Contains("u-m"));
}

TEST_F(MirrorApply, OV08_BadNamesAreRefusedBeforeAnyChange) {
  for (const std::string& name :
       {std::string("a;touch x"), std::string("a b"), std::string("--all"), std::string(64, 'a'),
        std::string("a\nb")}) {
    MirrorSet set = AllToCap();
    set.mirrors[0].output_port = name;
    EXPECT_FALSE(ApplyMirrors(fake_.Make(), set, FakeHost(), {})) << name;
    set = AllToCap();
    set.mirrors[0].name = name;
    EXPECT_FALSE(ApplyMirrors(fake_.Make(), set, FakeHost(), {})) << name;
    EXPECT_FALSE(DeleteMirrors(fake_.Make(), name)) << name;
  }
  EXPECT_TRUE(fake_.Writes().empty());
}

TEST_F(MirrorApply, OV07_DeletingWhatIsAbsentIsSuccess) {
  EXPECT_TRUE(DeleteMirrors(fake_.Make(), "set"));
  EXPECT_TRUE(fake_.Writes().empty());
  fake_.SetState(StateJson(OurMirrorRow(true), kOurMirrorUuid));
  fake_.SetApplied(StateJson());
  fake_.OnWrite(std::string(FakeVsctl::kApply) + "sleep 60");
  EXPECT_TRUE(DeleteMirrors(fake_.Make(), "set"));
  EXPECT_EQ(fake_.Writes().size(), 1U);
}

}  // namespace
}  // namespace tapiary::ovs
