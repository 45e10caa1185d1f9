#include "capture/source/dpdk_args.h"

#include <gmock/gmock.h>

#include "tests/capture/source/host_tree.h"

namespace tapiary::capture::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::string ErrorOf(const DpdkOptions& options, const HostTree& host) {
  const auto plan = PlanDpdk(options, host.root());
  return plan ? std::string() : plan.error().message;
}

TEST(DpdkArgs, DP01_NoHugepagesIsSpelledWithoutContradictions) {
  const HostTree host;
  const auto plan = PlanDpdk({.ports = {"af_packet:eth1"}, .file_prefix = "plant-a"}, host.root());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_FALSE(plan->hugepages);
  EXPECT_THAT(
      plan->arguments,
      ElementsAre("tapiary-sensor", "--lcores", "0@(0-3)", "-m", "82", "--no-huge", "--no-shconf",
                  "--iova-mode", "va", "--file-prefix", "plant-a", "--no-telemetry", "--vdev",
                  "net_af_packet0,iface=eth1,framesz=2048,blocksz=4096,framecnt=8192", "--no-pci"));
  EXPECT_EQ(plan->CommandLine().substr(0, 43), "tapiary-sensor --lcores '0@(0-3)' -m 82 --n");
}

TEST(DpdkArgs, DP01_HugepagesAreUsedWhereTheyAre) {
  HostTree host;
  host.AddNic("0000:03:00.0", "vfio-pci", "", "12");
  host.HugePages("hugepages-2048kB", 64);
  host.HugePages("hugepages-1048576kB", 0);
  const DpdkOptions options{.ports = {"0000:03:00.0"}, .file_prefix = "a"};
  const auto plan = PlanDpdk(options, host.root());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_TRUE(plan->hugepages);
  EXPECT_THAT(plan->arguments,
              ElementsAre("tapiary-sensor", "--lcores", "0@(0-3)", "-m", "69", "--in-memory",
                          "--file-prefix", "a", "--no-telemetry", "-a", "0000:03:00.0"));
  host.HugePages("hugepages-2048kB", 16);  // 32 MiB
  EXPECT_FALSE(PlanDpdk(options, host.root())->hugepages);
}

TEST(DpdkArgs, DP01_NoHugepagesWhenAskedForIsOneClearCause) {
  const HostTree host;
  const std::string error =
      ErrorOf({.ports = {"af_packet:eth1"}, .hugepages = DpdkHugepages::kOn}, host);
  EXPECT_THAT(error, HasSubstr("0 B are free in hugepages"));
  EXPECT_THAT(error, HasSubstr("dpdk.hugepages"));
}

TEST(DpdkArgs, DP02_BuffersFollowQueuesAndRings) {
  EXPECT_EQ(DpdkBuffers(1, 4096), 2 * 4096u + kDpdkCache + 64);
  EXPECT_EQ(DpdkBuffers(4, 1024), 8 * 1024u + 4 * (kDpdkCache + 64));
  const HostTree host;
  const auto plan = PlanDpdk({.ports = {"af_packet:a", "af_packet:b"}, .queues = 2}, host.root());
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->mbufs, DpdkBuffers(2, 4096));
  EXPECT_GE(plan->memory_bytes, 2u * plan->mbufs * 4096) << "a page for each";
}

TEST(DpdkArgs, DP02_TooLargeTooSmallAndMoreThanThereIs) {
  const HostTree host;  // 4 GB of memory
  const std::vector<std::string> ports = {"af_packet:eth1"};
  EXPECT_THAT(
      ErrorOf({.ports = ports, .memory_bytes = 32 << 20}, host),
      HasSubstr("dpdk.memory is 32.0 MiB, too little (ports: 1, buffers of each: 8512, which "
                "need 82.0 MiB)"));
  EXPECT_THAT(ErrorOf({.ports = ports, .mbufs = 1024}, host),
              HasSubstr("1024 is too few for 1 queues of 4096 descriptors: at least 4416"));
  EXPECT_THAT(ErrorOf({.ports = ports, .mbufs = 4'000'000}, host), HasSubstr("this host has"));
  EXPECT_THAT(ErrorOf({.ports = ports, .mbufs = 40'000'000}, host), HasSubstr("at most"));
  EXPECT_THAT(ErrorOf({.ports = ports, .memory_bytes = 1LL << 40}, host),
              HasSubstr("1.0 TiB are wanted"));
  EXPECT_EQ(ErrorOf({.ports = ports, .memory_bytes = 1 << 30, .mbufs = 4416}, host), "");
}

TEST(DpdkArgs, DP03_WhatTheHostNeedsIsRefusedUnlessForced) {
  HostTree host;
  host.AddNic("0000:03:00.0", "mlx5_core", "eth0", "");
  host.AddInterface("eth1", "");
  host.AddInterface("eth2", "");
  host.Routes({{"eth0", "00000000", "00000000"}, {"eth1", "0005000A", "00FFFFFF"}});
  DpdkOptions options{.ports = {"03:00.0", "af_packet:eth0", "af_packet:eth1", "af_packet:eth2"},
                      .uplink_addresses = {"10.0.5.1"}};
  const auto plan = PlanDpdk(options, host.root());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(plan->refusals[0], HasSubstr("has the default route"));
  EXPECT_THAT(plan->refusals[0], HasSubstr("dpdk.force"));
  EXPECT_THAT(plan->refusals[1], HasSubstr("has the default route"));
  EXPECT_THAT(plan->refusals[2], HasSubstr("leads to the collector 10.0.5.1"));
  EXPECT_EQ(plan->refusals[3], "");
  const std::string line = plan->CommandLine();
  EXPECT_THAT(line, HasSubstr("iface=eth2"));
  EXPECT_THAT(line, Not(HasSubstr("eth0"))) << "DPDK does not even look at it";
  EXPECT_THAT(line, Not(HasSubstr("03:00.0")));
  EXPECT_THAT(line, HasSubstr("--no-pci"));
  options.force = true;
  const auto forced = PlanDpdk(options, host.root());
  EXPECT_THAT(forced->refusals, ElementsAre("", "", "", ""));
}

TEST(DpdkArgs, DP03_DriversAndGroupsBarAPortAndNoOther) {
  HostTree host;
  host.AddNic("0000:03:00.0", "", "", "");
  host.AddNic("0000:04:00.0", "vfio-pci", "", "13");
  host.AddNic("0000:04:00.1", "ixgbe", "eth1", "13");
  host.AddNic("0000:05:00.0", "uio_pci_generic", "", "");
  host.AddNic("0000:06:00.0", "vfio-pci", "", "15");
  const auto plan =
      PlanDpdk({.ports = {"03:00.0", "04:00.0", "05:00.0", "06:00.0", "09:00.0"}, .force = true},
               host.root());
  ASSERT_TRUE(plan) << plan.error().message;
  EXPECT_THAT(plan->refusals[0], HasSubstr("bind vfio-pci"));
  EXPECT_THAT(plan->refusals[1], HasSubstr("0000:04:00.1 (ixgbe)"));
  EXPECT_THAT(plan->refusals[2], HasSubstr("needs hugepages"));
  EXPECT_EQ(plan->refusals[3], "");
  EXPECT_THAT(plan->refusals[4], HasSubstr("no PCI device"));
}

TEST(DpdkArgs, DP04_PrefixesAreUniqueAndPlain) {
  const HostTree host;
  const std::vector<std::string> ports = {"af_packet:eth1"};
  EXPECT_EQ(PlanDpdk({.ports = ports}, host.root())->file_prefix,
            "tapiary-" + std::to_string(::getpid()));
  EXPECT_THAT(ErrorOf({.ports = ports, .file_prefix = "rte"}, host), HasSubstr("by default"));
  for (const char* bad : {"../x", "a b", "a/b", ".x"}) {
    EXPECT_THAT(ErrorOf({.ports = ports, .file_prefix = bad}, host), HasSubstr("file_prefix"));
  }
}

TEST(DpdkArgs, CoresMustBeOurs) {
  const HostTree host;
  const std::vector<std::string> ports = {"af_packet:eth1"};
  EXPECT_THAT(PlanDpdk({.ports = ports, .cores = "1-2"}, host.root())->cores, ElementsAre(1, 2));
  EXPECT_THAT(ErrorOf({.ports = ports, .cores = "3-4"}, host), HasSubstr("CPU 4 is not among"));
  EXPECT_THAT(ErrorOf({.ports = ports, .cores = "x"}, host), HasSubstr("dpdk.cores"));
}

TEST(DpdkArgs, FactsOfThisHost) {
  const DpdkFacts facts = ReadDpdkFacts("");
  EXPECT_TRUE(ParseCpuList(facts.cpus));
  EXPECT_GT(facts.available_bytes, 1u << 20);
  EXPECT_EQ(ReadDpdkFacts("/nonexistent").cpus, "0");
}

}  // namespace
}  // namespace tapiary::capture::test
