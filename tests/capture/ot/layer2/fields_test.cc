#include "capture/ot/layer2/fields.h"

#include <gtest/gtest.h>

#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::layer2 {
namespace {

using test::Hex;

TEST(Layer2Fields, WhatAPublisherSendsIsUnsolicited) {
  const Transaction out = Published("goose", "x", 0x61, 7, {true, "T0855"}, 5);
  EXPECT_EQ(out.protocol, "goose");
  EXPECT_EQ(out.status, TransactionStatus::kUnsolicited);
  EXPECT_EQ(out.unit, 7u);
  EXPECT_EQ(out.time_ns, 5);
  EXPECT_TRUE(out.command);
  EXPECT_EQ(out.attack_technique, "T0855");
}

TEST(Layer2Fields, Forms) {
  EXPECT_EQ(MacText(Hex("000102030405")), "00:01:02:03:04:05");
  EXPECT_EQ(MacText(Hex("0001")), "00:01:00:00:00:00");
  EXPECT_EQ(Ip4Text(0xc0a80001), "192.168.0.1");
  const auto uuid = Hex("dea00001 6c97 11d1 8271 00a02442df7d");
  EXPECT_EQ(UuidText(uuid, true), "dea00001-6c97-11d1-8271-00a02442df7d");
  EXPECT_EQ(UuidText(uuid, false), "0100a0de-976c-d111-8271-00a02442df7d");
  EXPECT_NE(HashOf(Hex("01")), HashOf(Hex("02")));
}

}  // namespace
}  // namespace tapiary::capture::layer2
