#include "uplink/dpdk_config.h"

#include <gmock/gmock.h>

#include "uplink/sensor_config.h"

namespace tapiary::uplink {
namespace {

using ::testing::HasSubstr;

base::Result<DpdkConfig> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "tapiary-sensor");
  DpdkConfig config;
  base::ConfigTable table("tapiary-sensor", "A test.");
  AddDpdkRows(table, config);
  TAPIARY_TRY(table.Parse(static_cast<int>(arguments.size()), arguments.data()));
  return config;
}

TEST(DpdkConfig, RowsBecomeOptions) {
  const auto config = Parse({"--dpdk.ports", "0000:03:00.0", "--dpdk.ports", "af_packet:eth1",
                             "--dpdk.hugepages", "on", "--dpdk.memory", "1GiB", "--dpdk.queues",
                             "4", "--dpdk.ring_size", "1024", "--dpdk.mbufs", "20000",
                             "--dpdk.cores", "2-5", "--dpdk.file_prefix", "a", "--dpdk.force"});
  ASSERT_TRUE(config) << config.error().message;
  const capture::DpdkOptions options = config->Options();
  EXPECT_EQ(options.ports.size(), 2u);
  EXPECT_EQ(options.hugepages, capture::DpdkHugepages::kOn);
  EXPECT_EQ(options.memory_bytes, 1 << 30);
  EXPECT_EQ(options.queues, 4u);
  EXPECT_EQ(options.ring_size, 1024u);
  EXPECT_EQ(options.mbufs, 20'000u);
  EXPECT_EQ(options.cores, "2-5");
  EXPECT_EQ(options.file_prefix, "a");
  EXPECT_TRUE(options.force);
  EXPECT_TRUE(config->fallback);
  EXPECT_FALSE(Parse({"--dpdk.fallback", "false"})->fallback);
  EXPECT_EQ(Parse({})->Options().hugepages, capture::DpdkHugepages::kAuto);
}

TEST(DpdkConfig, DP01_ContradictionsAreRefusedBeforeTheStart) {
  const auto error = [](std::vector<const char*> arguments) {
    const auto config = Parse(std::move(arguments));
    const auto checked = config ? CheckDpdk(*config, {"eth1"}) : config.error();
    return checked ? std::string() : checked.error().message;
  };
  EXPECT_EQ(error({}), "");
  EXPECT_EQ(error({"--dpdk.ports", "af_packet:eth2"}), "");
  EXPECT_THAT(error({"--dpdk.ports", "eth2"}), HasSubstr("is no port"));
  EXPECT_THAT(error({"--dpdk.hugepages", "maybe"}), HasSubstr("auto, on or off"));
  EXPECT_THAT(error({"--dpdk.ports", "af_packet:eth1"}), HasSubstr("captured twice"));
  EXPECT_THAT(error({"--dpdk.ports", "af_packet:eth2", "--dpdk.memory", "8MiB"}),
              HasSubstr("too little"));
  EXPECT_THAT(error({"--dpdk.ports", "af_packet:eth2", "--dpdk.mbufs", "100"}),
              HasSubstr("too few"));
  EXPECT_THAT(error({"--dpdk.ports", "af_packet:eth2", "--dpdk.cores", "4000"}),
              HasSubstr("dpdk.cores"));
  EXPECT_THAT(error({"--dpdk.ports", "af_packet:eth2", "--dpdk.file_prefix", "../x"}),
              HasSubstr("file_prefix"));
}

// A host without hugepages today must not end the capture of other interfaces.
TEST(DpdkConfig, DP04_WhatTheHostLacksIsNoFaultOfTheSettings) {
  const auto config = Parse({"--dpdk.ports", "0000:ff:1f.7", "--dpdk.hugepages", "on"});
  ASSERT_TRUE(config);
  EXPECT_TRUE(CheckDpdk(*config, {}));
}

TEST(DpdkConfig, DP01_TheArgumentsAreShown) {
  const auto config = Parse({"--dpdk.ports", "af_packet:nosuch0", "--dpdk.ports", "0000:ff:1f.7",
                             "--dpdk.hugepages", "off", "--dpdk.file_prefix", "plant-a"});
  const auto text = DescribeDpdk(config->Options());
  ASSERT_TRUE(text) << text.error().message;
  EXPECT_THAT(*text, HasSubstr("--no-huge --no-shconf --iova-mode va --file-prefix plant-a"));
  EXPECT_THAT(*text, HasSubstr("--vdev net_af_packet0,iface=nosuch0"));
  EXPECT_THAT(*text, HasSubstr("DPDK port 0000:ff:1f.7 is refused: there is no PCI device"));
}

}  // namespace
}  // namespace tapiary::uplink
