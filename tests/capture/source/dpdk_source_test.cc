// The DPDK source on real devices of DPDK that need no hardware: net_af_packet on a veth pair in
// the test's own network namespace, and net_pcap.
#include "capture/source/dpdk_source.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "capture/source/live_filter.h"
#include "tests/capture/source/dpdk_fixture.h"
#include "tests/capture/source/file_builder.h"

namespace tapiary::capture::test {
namespace {

using ::testing::HasSubstr;
using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

TEST_F(DpdkTest, DP01_WithoutHugepagesAHundredOfAHundredFrames) {
  Open({.ports = {CapturePort()}});
  EXPECT_EQ(sources_[0]->name(), CapturePort());
  EXPECT_EQ(sources_[0]->interfaces().at(0).link_type, LinkType::kEthernet);
  std::int64_t before = 0;
  for (std::size_t i = 0; i < 100; ++i) {
    const FrameBytes frame = UdpFrame({}, 60 + i);
    before = base::WallNow();
    ASSERT_TRUE(pair_.Send(frame));
    const auto seen = Collect(*sources_[0], 1, 2000);
    const std::int64_t after = base::WallNow();
    ASSERT_EQ(seen.size(), 1u) << i;
    EXPECT_EQ(seen[0].bytes, frame);
    EXPECT_EQ(seen[0].wire_length, frame.size());
    // Within a millisecond of the wall clock, while both are running.
    EXPECT_GE(seen[0].time_ns, before - base::kNanosPerMilli) << i;
    EXPECT_LE(seen[0].time_ns, after + base::kNanosPerMilli) << i;
  }
  EXPECT_EQ(sources_[0]->stats().received, 100u);
  EXPECT_EQ(sources_[0]->stats().dropped_kernel, 0u);
  EXPECT_TRUE(sources_[0]->stats().link_up);
}

// The clock is fitted again each second; a packet much later is still right.
TEST_F(DpdkTest, CAP13_TimesStayWithTheWallClock) {
  Open({.ports = {CapturePort()}});
  for (int i = 0; i < 30; ++i) {
    Collect(*sources_[0], 1, 100);
    const std::int64_t before = base::WallNow();
    ASSERT_TRUE(pair_.Send(UdpFrame()));
    const auto seen = Collect(*sources_[0], 1, 2000);
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_GE(seen[0].time_ns, before - base::kNanosPerMilli) << i;
    EXPECT_LE(seen[0].time_ns, base::WallNow() + base::kNanosPerMilli) << i;
  }
}

TEST_F(DpdkTest, DP05_FourQueuesOfAPortThatHasOne) {
  CaptureStderr();
  Open({.ports = {CapturePort()}, .queues = 4});
  const std::string log = GetCapturedStderr();
  EXPECT_EQ(sources_.size(), 1u);
  EXPECT_THAT(log, HasSubstr("1 of 4 queues"));
  for (const bool offload : {true, false}) {
    const std::string state = offload ? " on" : " off";
    for (const char* name : {VethPair::kCapture, VethPair::kPeer}) {
      Shell(std::string("ethtool -K ") + name + " rxvlan" + state + " txvlan" + state);
    }
    const FrameBytes tagged = UdpFrame({{0x8100, 0x7064}});  // priority 3, DEI, 100
    ASSERT_TRUE(pair_.Send(tagged));
    const auto seen = Collect(*sources_[0], 1, 2000);
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].bytes, tagged) << "offload" << state;
    EXPECT_EQ(seen[0].wire_length, tagged.size());
  }
}

TEST_F(DpdkTest, DP04_APortThatFailsDoesNotHideAnother) {
  Open({.ports = {CapturePort(), "af_packet:nosuch0", "pcap:/nonexistent/a.pcap", "0000:ff:1f.7"}});
  ASSERT_EQ(sources_.size(), 4u);
  EXPECT_THAT(sources_[1]->Open().error().message, HasSubstr("No such device"));
  EXPECT_THAT(sources_[2]->Open().error().message, HasSubstr("No such file"));
  EXPECT_THAT(sources_[3]->Open().error().message, HasSubstr("no PCI device 0000:ff:1f.7"));
  EXPECT_EQ(sources_[1]->name(), "af_packet:nosuch0");
  ASSERT_TRUE(pair_.Send(UdpFrame()));
  EXPECT_EQ(Collect(*sources_[0], 1, 2000).size(), 1u);
}

// A bond without members is found by DPDK and can be set up, but not started.
TEST_F(DpdkTest, DP04_APortThatCannotBeStartedIsKnownBeforeTheCapture) {
  CaptureStderr();
  Open({.ports = {"vdev:net_bonding0,mode=0", CapturePort()}}, 0);
  const std::string told = GetCapturedStderr();
  ASSERT_EQ(sources_.size(), 2u) << told;
  const auto opened = sources_[0]->Open();
  ASSERT_FALSE(opened);
  // Through the place where an interface of the kernel is offered instead.
  EXPECT_THAT(opened.error().message, HasSubstr("DPDK port vdev:net_bonding0"));
  EXPECT_THAT(opened.error().message, HasSubstr("rte_eth_dev_start")) << told;
  ASSERT_TRUE(sources_[1]->Open());
  ASSERT_TRUE(pair_.Send(UdpFrame()));
  EXPECT_EQ(Collect(*sources_[1], 1, 2000).size(), 1u);
}

// The port receives from when it is made; what comes before its source opens is none of ours.
TEST_F(DpdkTest, DP04_FramesBeforeTheCaptureAreLeftOut) {
  Open({.ports = {CapturePort()}}, 0);
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(pair_.Send(UdpFrame()));
  ASSERT_TRUE(sources_.at(0)->Open());
  EXPECT_TRUE(Collect(*sources_[0], 1, 300).empty());
  ASSERT_TRUE(pair_.Send(UdpFrame()));
  EXPECT_EQ(Collect(*sources_[0], 1, 2000).size(), 1u);
  EXPECT_EQ(sources_[0]->stats().dropped_kernel, 0u);
}

TEST_F(DpdkTest, DP04_TwoInstancesSideBySide) {
  // 0 when this process has captured all; both take the same frames.
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    sources_ = MakeDpdkSources({.ports = {CapturePort()}, .hugepages = DpdkHugepages::kOff});
    const bool opened = sources_.at(0)->Open().has_value();
    const bool told = ::write(ready[1], "r", 1) == 1;
    const bool all = opened && told && Collect(*sources_[0], 50, 20'000).size() == 50;
    sources_.clear();
    ::_exit(all ? 0 : 1);
  }
  Open({.ports = {CapturePort()}});
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(pair_.Send(UdpFrame()));
  EXPECT_EQ(Collect(*sources_[0], 50, 20'000).size(), 50u);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(DpdkTest, ASecondStartIsRefusedWithTheReason) {
  Open({.ports = {CapturePort()}});
  const auto again = MakeDpdkSources({.ports = {"vdev:net_null0"}});
  ASSERT_EQ(again.size(), 1u);
  EXPECT_THAT(again[0]->Open().error().message, HasSubstr("once a process"));
  ASSERT_TRUE(pair_.Send(UdpFrame()));
  EXPECT_EQ(Collect(*sources_[0], 1, 2000).size(), 1u);
}

TEST_F(DpdkTest, CAP05_TheFilterMeansWhatItMeansElsewhere) {
  Open({.ports = {CapturePort()}, .filter = "not port 80"});
  for (const std::uint16_t port : std::vector<std::uint16_t>{502, 80}) {
    ASSERT_TRUE(pair_.Send(UdpFrame({}, 60, port)));
    ASSERT_TRUE(pair_.Send(UdpFrame({{0x8100, 100}}, 60, port)));
    ASSERT_TRUE(pair_.Send(UdpFrame({{0x88a8, 300}, {0x8100, 301}}, 60, port)));
  }
  EXPECT_EQ(Collect(*sources_[0], 6, 500).size(), 3u);
  EXPECT_EQ(sources_[0]->stats().received, 3u);
  EXPECT_EQ(sources_[0]->stats().filtered, 3u);
}

TEST_F(DpdkTest, HP02_TheFilterChangesWhileCapturing) {
  const auto live = std::make_shared<LiveFilter>("");
  Open({.ports = {CapturePort()}, .live_filter = live});
  live->Set("port 502");
  Collect(*sources_[0], 1, 500);
  ASSERT_TRUE(pair_.Send(UdpFrame({}, 60, 80)));
  ASSERT_TRUE(pair_.Send(UdpFrame()));
  EXPECT_EQ(Collect(*sources_[0], 2, 500).size(), 1u);
  EXPECT_EQ(sources_[0]->stats().filtered, 1u);
}

TEST_F(DpdkTest, AFilterThatDoesNotCompileIsToldByOpen) {
  sources_ = MakeDpdkSources(
      {.ports = {CapturePort()}, .filter = "port", .hugepages = DpdkHugepages::kOff});
  EXPECT_THAT(sources_.at(0)->Open().error().message, HasSubstr("filter 'port'"));
}

TEST_F(DpdkTest, CAP08_WhatTheDriverDoesNotTellIsCounted) {
  Open({.ports = {CapturePort()}});
  for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(pair_.Send(UdpFrame()));  // the ring holds 8,192
  const auto seen = Collect(*sources_[0], 20'000, 3000);
  EXPECT_LT(seen.size(), 20'000u);
  EXPECT_EQ(seen.size() + sources_[0]->stats().dropped_kernel, 20'000u);
}

TEST_F(DpdkTest, CAP08_WhatTheDriverTellsIsCounted) {
  Open({.ports = {CapturePort("pcap_iface")}});
  const FrameBytes frame = UdpFrame({}, 1400);
  for (int i = 0; i < 5'000; ++i) ASSERT_TRUE(pair_.Send(frame));  // libpcap's buffer: 2 MiB
  const auto seen = Collect(*sources_[0], 5'000, 3000);
  EXPECT_LT(seen.size(), 5'000u);
  EXPECT_EQ(seen.size() + sources_[0]->stats().dropped_nic, 5'000u);
}

TEST_F(DpdkTest, CAP04_ThroughLibpcapEveryTagIsKept) {
  Open({.ports = {CapturePort("pcap_iface")}});
  for (const auto& tags : std::vector<std::vector<std::pair<std::uint16_t, std::uint16_t>>>{
           {}, {{0x8100, 100}}, {{0x88a8, 300}, {0x8100, 301}}}) {
    const FrameBytes frame = UdpFrame(tags);
    const std::int64_t before = base::WallNow();
    ASSERT_TRUE(pair_.Send(frame));
    const auto seen = Collect(*sources_[0], 1, 2000);
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].bytes, frame);
    EXPECT_GE(seen[0].time_ns, before - base::kNanosPerMilli);
    EXPECT_LE(seen[0].time_ns, base::WallNow());
  }
}

TEST_F(DpdkTest, CAP15_PromiscuousOnlyWhileOpen) {
  const std::string show =
      std::string("ip -d link show ") + VethPair::kCapture + " | grep -q 'promiscuity ";
  Open({.ports = {CapturePort()}});
  EXPECT_TRUE(Shell(show + "1'"));
  EXPECT_FALSE(Shell(std::string("ip link show ") + VethPair::kCapture + " | grep -q PROMISC"))
      << "the interface's own flag is not ours to set";
  sources_.clear();
  EXPECT_TRUE(Shell(show + "0'"));
}

TEST_F(DpdkTest, CAP02_LinkDownAndUpAgain) {
  Open({.ports = {CapturePort()}});
  ASSERT_TRUE(Shell(std::string("ip link set ") + VethPair::kPeer + " down"));
  EXPECT_TRUE(Collect(*sources_[0], 1, 600).empty());
  EXPECT_FALSE(sources_[0]->stats().link_up);
  ASSERT_TRUE(Shell(std::string("ip link set ") + VethPair::kPeer + " up"));
  std::size_t seen = 0;
  for (int i = 0; i < 20 && seen == 0; ++i) {  // the kernel lets frames through a little later
    ASSERT_TRUE(pair_.Send(UdpFrame()));
    seen = Collect(*sources_[0], 1, 500).size();
  }
  EXPECT_EQ(seen, 1u);
  for (int i = 0; i < 20 && !sources_[0]->stats().link_up; ++i) Collect(*sources_[0], 1, 500);
  EXPECT_TRUE(sources_[0]->stats().link_up);
}

// The driver's socket is bound to what is gone: that is told, and why.
TEST_F(DpdkTest, CAP03_AnInterfaceThatIsMadeAgainIsToldAsReplaced) {
  Open({.ports = {CapturePort()}});
  ASSERT_TRUE(Shell(std::string("ip link del ") + VethPair::kCapture));
  Collect(*sources_[0], 1, 700);
  EXPECT_FALSE(sources_[0]->stats().link_up);
  EXPECT_EQ(sources_[0]->stats().trouble, LinkTrouble::kMissing);
  ASSERT_TRUE(VethPair::Link(1500));
  Collect(*sources_[0], 1, 700);
  EXPECT_FALSE(sources_[0]->stats().link_up);
  EXPECT_EQ(sources_[0]->stats().trouble, LinkTrouble::kReplaced);
}

TEST_F(DpdkTest, StopIntakeHandsOutWhatIsThereAndNoMore) {
  Open({.ports = {CapturePort()}});
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(pair_.Send(UdpFrame()));
  sources_[0]->StopIntake();
  EXPECT_EQ(Collect(*sources_[0], 1000, 300).size(), 300u);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(pair_.Send(UdpFrame()));
  EXPECT_TRUE(Collect(*sources_[0], 1, 100).empty());
  EXPECT_EQ(sources_[0]->stats().received, 300u);
  EXPECT_EQ(sources_[0]->stats().undelivered, 0u);
}

TEST_F(DpdkTest, WaitsAsLongAsAskedAndSleepsMeanwhile) {
  Open({.ports = {CapturePort()}});
  PacketBatch batch;
  for (const int wait_ms : {0, 30, 300}) {
    rusage before{}, after{};
    ::getrusage(RUSAGE_THREAD, &before);
    const std::int64_t begin = base::SteadyNow();
    const auto state = sources_[0]->Next(batch, wait_ms);
    const std::int64_t took_ms = (base::SteadyNow() - begin) / base::kNanosPerMilli;
    ::getrusage(RUSAGE_THREAD, &after);
    ASSERT_TRUE(state);
    EXPECT_EQ(*state, NextState::kIdle);
    EXPECT_GE(took_ms, wait_ms - 1);
    EXPECT_LT(took_ms, wait_ms + 200) << "on a busy machine";
    const auto micros = [](const rusage& usage) {
      return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000'000 + usage.ru_utime.tv_usec +
             usage.ru_stime.tv_usec;
    };
    const auto used = micros(after) - micros(before);
    EXPECT_LT(used, 5'000 + wait_ms * 300) << "30 % of a core: it spins";
  }
}

TEST_F(DpdkFiles, FramesInSeveralBuffersAreWhole) {
  const PcapSpec spec;
  std::vector<Buffer> parts = {PcapHeader(spec)};
  const std::vector<std::size_t> sizes = {60, 1514, 2048, 2049, 2176, 4000, 9000, 15'000, 60};
  std::uint32_t second = 1'700'000'000;
  for (const std::size_t size : sizes) {
    parts.push_back(PcapRecord(spec, second++, 123'456, UdpFrame({{0x8100, 7}}, size)));
  }
  const TempFile file(Join(parts));
  Open({.ports = {"pcap:" + file.path()}, .snap_length = 10'000});
  const auto seen = Collect(*sources_[0], sizes.size(), 2000);
  ASSERT_EQ(seen.size(), sizes.size());
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    FrameBytes expected = UdpFrame({{0x8100, 7}}, sizes[i]);
    EXPECT_EQ(seen[i].wire_length, sizes[i]);
    if (expected.size() > 10'000) expected.resize(10'000);
    EXPECT_EQ(seen[i].bytes, expected) << sizes[i];
    EXPECT_EQ(
        seen[i].time_ns,
        (1'700'000'000LL + static_cast<std::int64_t>(i)) * base::kNanosPerSecond + 123'456'000);
  }
  EXPECT_EQ(sources_[0]->stats().truncated, 1u);
  EXPECT_EQ(sources_[0]->stats().received, sizes.size());
}

// In a loop the driver holds the whole file in buffers.
TEST_F(DpdkFiles, DP02_TooFewBuffersForADeviceAreToldInItsWords) {
  const PcapSpec spec;
  std::vector<Buffer> parts = {PcapHeader(spec)};
  for (std::uint32_t i = 0; i < 600; ++i) parts.push_back(PcapRecord(spec, i, 0, UdpFrame()));
  const TempFile file(Join(parts));
  Open({.ports = {"pcap_loop:" + file.path()}, .ring_size = 64}, 0);
  EXPECT_THAT(sources_.at(0)->Open().error().message, HasSubstr("Not enough mbufs"));
}

// This driver cuts a frame above 64 KiB and says its whole length all the same.
TEST_F(DpdkFiles, ALengthThatTheBuffersDoNotHoldIsNotBelieved) {
  const PcapSpec spec{.snap_length = 262'144};
  const TempFile file(Join({PcapHeader(spec), PcapRecord(spec, 1, 0, UdpFrame({}, 70'000)),
                            PcapRecord(spec, 2, 0, UdpFrame())}));
  Open({.ports = {"pcap:" + file.path()}});
  const auto seen = Collect(*sources_[0], 2, 2000);
  ASSERT_EQ(seen.size(), 2u);
  EXPECT_LE(seen[0].bytes.size(), seen[0].wire_length);
  FrameBytes expected = UdpFrame({}, 70'000);
  expected.resize(seen[0].bytes.size());
  EXPECT_EQ(seen[0].bytes, expected);
  EXPECT_EQ(seen[1].bytes, UdpFrame());
}

}  // namespace
}  // namespace tapiary::capture::test
