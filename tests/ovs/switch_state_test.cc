#include "ovs/switch_state.h"

#include <gtest/gtest.h>

#include "tests/ovs/fake_vsctl.h"

namespace tapiary::ovs {
namespace {

TEST(SwitchState, ResolvesReferences) {
  FakeVsctl fake;
  fake.SetState(StateJson(OurMirrorRow(true), kOurMirrorUuid));
  const auto state = ReadSwitchState(fake.Make());
  ASSERT_TRUE(state);
  EXPECT_EQ(state->FindBridge("br0")->datapath_type, "netdev");
  EXPECT_EQ(state->FindBridge("br0")->mirrors, 1U);
  EXPECT_EQ(state->FindPort("a")->bridge, "br0");
  EXPECT_EQ(state->FindPort("a")->interfaces, 1U);
  EXPECT_EQ(state->FindPort("nobody"), nullptr);
  ASSERT_EQ(state->mirrors.size(), 1U);
  EXPECT_EQ(state->mirrors[0].bridge, "br0");
  EXPECT_EQ(state->mirrors[0].sent_packets, 7U);
  EXPECT_EQ(state->FindPortByUuid(state->mirrors[0].output_port)->name, "cap");
  EXPECT_TRUE(IsOurs(state->mirrors[0].external_ids, "set"));
}

TEST(SwitchState, NoStatisticsMeansNotAccepted) {
  FakeVsctl fake;
  fake.SetState(StateJson(OurMirrorRow(false), kOurMirrorUuid));
  EXPECT_FALSE(ReadSwitchState(fake.Make())->mirrors[0].sent_packets.has_value());
}

TEST(SwitchState, OwnershipNeedsBothMarks) {
  EXPECT_FALSE(IsOurs({}, ""));
  EXPECT_FALSE(IsOurs({{"tapiary-set", "x"}}, "x"));
  EXPECT_FALSE(IsOurs({{"owner", "tapiary"}}, "x"));
  EXPECT_FALSE(IsOurs({{"owner", "other"}, {"tapiary-set", "x"}}, "x"));
  EXPECT_FALSE(IsOurs({{"owner", "tapiary"}, {"tapiary-set", "y"}}, "x"));
  EXPECT_TRUE(IsOurs({{"owner", "tapiary"}, {"tapiary-set", "x"}}, "x"));
  EXPECT_TRUE(IsOurs({{"owner", "tapiary"}, {"tapiary-set", "x"}}, ""));
}

}  // namespace
}  // namespace tapiary::ovs
