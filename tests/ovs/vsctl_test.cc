#include "ovs/vsctl.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "tests/ovs/fake_vsctl.h"

namespace tapiary::ovs {
namespace {

using testing::ElementsAre;

TEST(Vsctl, ParsesEveryKindOfValue) {
  const auto tables = ParseTables(
      R"({"data":[[["uuid","1-2"],"x",["set",[]],["set",[1,2]],["map",[["k","v"],["n",5]]],true,7]],)"
      R"("headings":["_uuid","name","none","numbers","map","flag","one"]})"
      "\n\n"
      R"({"data":[],"headings":["name"]})"
      "\n");
  ASSERT_TRUE(tables);
  ASSERT_EQ(tables->size(), 2U);
  const DbRow& row = (*tables)[0][0];
  EXPECT_EQ(row.at("_uuid").text(), "1-2");
  EXPECT_EQ(row.at("name").text(), "x");
  EXPECT_TRUE(row.at("none").items.empty());
  EXPECT_THAT(row.at("numbers").items, ElementsAre("1", "2"));
  EXPECT_EQ(row.at("map").map.at("k"), "v");
  EXPECT_EQ(row.at("map").map.at("n"), "5");
  EXPECT_EQ(row.at("flag").text(), "true");
  EXPECT_EQ(row.at("one").text(), "7");
  EXPECT_EQ(row.at("absent in this version").text(), "");
  EXPECT_TRUE((*tables)[1].empty());
}

TEST(Vsctl, RefusesWhatOvsdbDoesNotPrint) {
  for (const char* text :
       {"no json", "[]", "{}", R"({"data":[[1]],"headings":["a","b"]})",
        R"({"data":1,"headings":[]})", R"({"data":[[["map",[1]]]],"headings":["a"]})",
        R"({"data":[[[1,2,3]]],"headings":["a"]})", R"({"data":[[1)"}) {
    const auto tables = ParseTables(text);
    ASSERT_FALSE(tables) << text;
    EXPECT_EQ(tables.error().code, base::ErrorCode::kCorrupt);
  }
}

TEST(Vsctl, OV08_EachWordIsOneArgument) {
  const FakeVsctl fake;
  ASSERT_TRUE(fake.Make().Write({{"add-br", "a b"}, {"set", "Bridge", "x", "k=$(touch y)"}}));
  EXPECT_THAT(fake.Calls(),
              ElementsAre(ElementsAre("--timeout=1", "--format=json", "--", "add-br", "a b", "--",
                                      "set", "Bridge", "x", "k=$(touch y)")));
}

TEST(Vsctl, ReadsSeveralTablesInOneCall) {
  FakeVsctl fake;
  fake.SetState(R"({"data":[["x"]],"headings":["name"]})"
                "\n"
                R"({"data":[],"headings":["name"]})");
  const auto tables = fake.Make().ReadTables({"Bridge", "Mirror"});
  ASSERT_TRUE(tables);
  EXPECT_EQ((*tables)[0][0].at("name").text(), "x");
  EXPECT_EQ(fake.Calls().size(), 1U);
  EXPECT_FALSE(fake.Make().ReadTables({"Bridge"}));  // two answers for one question
}

TEST(Vsctl, OV07_EveryCallEndsInTime) {
  FakeVsctl fake;
  fake.OnWrite("trap '' TERM ALRM; sleep 60");
  fake.OnRead("sleep 60");
  const std::int64_t begin = base::SteadyNow();
  const auto written = fake.Make().Write({{"add-br", "x"}});
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, base::ErrorCode::kTimeout);
  const auto read = fake.Make().ReadTables({"Bridge"});
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, base::ErrorCode::kUnavailable);
  EXPECT_LT(base::SteadyNow() - begin, 5 * base::kNanosPerSecond);
  // With the limits that ship, a write that hangs and the read after it end within 15 s.
  const VsctlOptions shipped;
  EXPECT_LT(shipped.timeout + shipped.reread_timeout + 2 * shipped.kill_after,
            std::chrono::seconds(15));
}

TEST(Vsctl, TellsRefusedFromAbsent) {
  FakeVsctl fake;
  fake.OnWrite("echo 'ovs-vsctl: no row \"x\" in table Port' >&2; exit 1");
  const auto refused = fake.Make().Write({{"get", "Port", "x"}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, base::ErrorCode::kIo);
  EXPECT_NE(refused.error().message.find("no row"), std::string::npos);
  fake.OnWrite(
      "echo 'ovs-vsctl: unix:x/db.sock: database connection failed (No such file)' >&2; exit 1");
  const auto absent = fake.Make().Write({{"get", "Port", "x"}});
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, base::ErrorCode::kUnavailable);
  VsctlOptions options;
  options.program = "/nowhere/ovs-vsctl";
  EXPECT_EQ(Vsctl(options).Write({{"x"}}).error().code, base::ErrorCode::kNotFound);
}

}  // namespace
}  // namespace tapiary::ovs
