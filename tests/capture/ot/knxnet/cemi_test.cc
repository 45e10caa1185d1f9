#include "capture/ot/knxnet/cemi.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/capture/ot/support/recorder.h"
#include "tests/capture/support/meter_run.h"

namespace tapiary::capture::knxnet {
namespace {

using test::DetailOf;

Transaction Decode(const std::string& hex, bool orders = false) {
  Transaction out;
  out.operation = "tunnelling_request";
  DecodeCemi(test::Hex(hex), false, orders, out);
  return out;
}

TEST(KnxCemi, GroupWrites) {
  const Transaction on = Decode("1100 bce0 0000 0a03 01 0081");
  EXPECT_EQ(on.operation, "group_value_write");
  EXPECT_TRUE(on.command);
  EXPECT_EQ(on.attack_technique, "T0855");
  EXPECT_EQ(DetailOf(on, "destination"), "1/2/3");
  EXPECT_EQ(DetailOf(on, "service"), "tunnelling_request");
  EXPECT_EQ(on.values, std::vector<std::int64_t>{1});
  const Transaction two = Decode("2900 bce0 1105 0a03 03 0080 0c7e", true);  // routed
  EXPECT_TRUE(two.command);
  EXPECT_EQ(DetailOf(two, "source"), "1.1.5");
  EXPECT_EQ(two.values, (std::vector<std::int64_t>{0x0c, 0x7e}));
}

TEST(KnxCemi, WhatTheBusDidIsNoCommand) {
  EXPECT_FALSE(Decode("2900 bce0 1105 0a03 01 0081").command);
  EXPECT_FALSE(Decode("2e00 bce0 1105 0a03 01 0081").command);
  EXPECT_FALSE(Decode("1100 bce0 0000 0a03 01 0000").command);  // a read
}

TEST(KnxCemi, DevicesAreWrittenAndRestarted) {
  const Transaction memory = Decode("1100 b060 0000 1105 05 4281 4000 aabb");
  EXPECT_EQ(memory.operation, "memory_write");
  EXPECT_EQ(memory.attack_technique, "T0836");
  EXPECT_EQ(DetailOf(memory, "destination"), "1.1.5");
  const Transaction restart = Decode("1100 b060 0000 1105 01 4380");
  EXPECT_EQ(restart.operation, "restart");
  EXPECT_EQ(restart.attack_technique, "T0816");
  const Transaction property = Decode("f6 000b 01 34 1001 00");
  EXPECT_EQ(property.operation, "m_prop_write_req");
  EXPECT_TRUE(property.command);
  EXPECT_EQ(DetailOf(property, "property"), "52");
  EXPECT_EQ(property.quantity, 1u);
}

TEST(KnxCemi, OT07_EveryPrefixIsTold) {
  const std::string whole = "1102ffff bce0 0000 0a03 03 0080 0c7e";
  const std::vector<std::uint8_t> bytes = test::Hex(whole);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    Transaction out;
    DecodeCemi(base::Bytes(bytes).first(size), false, true, out);
    EXPECT_EQ(out.anomalies.size(), 1u) << size;
    EXPECT_FALSE(out.command) << size;
  }
  EXPECT_TRUE(Decode(whole).command);
}

}  // namespace
}  // namespace tapiary::capture::knxnet
