#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/ovs/state_builder.h"

namespace tapiary::ovs {
namespace {

using base::ErrorCode;
using testing::ElementsAre;
using testing::HasSubstr;

// The commands as lines, for readable expectations.
std::vector<std::string> Lines(const std::vector<VsctlCommand>& commands) {
  std::vector<std::string> lines;
  for (const VsctlCommand& command : commands) {
    std::string line;
    for (const std::string& word : command) line += (line.empty() ? "" : " ") + word;
    lines.push_back(line);
  }
  return lines;
}

TEST(MirrorPlan, CreatesAndAttachesInOneTransaction) {
  const auto plan = PlanMirrors({"set", {MakeSpec("m", {"a"})}}, MakeState(), FakeHost(), false);
  ASSERT_TRUE(plan);
  EXPECT_THAT(Lines(plan->commands),
              ElementsAre("--id=@p0 get Port a", "--id=@p1 get Port a", "--id=@p2 get Port cap",
                          "--id=@m3 create Mirror name=m select_all=false select_src_port=[@p0] "
                          "select_dst_port=[@p1] select_vlan=[] output_port=[@p2] output_vlan=[] "
                          "snaplen=[] external_ids:owner=tapiary external_ids:tapiary-set=set",
                          "add Bridge br0 mirrors @m3"));
}

TEST(MirrorPlan, NeverReplacesTheSetOfABridge) {
  SwitchState state = MakeState();
  AddRow(&state, MakeRow(MakeSpec("old", {"b"}), "set"));
  AddRow(&state, MakeRow(MakeSpec("theirs", {"b"}, "x"), ""));
  const auto plan = PlanMirrors({"set", {MakeSpec("m", {"a"})}}, state, FakeHost(), false);
  ASSERT_TRUE(plan);
  for (const std::string& line : Lines(plan->commands)) {
    EXPECT_THAT(line, testing::Not(HasSubstr("set Bridge")));
    EXPECT_THAT(line, testing::Not(HasSubstr("clear")));
    EXPECT_THAT(line, testing::Not(HasSubstr("theirs")));
  }
  EXPECT_EQ(Lines(plan->commands).back(), "remove Bridge br0 mirrors u-mirror-old");
}

TEST(MirrorPlan, OV01_TwiceChangesNothing) {
  const MirrorSpec spec = MakeSpec("m", {"a"});
  SwitchState state = MakeState();
  AddRow(&state, MakeRow(spec, "set"));
  const auto plan = PlanMirrors({"set", {spec}}, state, FakeHost(), false);
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->empty());
  ASSERT_EQ(plan->changes.size(), 1U);
  EXPECT_EQ(plan->changes[0].kind, ChangeKind::kKeep);
}

TEST(MirrorPlan, OV01_APortThatCameBackIsSelectedAgain) {
  const MirrorSpec spec = MakeSpec("m", {"a"});
  SwitchState state = MakeState();
  MirrorState row = MakeRow(spec, "set");
  row.select_src_ports.clear();  // what is left of weak references
  row.select_dst_ports.clear();
  AddRow(&state, row);
  const auto plan = PlanMirrors({"set", {spec}}, state, FakeHost(), false);
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->changes.size(), 1U);
  EXPECT_EQ(plan->changes[0].kind, ChangeKind::kUpdate);
  EXPECT_EQ(plan->changes[0].reason, "ingress: none -> a; egress: none -> a");
  EXPECT_THAT(Lines(plan->commands).back(), HasSubstr("set Mirror u-mirror-m "));
}

TEST(MirrorPlan, AddsTheOutputPortInTheSameTransaction) {
  FakeHost host;
  host.attachments["new"] = std::string(kNoBridge);
  const auto plan = PlanMirrors({"set", {MakeSpec("m", {"a"}, "new")}}, MakeState(), host, false);
  ASSERT_TRUE(plan);
  EXPECT_EQ(Lines(plan->commands)[0], "add-port br0 new");
  EXPECT_EQ(Lines(plan->commands)[1],
            "set Port new external_ids:owner=tapiary external_ids:tapiary-set=set "
            "external_ids:tapiary-role=capture");
  EXPECT_EQ(plan->changes[0].kind, ChangeKind::kAddPort);
}

TEST(MirrorPlan, DeleteLeavesForeignRows) {
  SwitchState state = MakeState();
  AddRow(&state, MakeRow(MakeSpec("m", {"a"}), "set"));
  AddRow(&state, MakeRow(MakeSpec("n", {"a"}), "another"));
  AddRow(&state, MakeRow(MakeSpec("theirs", {"a"}), ""));
  PortOf(&state, "cap").external_ids = {
      {"owner", "tapiary"}, {"tapiary-set", "set"}, {"tapiary-role", "capture"}};
  // `theirs` uses our port by now: it stays.
  EXPECT_THAT(Lines(PlanDelete("set", state).commands),
              ElementsAre("remove Bridge br0 mirrors u-mirror-m"));
  state.mirrors.resize(1);
  EXPECT_THAT(Lines(PlanDelete("set", state).commands),
              ElementsAre("remove Bridge br0 mirrors u-mirror-m", "--if-exists del-port br0 cap"));
  EXPECT_TRUE(PlanDelete("nobody", state).empty());
}

TEST(MirrorPlan, RefusesThe33rd) {
  SwitchState state = MakeState();
  for (int i = 0; i < 31; ++i) {
    AddRow(&state, MakeRow(MakeSpec("theirs" + std::to_string(i), {"b"}, "x"), ""));
  }
  EXPECT_TRUE(PlanMirrors({"set", {MakeSpec("m", {"a"})}}, state, FakeHost(), false));
  AddRow(&state, MakeRow(MakeSpec("last", {"b"}, "x"), ""));
  const auto refused = PlanMirrors({"set", {MakeSpec("m", {"a"})}}, state, FakeHost(), false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  // One of ours goes, one comes: still 32.
  state.mirrors.back().external_ids = {{"owner", "tapiary"}, {"tapiary-set", "set"}};
  EXPECT_TRUE(PlanMirrors({"set", {MakeSpec("m", {"a"})}}, state, FakeHost(), false));
}

TEST(MirrorPlan, RefusesAForeignName) {
  SwitchState state = MakeState();
  AddRow(&state, MakeRow(MakeSpec("m", {"b"}, "x"), ""));
  const auto refused = PlanMirrors({"set", {MakeSpec("m", {"a"})}}, state, FakeHost(), true);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
}

TEST(MirrorPlan, UndoRestores) {
  const MirrorSpec spec = MakeSpec("m", {"a"});
  SwitchState before = MakeState();
  MirrorState row = MakeRow(MakeSpec("m", {"b"}), "set");
  AddRow(&before, row);
  AddRow(&before, MakeRow(MakeSpec("old", {"b"}, "x"), "set"));
  const auto plan = PlanMirrors(
      {"set", {spec, MakeSpec("new", {"b"}, "b2")}}, before,
      [] {
        static FakeHost host;
        host.attachments["b2"] = std::string(kNoBridge);
        return std::ref(host);
      }(),
      false);
  ASSERT_TRUE(plan);
  SwitchState after = MakeState();
  AddRow(&after, MakeRow(spec, "set"));
  AddRow(&after, MakeRow(MakeSpec("new", {"b"}, "b2"), "set"));
  const auto undo = Lines(PlanUndo(*plan, "set", before, after));
  const auto has = [&](const std::string& text) {
    return std::any_of(undo.begin(), undo.end(), [&](const std::string& line) {
      return line.find(text) != std::string::npos;
    });
  };
  EXPECT_TRUE(has("set Mirror u-mirror-m select_all=false select_src_port=[u-b]"));
  EXPECT_TRUE(has("remove Bridge br0 mirrors u-mirror-new"));
  EXPECT_TRUE(has("--if-exists del-port br0 b2"));
  EXPECT_TRUE(has("create Mirror name=old"));
}

}  // namespace
}  // namespace tapiary::ovs
