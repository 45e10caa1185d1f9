#include "capture/source/dpdk_ports.h"

#include <gmock/gmock.h>

#include "tests/base/temp_folder.h"

namespace tapiary::capture::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(DpdkPorts, TheUsualOnesNeedNoWordsOfDpdk) {
  const auto argument = [](std::string_view text) {
    const auto port = ParseDpdkPort(text, 3, 1500);
    return port ? port->Argument() : port.error().message;
  };
  EXPECT_EQ(argument("0000:03:00.0"), "0000:03:00.0");
  EXPECT_EQ(argument("0000:AF:00.1"), "0000:af:00.1");
  EXPECT_EQ(argument("03:00.0"), "0000:03:00.0");
  EXPECT_EQ(argument("af_packet:eth1"),
            "net_af_packet3,iface=eth1,framesz=2048,blocksz=4096,framecnt=8192");
  EXPECT_EQ(argument("af_xdp:eth1"), "net_af_xdp3,iface=eth1");
  EXPECT_EQ(argument("pcap_iface:eth1"), "net_pcap3,rx_iface_in=eth1");
  EXPECT_EQ(argument("pcap:/tmp/a.pcap"), "net_pcap3,rx_pcap=/tmp/a.pcap");
  EXPECT_EQ(argument("pcap_loop:/tmp/a.pcap"), "net_pcap3,rx_pcap=/tmp/a.pcap,infinite_rx=1");
  EXPECT_EQ(argument("vhost:/run/vm.sock"), "net_vhost3,iface=/run/vm.sock");
  EXPECT_EQ(argument("vdev:net_null0,size=64,copy=1"), "net_null0,size=64,copy=1");
  EXPECT_EQ(argument("vdev:net_null0"), "net_null0");
}

TEST(DpdkPorts, WhatIsNoneSaysWhatIsPossible) {
  for (const char* text : {"eth1", "", "0000:03:00.8", "0000:03:00", "000g:03:00.0", "pcie:1"}) {
    const auto port = ParseDpdkPort(text, 0, 0);
    ASSERT_FALSE(port) << text;
    EXPECT_THAT(port.error().message, HasSubstr("af_packet:IFACE")) << text;
  }
}

// What would be read as further arguments of DPDK never gets there.
TEST(DpdkPorts, NoArgumentsAreSmuggledIn) {
  for (const char* text :
       {"af_packet:eth1,qpairs=9", "af_packet:", "af_packet:a-name-that-is-long", "af_packet:eth 1",
        "pcap:/tmp/a,b.pcap", "pcap:", "pcap:/tmp/a b", "vhost:/tmp/[a]", "pcap:/tmp/a=b",
        "vdev:0000:03:00.0", "vdev:net_x y", "vdev:", "vdev:crypto_null0", "af_packet:../../etc",
        "af_packet:..", "af_packet:e\nh"}) {
    EXPECT_FALSE(ParseDpdkPort(text, 0, 0)) << text;
  }
  EXPECT_FALSE(ParseDpdkPort("pcap:/" + std::string(600, 'a'), 0, 0));
}

TEST(DpdkPorts, FramesOfAnInterfaceFitItsMtu) {
  const base::TempFolder root;
  std::filesystem::create_directories(root.path() + "/sys/class/net/big0");
  root.File("sys/class/net/big0/mtu", "9000\n");
  const auto ports = ParseDpdkPorts({"af_packet:big0", "af_packet:gone0"}, root.path());
  ASSERT_TRUE(ports) << ports.error().message;
  EXPECT_EQ((*ports)[0].frame_bytes, 16'384u);
  EXPECT_THAT((*ports)[0].arguments, HasSubstr("framesz=16384,blocksz=16384,framecnt=1024"));
  EXPECT_EQ((*ports)[1].frame_bytes, 2048u);
  const auto largest = ParseDpdkPort("af_packet:lo", 0, 65'536);
  EXPECT_EQ(largest->frame_bytes, 32'768u) << "of what one buffer can hold";
}

TEST(DpdkPorts, EachDeviceOnce) {
  const auto error = [](const std::vector<std::string>& names) {
    const auto ports = ParseDpdkPorts(names, "/nonexistent");
    return ports ? std::string() : ports.error().message;
  };
  EXPECT_EQ(error({"af_packet:eth1", "af_packet:eth2", "0000:03:00.0", "03:00.1"}), "");
  EXPECT_THAT(error({"0000:03:00.0", "03:00.0"}), HasSubstr("'03:00.0' is named twice"));
  EXPECT_THAT(error({"af_packet:eth1", "pcap_iface:eth1"}), HasSubstr("twice"));
  EXPECT_THAT(error({"vdev:net_null0", "vdev:net_null0,size=64"}), HasSubstr("twice"));
}

TEST(DpdkPorts, ListsOfCpus) {
  EXPECT_THAT(ParseCpuList("2-5,8").value(), ElementsAre(2, 3, 4, 5, 8));
  EXPECT_THAT(ParseCpuList("0").value(), ElementsAre(0));
  EXPECT_TRUE(ParseCpuList("").value().empty());
  for (const char* text :
       {"5-2", "a", "1,,2", "1-", "-1", "1;2", "4096", "99999999999", "0-9999"}) {
    EXPECT_FALSE(ParseCpuList(text)) << text;
  }
}

}  // namespace
}  // namespace tapiary::capture::test
