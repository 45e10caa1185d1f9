#include "capture/source/host_links.h"

#include <gmock/gmock.h>

#include "tests/capture/source/host_tree.h"

namespace tapiary::capture::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(HostLinks, DP03_DriverGroupAndUseAreShown) {
  HostTree host;
  host.AddNic("0000:03:00.0", "ixgbe", "eth0", "12");
  host.AddNic("0000:03:00.1", "vfio-pci", "", "12");
  host.AddNic("0000:04:00.0", "vfio-pci", "", "13");
  host.AddNic("0000:05:00.0", "", "", "");
  host.Routes({{"eth0", "00000000", "00000000"}});
  const HostLinks links(host.root(), {});
  const auto nics = links.Nics();
  ASSERT_EQ(nics.size(), 4u);
  EXPECT_EQ(nics[0].driver, "ixgbe");
  EXPECT_EQ(nics[0].ids, "8086:1572");
  EXPECT_THAT(nics[0].interfaces, ElementsAre("eth0"));
  EXPECT_EQ(nics[0].use, "has the default route");
  EXPECT_THAT(nics[0].blockers, IsEmpty());
  EXPECT_THAT(nics[1].blockers, ElementsAre("0000:03:00.0 (ixgbe)")) << "half of a group";
  EXPECT_EQ(nics[1].use, "");
  EXPECT_THAT(nics[2].blockers, IsEmpty());
  EXPECT_EQ(nics[3].driver, "");
  EXPECT_EQ(nics[3].iommu_group, "");
  const std::string table = DescribeLinks(links);
  EXPECT_THAT(table, HasSubstr("barred by 0000:03:00.0 (ixgbe)"));
  EXPECT_THAT(table, HasSubstr("no IOMMU"));
  EXPECT_THAT(table, HasSubstr("has the default route"));
}

TEST(HostLinks, OnlyNetworkDevicesAreNics) {
  HostTree host;
  host.AddNic("0000:03:00.0", "nvme", "", "");
  host.Write("/sys/devices/pci0000:00/0000:03:00.0/class", "0x010802\n");
  EXPECT_THAT(HostLinks(host.root(), {}).Nics(), IsEmpty());
  EXPECT_FALSE(HostLinks(host.root(), {}).Nic("0000:09:00.0"));
}

TEST(HostLinks, DP03_TheWayToTheCollector) {
  HostTree host;
  for (const char* name : {"eth0", "eth1", "eth2"}) host.AddInterface(name, "");
  host.Routes({{"eth0", "00000000", "00000000"},    // default
               {"eth1", "0000000A", "000000FF"},    // 10.0.0.0/8
               {"eth2", "0005000A", "00FFFFFF"}});  // 10.0.5.0/24
  const auto use = [&host](const char* uplink, const char* interface) {
    return HostLinks(host.root(), {uplink}).UseOf(interface);
  };
  EXPECT_EQ(use("10.0.5.9", "eth2"), "leads to the collector 10.0.5.9");
  EXPECT_EQ(use("10.0.5.9", "eth1"), "") << "the longer prefix wins";
  EXPECT_EQ(use("10.1.5.9", "eth1"), "leads to the collector 10.1.5.9");
  EXPECT_EQ(use("192.0.2.1", "eth1"), "");
  EXPECT_EQ(use("192.0.2.1", "eth0"), "has the default route");
  EXPECT_EQ(use("not an address", "eth1"), "");
}

TEST(HostLinks, DP03_Ipv6) {
  HostTree host;
  const std::string any(32, '0');
  const auto line = [](const std::string& to, const char* bits, const char* flags,
                       const char* name) {
    return to + " " + bits + " " + std::string(32, '0') + " 00 " + std::string(32, '0') +
           " 00000400 00000001 00000000 " + flags + " " + name + "\n";
  };
  host.Write("/proc/net/ipv6_route",
             line("20010db8000500000000000000000000", "40", "00000001", "eth1") +
                 line(any, "00", "00000003", "eth0") + line(any, "00", "00200200", "lo") +
                 line(any, "00", "00000201", "eth3"));
  const HostLinks links(host.root(), {"2001:db8:5::1"});
  EXPECT_EQ(links.UseOf("eth1"), "leads to the collector 2001:db8:5::1");
  EXPECT_EQ(links.UseOf("eth0"), "has the default route");
  EXPECT_EQ(links.UseOf("eth3"), "") << "an unreachable route";
  EXPECT_EQ(links.UseOf("lo"), "");
}

TEST(HostLinks, DP03_APortUnderABridgeOrBond) {
  HostTree host;
  host.AddNic("0000:03:00.0", "ixgbe", "eth0", "");
  host.AddInterface("bond0", "");
  host.AddInterface("br0", "");
  host.Stack("eth0", "bond0");
  host.Stack("bond0", "br0");
  host.Routes({{"br0", "00000000", "00000000"}});
  EXPECT_EQ(HostLinks(host.root(), {}).UseOf("eth0"), "has the default route by bond0");
  EXPECT_EQ(HostLinks(host.root(), {}).Nic("0000:03:00.0")->use, "has the default route by bond0");
  host.Stack("br0", "eth0");  // a circle ends
  host.Routes({});
  EXPECT_EQ(HostLinks(host.root(), {}).UseOf("eth0"), "");
}

TEST(HostLinks, GarbageAndNothingAreNoUse) {
  HostTree host;
  host.Write("/proc/net/route", "eth0\tzz\t\n\neth0 00000000\n\xff\xfe\n");
  host.Write("/proc/net/ipv6_route", "0 0 0\n" + std::string(5000, 'f') + "\n");
  EXPECT_EQ(HostLinks(host.root(), {"10.0.0.1"}).UseOf("eth0"), "");
  EXPECT_THAT(HostLinks("/nonexistent", {}).Interfaces(), IsEmpty());
  EXPECT_THAT(HostLinks("/nonexistent", {}).Nics(), IsEmpty());
}

TEST(HostLinks, ThisHostHasALoopback) {
  std::vector<std::string> names;
  for (const auto& interface : HostLinks("", {}).Interfaces()) names.push_back(interface.name);
  EXPECT_THAT(names, ::testing::Contains("lo"));
}

}  // namespace
}  // namespace tapiary::capture::test
