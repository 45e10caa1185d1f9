#include "ovs/mirror_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/ovs/state_builder.h"

namespace tapiary::ovs {
namespace {

using base::ErrorCode;
using testing::HasSubstr;

// Checks the output port `cap` of a mirror of a, in `state`.
base::Result<> CheckCap(const SwitchState& state, bool force = false, const FakeHost& host = {},
                        const std::string& output = "cap") {
  const MirrorSet set{"set", {MakeSpec("m", {"a"}, output)}};
  return CheckOutputPort(set.mirrors[0], set, state, host, force);
}

TEST(MirrorCheck, OV05_RefusesPortsThatCarryTraffic) {
  EXPECT_TRUE(CheckCap(MakeState()));
  const auto refused = [](void (*change)(PortState&), bool force) {
    SwitchState state = MakeState();
    change(PortOf(&state, "cap"));
    return !CheckCap(state, force);
  };
  const auto guest = [](PortState& port) { port.used_by_guest = true; };
  const auto traffic = [](PortState& port) { port.received = 1; };
  const auto host = [](PortState& port) { port.external_ids["tapiary-role"] = "host"; };
  for (const auto change : {+guest, +traffic, +host}) {
    EXPECT_TRUE(refused(change, false));
    EXPECT_FALSE(refused(change, true));
  }
  const auto bond = [](PortState& port) { port.interfaces = 2; };
  const auto patch = [](PortState& port) { port.type = "patch"; };
  const auto tunnel = [](PortState& port) { port.type = "vxlan"; };
  for (const auto change : {+bond, +patch, +tunnel}) {
    EXPECT_TRUE(refused(change, false));
    EXPECT_TRUE(refused(change, true));  // it cannot work
  }
}

TEST(MirrorCheck, OV04_RefusesTaggedOutputs) {
  SwitchState state = MakeState();
  PortOf(&state, "cap").tags = {"10"};
  const auto result = CheckCap(state);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr("VLAN"));
  EXPECT_TRUE(CheckCap(state, /*force=*/true));
}

TEST(MirrorCheck, OV06_TellsWhereThePortIs) {
  FakeHost host;
  host.attachments["vmtap"] = "the Linux bridge vmbr0";
  host.attachments["free"] = std::string(kNoBridge);
  const auto elsewhere = CheckCap(MakeState(), false, host, "vmtap");
  ASSERT_FALSE(elsewhere);
  EXPECT_THAT(elsewhere.error().message, HasSubstr("the Linux bridge vmbr0"));
  EXPECT_TRUE(CheckCap(MakeState(), false, host, "free"));
  EXPECT_EQ(CheckCap(MakeState(), false, host, "nobody").error().code, ErrorCode::kNotFound);
  const auto other = CheckCap(MakeState(), false, host, "far");
  ASSERT_FALSE(other);
  EXPECT_THAT(other.error().message, HasSubstr("br1"));
  EXPECT_FALSE(CheckCap(MakeState(), false, host, "br0"));  // the bridge itself

  const MirrorSpec spec = MakeSpec("m", {"vmtap"});
  const auto source = ResolvePorts({"vmtap"}, spec, MakeState(), host);
  ASSERT_FALSE(source);
  EXPECT_THAT(source.error().message, HasSubstr("the Linux bridge vmbr0"));
  EXPECT_THAT(ResolvePorts({"far"}, spec, MakeState(), host).error().message, HasSubstr("br1"));
}

TEST(MirrorCheck, OV09_RefusesPortsThatNoSensorCanOpen) {
  for (const char* type : {"dpdkvhostuserclient", "dpdk", "erspan"}) {
    SwitchState state = MakeState();
    PortOf(&state, "cap").type = type;
    EXPECT_FALSE(CheckCap(state)) << type;
  }
  for (const char* type : {"internal", "tap", "system"}) {
    SwitchState state = MakeState();
    PortOf(&state, "cap").type = type;
    EXPECT_TRUE(CheckCap(state)) << type;
  }
}

TEST(MirrorCheck, Overlap) {
  const Selection all{true, {}, {}, {}};
  const Selection a{false, {"a"}, {}, {}};
  const Selection b{false, {"b"}, {}, {}};
  const Selection a_out{false, {}, {"a"}, {}};
  const Selection a10{false, {"a"}, {}, {"10"}};
  const Selection a20{false, {"a"}, {}, {"20"}};
  EXPECT_TRUE(Overlap(all, a));
  EXPECT_TRUE(Overlap(a, a));
  EXPECT_FALSE(Overlap(a, b));
  EXPECT_FALSE(Overlap(a, a_out));
  EXPECT_TRUE(Overlap(a, a10));
  EXPECT_FALSE(Overlap(a10, a20));
}

TEST(MirrorCheck, OV04_RefusesOverlapOnOneOutput) {
  MirrorSet set{"set", {MakeSpec("m", {"a"}), MakeSpec("n", {"a"})}};
  EXPECT_FALSE(CheckSharedOutputs(set, MakeState(), false));
  EXPECT_TRUE(CheckSharedOutputs(set, MakeState(), true));
  set.mirrors[1] = MakeSpec("n", {"b"});
  EXPECT_TRUE(CheckSharedOutputs(set, MakeState(), false));
  set.mirrors[1].snap_length = 100;  // would cut the other's packets
  EXPECT_FALSE(CheckSharedOutputs(set, MakeState(), false));

  SwitchState state = MakeState();
  AddRow(&state, MakeRow(MakeSpec("theirs", {"a"}), ""));
  EXPECT_FALSE(CheckSharedOutputs({"set", {MakeSpec("m", {"a"})}}, state, false));
  EXPECT_TRUE(CheckSharedOutputs({"set", {MakeSpec("m", {"b"})}}, state, false));
}

TEST(MirrorCheck, FileAlone) {
  const auto check = [](const MirrorSpec& spec) { return bool(CheckSpecs({"set", {spec}})); };
  EXPECT_TRUE(check(MakeSpec("m", {"a"})));
  EXPECT_FALSE(check(MakeSpec("m", {})));
  EXPECT_FALSE(check(MakeSpec("m", {"cap"})));  // its own output
  EXPECT_FALSE(check(MakeSpec("--all", {"a"})));
  EXPECT_FALSE(check(MakeSpec("m", {"a;b"})));
  MirrorSpec spec = MakeSpec("m", {"a"});
  spec.snap_length = 13;
  EXPECT_FALSE(check(spec));
  spec.snap_length = 14;
  EXPECT_TRUE(check(spec));
  spec.vlans = {4096};
  EXPECT_FALSE(check(spec));
  EXPECT_FALSE(CheckSpecs({"set", {MakeSpec("m", {"a"}), MakeSpec("m", {"b"})}}));
}

}  // namespace
}  // namespace tapiary::ovs
