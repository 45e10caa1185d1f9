#include "capture/source/offloads.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/capture/source/veth_pair.h"

namespace tapiary::capture::test {
namespace {

bool IsOn(std::string_view name) {
  const auto enabled = EnabledOffloads(VethPair::kCapture);
  EXPECT_TRUE(enabled) << enabled.error().message;
  return enabled && std::ranges::find(*enabled, name, &Offload::name) != enabled->end();
}

TEST(Offloads, CAP06_WhatIsOnIsFoundAndWhatIsOffIsNot) {
  VethPair veth;
  if (const std::string why = veth.Make(); !why.empty()) GTEST_SKIP() << why;
  const std::string set = std::string("ethtool -K ") + VethPair::kCapture + " ";
  if (!Shell(set + "gro on")) GTEST_SKIP() << "needs ethtool";
  for (const char* name : {"gro", "gso", "tso", "rxvlan", "txvlan"}) {
    ASSERT_TRUE(Shell(set + name + " on")) << name;
    EXPECT_TRUE(IsOn(name)) << name;
    ASSERT_TRUE(Shell(set + name + " off")) << name;
    EXPECT_FALSE(IsOn(name)) << name;
    ASSERT_TRUE(Shell(set + name + " on")) << name;
  }
  EXPECT_FALSE(IsOn("lro"));  // a veth has none
}

TEST(Offloads, AnInterfaceThatIsNotThereIsAnError) {
  EXPECT_FALSE(EnabledOffloads("nosuch0"));
}

TEST(Offloads, TheDriverAndTheSystemHaveNames) {
  VethPair veth;
  if (const std::string why = veth.Make(); !why.empty()) GTEST_SKIP() << why;
  EXPECT_TRUE(DriverOf(VethPair::kCapture).starts_with("veth"));
  EXPECT_EQ(DriverOf("nosuch0"), "");
  EXPECT_TRUE(HostSystem().starts_with("Linux "));
}

TEST(Offloads, CAP06_LongestFrame) {
  EXPECT_EQ(LongestFrame(1500, true), 1522u);
  EXPECT_EQ(LongestFrame(1500, false), 1500u);
  EXPECT_EQ(LongestFrame(0, true), UINT32_MAX);
  EXPECT_EQ(LongestFrame(UINT32_MAX, true), UINT32_MAX);
}

}  // namespace
}  // namespace tapiary::capture::test
