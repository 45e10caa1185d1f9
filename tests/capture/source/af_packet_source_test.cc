// The af_packet source on real veth pairs, each test in its own network namespace.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <linux/ethtool.h>
#include <linux/if_packet.h>
#include <linux/sockios.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "base/clock.h"
#include "base/file.h"
#include "capture/segment/block_builder.h"
#include "capture/segment/segment.h"
#include "capture/source/live_filter.h"
#include "capture/source/packet_source.h"
#include "tests/capture/source/veth_pair.h"
#include "tests/support/timing.h"

namespace tapiary::capture::test {
namespace {

using Buffer = FrameBytes;
constexpr const char* kIface = VethPair::kCapture;
constexpr const char* kPeer = VethPair::kPeer;
constexpr int kMtu = 65535;

class AfPacket : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string why = veth_.Make(kMtu);
    if (!why.empty()) GTEST_SKIP() << why;
  }

  void Send(const Buffer& frame, const char* from = kPeer) { ASSERT_TRUE(veth_.Send(frame, from)); }

  // Whether the interface handles tags beside the frame (ethtool -K rxvlan/txvlan).
  static bool SetVlanOffload(const char* name, bool on) {
    const base::UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ethtool_value value{ETHTOOL_SFLAGS, on ? ETH_FLAG_RXVLAN | ETH_FLAG_TXVLAN : 0u};
    ifreq request{};
    std::strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
    request.ifr_data = reinterpret_cast<char*>(&value);
    return ::ioctl(fd.get(), SIOCETHTOOL, &request) == 0;
  }

  void Open(AfPacketOptions options = {}) {
    if (options.interface.empty()) options.interface = kIface;
    options.ring_bytes = 8 << 20;
    source_ = MakeAfPacketSource(options);
    const auto opened = source_->Open();
    ASSERT_TRUE(opened) << opened.error().message;
  }

  // Builds what would be stored of each packet that comes within the time, until `count`.
  std::vector<Buffer> Collect(std::size_t count, std::int64_t limit_ms) {
    std::vector<Buffer> frames;
    const std::int64_t end = base::SteadyNow() + limit_ms * base::kNanosPerMilli;
    PacketBatch batch;
    while (frames.size() < count && base::SteadyNow() < end) {
      const auto state = source_->Next(batch, 100);
      EXPECT_TRUE(state);
      if (!state || *state != NextState::kPackets) continue;
      for (std::uint32_t i = 0; i < batch.count; ++i) {
        last_ = batch.packets[i];
        directions_.push_back(batch.packets[i].direction);
        frames.push_back(Stored(batch.packets[i]));
      }
    }
    return frames;
  }

  // The kernel lets frames through only a little after it says that the link is up.
  std::size_t CollectOnceUp() {
    std::size_t seen = 0;
    for (int i = 0; i < 20 && seen == 0; ++i) {
      Send(UdpFrame({}));
      seen = Collect(1, 500).size();
    }
    return seen;
  }

  // Reads until the source has seen its link come; within a second, on a busy machine later.
  bool LinkComes() {
    for (int i = 0; i < 100 && !source_->stats().link_up; ++i) Collect(1, 100);
    return source_->stats().link_up;
  }

  Buffer Stored(const Packet& packet) {
    BlockBuilder builder(0, source_->interfaces()[0], "test");
    builder.Begin(std::move(MakeBlocks(1, kMinBlockBytes)[0]));
    builder.Append(packet);
    Buffer bytes;
    const auto read = ForEachPacket(builder.Close()->data, nullptr, [&](const Packet& stored) {
      bytes.assign(stored.bytes.begin(), stored.bytes.end());
      stored_wire_ = stored.wire_length;
      return true;
    });
    EXPECT_TRUE(read);
    return bytes;
  }

  VethPair veth_;
  std::unique_ptr<PacketSource> source_;
  std::vector<Direction> directions_;
  Packet last_;  // its bytes are not valid any more
  std::uint32_t stored_wire_ = 0;
};

TEST_F(AfPacket, CAP01_OneFrameOnAnIdleLinkIsSeenAtOnce) {
  Open();
  EXPECT_TRUE(Collect(1, 200).empty());
  const Buffer frame = UdpFrame({});
  const std::int64_t wall_before = base::WallNow();
  std::uint64_t sent = 0;
  const auto see = [&] {
    ++sent;
    return timing::Measure([&] {
      Send(frame);
      EXPECT_EQ(Collect(1, 20'000), std::vector<Buffer>{frame});
    });
  };
  EXPECT_LT(timing::Shortest(base::kNanosPerSecond, see), base::kNanosPerSecond);
  EXPECT_GE(last_.time_ns, wall_before - base::kNanosPerMilli);
  EXPECT_LE(last_.time_ns, base::WallNow());
  EXPECT_EQ(directions_[0], Direction::kInbound);
  EXPECT_EQ(source_->stats().received, sent);
}

TEST_F(AfPacket, CAP13_WithoutTimesByTheNicTheHostGivesThem) {
  Open({.nic_time = NicTime::kOn});
  const std::int64_t before = base::WallNow();
  Send(UdpFrame());
  ASSERT_EQ(Collect(1, 1000).size(), 1u);
  EXPECT_GE(last_.time_ns, before - base::kNanosPerMilli);
  EXPECT_LE(last_.time_ns, base::WallNow());
}

TEST_F(AfPacket, CAP02_LinkDownAndUpAgain) {
  Open();
  ASSERT_TRUE(Shell(std::string("ip link set ") + kIface + " down"));
  rusage before{};
  rusage after{};
  ::getrusage(RUSAGE_THREAD, &before);
  EXPECT_TRUE(Collect(1, 2000).empty());
  ::getrusage(RUSAGE_THREAD, &after);
  EXPECT_FALSE(source_->stats().link_up);
  const auto micros = [](const rusage& usage) {
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1'000'000 + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
  };
  EXPECT_LT(micros(after) - micros(before), 100'000) << "5 % of two seconds";
  ASSERT_TRUE(Shell(std::string("ip link set ") + kIface + " up"));
  EXPECT_EQ(CollectOnceUp(), 1u);
  EXPECT_TRUE(LinkComes());
}

TEST_F(AfPacket, CAP02_StartsOnALinkThatIsDown) {
  ASSERT_TRUE(Shell(std::string("ip link set ") + kIface + " down"));
  Open();
  EXPECT_FALSE(source_->stats().link_up);
  EXPECT_TRUE(Collect(1, 200).empty());
  ASSERT_TRUE(Shell(std::string("ip link set ") + kIface + " up"));
  EXPECT_EQ(CollectOnceUp(), 1u);
}

TEST_F(AfPacket, CAP03_DeletedAndMadeAgain) {
  Open({.filter = "port 502"});
  ASSERT_TRUE(Shell(std::string("ip link del ") + kIface));
  EXPECT_TRUE(Collect(1, 1000).empty());
  EXPECT_FALSE(source_->stats().link_up);
  ASSERT_TRUE(VethPair::Link(kMtu));
  EXPECT_TRUE(LinkComes());
  EXPECT_EQ(CollectOnceUp(), 1u);
  Send(UdpFrame({}, 60, 80));
  Send(UdpFrame({}));
  EXPECT_EQ(Collect(2, 1000).size(), 1u);
  EXPECT_EQ(source_->stats().filtered, 1u);
  EXPECT_TRUE(Shell(std::string("ip -d link show ") + kIface + " | grep -q 'promiscuity 1'"));
}

TEST_F(AfPacket, CAP03_MissingAtTheStartIsTakenWhenItComes) {
  ASSERT_TRUE(Shell(std::string("ip link del ") + kIface));
  ::testing::internal::CaptureStderr();
  Open({.filter = "port 502", .wait_for_interface = true});
  const std::string told = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(told.find("it is waited for (tapiary-sensor --list-interfaces"), told.npos) << told;
  EXPECT_FALSE(source_->stats().link_up);
  EXPECT_EQ(source_->stats().trouble, LinkTrouble::kMissing);
  EXPECT_TRUE(Collect(1, 700).empty());
  ASSERT_TRUE(VethPair::Link(kMtu));
  EXPECT_TRUE(LinkComes());
  EXPECT_EQ(source_->stats().trouble, LinkTrouble::kNone);
  EXPECT_EQ(CollectOnceUp(), 1u);
  Send(UdpFrame({}, 60, 80));
  Send(UdpFrame({}));
  EXPECT_EQ(Collect(2, 1000).size(), 1u);
  EXPECT_EQ(source_->stats().filtered, 1u);
  EXPECT_TRUE(Shell(std::string("ip -d link show ") + kIface + " | grep -q 'promiscuity 1'"));
}

// What comes need not be Ethernet.
TEST_F(AfPacket, CAP03_WhatComesHasItsOwnLinkType) {
  Open({.interface = "shtun0", .wait_for_interface = true});
  EXPECT_EQ(source_->interfaces()[0].link_type, LinkType::kEthernet);
  ASSERT_TRUE(Shell("ip tuntap add shtun0 mode tun && ip link set shtun0 up"));
  // Nobody holds its other end, so it has no carrier.
  for (int i = 0; i < 100 && source_->stats().trouble != LinkTrouble::kNone; ++i) Collect(1, 100);
  EXPECT_EQ(source_->stats().trouble, LinkTrouble::kNone);
  EXPECT_EQ(source_->interfaces()[0].link_type, LinkType::kRaw);
}

// The kernel unbinds a socket when its interface goes, and binds no socket to what comes back.
TEST_F(AfPacket, CAP03_BackUnderTheSameIndex) {
  Open();
  const std::string index = std::to_string(::if_nametoindex(kIface));
  const std::string again = std::string("ip link add ") + kIface + " index " + index +
                            " type veth peer name " + kPeer + " && ip link set " + kPeer +
                            " up && ip link set " + kIface + " up";
  for (const int pause_ms : {0, 1000}) {  // sooner than it is looked for, and later
    ASSERT_TRUE(Shell(std::string("ip link del ") + kIface));
    if (pause_ms > 0) Collect(1, pause_ms);
    ASSERT_TRUE(Shell(again));
    ASSERT_EQ(std::to_string(::if_nametoindex(kIface)), index);
    EXPECT_EQ(CollectOnceUp(), 1u) << "after " << pause_ms << " ms";
  }
}

// What came before the stop is handed out, what comes after is not, and the rest has a number.
TEST_F(AfPacket, StopIntakeLeavesNothingUncounted) {
  Open();
  for (int i = 0; i < 300; ++i) Send(UdpFrame({}));
  source_->StopIntake();
  for (int i = 0; i < 50; ++i) Send(UdpFrame({}));
  EXPECT_EQ(source_->stats().undelivered, 300u);
  EXPECT_EQ(Collect(100, 1000).size(), 128u);  // whole batches
  PacketBatch batch;
  ASSERT_TRUE(source_->Next(batch, 100));
  EXPECT_EQ(source_->stats().received + source_->stats().undelivered, 300u + batch.count);
  EXPECT_EQ(Collect(1000, 400).size() + 128 + batch.count, 300u);
  EXPECT_EQ(source_->stats().received, 300u);
  EXPECT_EQ(source_->stats().undelivered, 0u);
}

TEST_F(AfPacket, CAP03_RenamedAwayIsMissingAndNotFollowed) {
  Open();
  const std::string rename = "ip link set " + std::string(kIface);
  ASSERT_TRUE(Shell(rename + " down && " + rename + " name shother && ip link set shother up"));
  Collect(1, 800);
  EXPECT_FALSE(source_->stats().link_up);
  EXPECT_EQ(source_->stats().trouble, LinkTrouble::kMissing);
  Send(UdpFrame({}));
  EXPECT_TRUE(Collect(1, 400).empty());
  ASSERT_TRUE(Shell("ip link set shother down && ip link set shother name " + std::string(kIface)));
  ASSERT_TRUE(Shell(rename + " up"));
  EXPECT_TRUE(LinkComes());
  EXPECT_EQ(CollectOnceUp(), 1u);
}

TEST_F(AfPacket, CAP04_SavedBytesAreSentBytes) {
  const std::vector<std::vector<std::pair<std::uint16_t, std::uint16_t>>> taggings = {
      {},
      {{0x8100, 100}},
      {{0x8100, 0x7064}},  // priority 3, DEI, 100
      {{0x88a8, 300}, {0x8100, 301}},
      {{0x8100, 300}, {0x8100, 300}},
      {{0x8100, 0xc000}},  // VLAN 0, priority 6
  };
  Open();
  for (const bool offload : {true, false}) {
    ASSERT_TRUE(SetVlanOffload(kIface, offload));
    ASSERT_TRUE(SetVlanOffload(kPeer, offload));
    for (const auto& tags : taggings) {
      const Buffer frame = UdpFrame(tags);
      Send(frame);
      const auto seen = Collect(1, 1000);
      ASSERT_EQ(seen.size(), 1u);
      EXPECT_EQ(seen[0], frame);
      EXPECT_EQ(stored_wire_, frame.size());
    }
  }
}

TEST_F(AfPacket, CAP05_FilterFindsTaggedFramesAndCountsTheRest) {
  for (const char* filter : {"port 502", "not port 80"}) {
    Open({.filter = filter});
    const std::uint64_t received = source_->stats().received;
    for (const std::uint16_t port : std::vector<std::uint16_t>{502, 80}) {
      Send(UdpFrame({}, 60, port));
      Send(UdpFrame({{0x8100, 100}}, 60, port));
      Send(UdpFrame({{0x88a8, 300}, {0x8100, 301}}, 60, port));
    }
    EXPECT_EQ(Collect(6, 500).size(), 3u) << filter;
    EXPECT_EQ(source_->stats().received - received, 3u);
    EXPECT_EQ(source_->stats().filtered, 3u) << filter;
  }
}

// As the sensor does when its collector gets another address: from none to one, another, none.
TEST_F(AfPacket, HP02_TheFilterChangesWhileCapturing) {
  const auto live = std::make_shared<LiveFilter>("");
  Open({.live_filter = live});
  std::uint64_t filtered = 0;
  for (const char* filter : {"", "not port 80", "not port 502", "no filter", ""}) {
    if (*filter != 0 || live->number() > 0) live->Set(filter);
    Collect(1, 700);
    Send(UdpFrame({}, 60, 80));
    Send(UdpFrame({}, 60, 502));
    const bool all = *filter == 0;
    EXPECT_EQ(Collect(2, 300).size(), all ? 2u : 1u) << filter;
    filtered += all ? 0 : 1;
    EXPECT_EQ(source_->stats().filtered, filtered) << filter;
  }
}

TEST_F(AfPacket, CAP06_FramesAboveTheSnapLengthKeepTheirLength) {
  Open({.snap_length = 16'384});
  const Buffer frame = UdpFrame({}, 35'570);
  Send(frame);
  const auto seen = Collect(1, 1000);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0], Buffer(frame.begin(), frame.begin() + 16'384));
  EXPECT_EQ(last_.wire_length, 35'570u);
  EXPECT_EQ(source_->stats().truncated, 1u);
  EXPECT_EQ(source_->stats().above_mtu, 0u);  // that is 65,535 here
}

// virtio_net_hdr of linux/virtio_net.h, which is no C++.
struct VirtioHeader {
  std::uint8_t flags = 1;     // the checksum is to be filled in
  std::uint8_t gso_type = 1;  // TCP over IPv4
  std::uint16_t hdr_len = 54, gso_size = 1000, csum_start = 34, csum_offset = 16;
};

// As a host sends TCP to a NIC that cuts it (TSO): one frame of many segments.
bool SendUncut(std::size_t size) {
  Buffer frame = UdpFrame({}, size);
  const std::size_t ip_bytes = size - 14;
  frame[16] = static_cast<std::uint8_t>(ip_bytes >> 8);
  frame[17] = static_cast<std::uint8_t>(ip_bytes);
  frame[23] = 6;       // TCP
  frame[46] = 5 << 4;  // 20 bytes of header
  const VirtioHeader how;
  const auto* begin = reinterpret_cast<const std::uint8_t*>(&how);
  frame.insert(frame.begin(), begin, begin + sizeof how);
  const base::UniqueFd fd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  const int on = 1;
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_ifindex = static_cast<int>(::if_nametoindex(kPeer));
  return ::setsockopt(fd.get(), SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on) == 0 &&
         ::sendto(fd.get(), frame.data(), frame.size(), 0, reinterpret_cast<const sockaddr*>(&to),
                  sizeof to) == static_cast<ssize_t>(frame.size());
}

TEST_F(AfPacket, CAP06_FramesAboveTheMtuAreCounted) {
  for (const char* name : {kIface, kPeer}) {
    ASSERT_TRUE(Shell(std::string("ip link set ") + name + " mtu 1500"));
  }
  Open({.snap_length = 16'384});
  Send(UdpFrame({{0x8100, 301}}, 1518));  // the longest on the wire
  ASSERT_TRUE(SendUncut(35'570));
  EXPECT_EQ(Collect(2, 1000).size(), 2u);
  EXPECT_EQ(last_.wire_length, 35'570u);
  EXPECT_EQ(source_->stats().above_mtu, 1u);
  EXPECT_EQ(source_->stats().truncated, 1u);
}

TEST_F(AfPacket, CAP06_EachOffloadThatIsOnIsTold) {
  const std::string set = std::string("ethtool -K ") + kIface;
  if (!Shell(set + " gro on tso off gso off")) GTEST_SKIP() << "needs ethtool";
  ::testing::internal::CaptureStderr();
  Open();
  const std::string told = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(told.find("gro is on"), std::string::npos) << told;
  EXPECT_EQ(told.find("gso is on"), std::string::npos) << told;
  EXPECT_EQ(told.find("tso is on"), std::string::npos) << told;
}

TEST_F(AfPacket, CAP13_BlocksSayWhoseClockItWas) {
  Open({.nic_time = NicTime::kAuto});  // a veth has no clock
  Send(UdpFrame());
  PacketBatch batch;
  NextState state = NextState::kIdle;
  for (int i = 0; i < 20 && state == NextState::kIdle; ++i) state = *source_->Next(batch, 100);
  ASSERT_EQ(state, NextState::kPackets);
  const Packet& packet = batch.packets[0];
  BlockBuilder builder(0, source_->interfaces()[packet.interface], "test");
  builder.Begin(std::move(MakeBlocks(1, kMinBlockBytes)[0]));
  builder.Append(packet);
  InterfaceInfo stored;
  ASSERT_TRUE(ForEachPacket(builder.Close()->data, &stored, [](const Packet&) { return true; }));
  EXPECT_EQ(stored.description, "times by the host's clock");
  EXPECT_EQ(stored.name, kIface);
}

// A reader that does not come leaves blocks in the ring.
TEST_F(AfPacket, CAP08_TheRingTellsHowFullItWas) {
  Open();
  EXPECT_EQ(Collect(1, 700).size(), 0u);
  EXPECT_EQ(source_->stats().ring_blocks, 8u);  // 8 MiB in blocks of 1 MiB
  EXPECT_EQ(source_->stats().ring_blocks_peak, 0u);
  const Buffer frame = UdpFrame({}, 30'000);
  for (int i = 0; i < 110; ++i) Send(frame);  // 3 MiB and a little
  EXPECT_EQ(Collect(110, 2000).size(), 110u);
  (void)Collect(1, 700);
  EXPECT_GE(source_->stats().ring_blocks_peak, 3u);
  EXPECT_LE(source_->stats().ring_blocks_peak, 5u);
  EXPECT_EQ(source_->stats().dropped_kernel, 0u);
}

TEST_F(AfPacket, CAP08_ReceivedAndDroppedAddUpToWhatWasSent) {
  AfPacketOptions options{.interface = kIface};
  options.ring_bytes = 4 * 128 * 1024;
  options.block_bytes = 128 * 1024;
  source_ = MakeAfPacketSource(options);
  ASSERT_TRUE(source_->Open());
  const Buffer frame = UdpFrame({}, 1400);
  for (int i = 0; i < 2000; ++i) Send(frame);  // more than the ring holds
  const auto seen = Collect(2000, 1500);
  EXPECT_LT(seen.size(), 2000u);
  const SourceStats stats = source_->stats();
  EXPECT_EQ(stats.received, seen.size());
  EXPECT_EQ(stats.received + stats.dropped_kernel, 2000u);
}

TEST_F(AfPacket, ABatchStaysValidUntilTheNextCall) {
  Open();
  for (int i = 0; i < 300; ++i) Send(UdpFrame({}, 60 + static_cast<std::size_t>(i)));
  const auto seen = Collect(300, 2000);
  ASSERT_EQ(seen.size(), 300u);
  for (std::size_t i = 0; i < 300; ++i) EXPECT_EQ(seen[i], UdpFrame({}, 60 + i)) << i;
}

TEST_F(AfPacket, CAP09_LoopbackShowsEachPacketOnce) {
  ASSERT_TRUE(Shell("ip link set lo up"));
  for (const bool both : {false, true}) {
    Open({.interface = "lo", .both_directions_on_loopback = both});
    const base::UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(5020);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    for (int i = 0; i < 12; ++i) {
      ASSERT_EQ(
          ::sendto(fd.get(), &i, sizeof i, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to),
          4);
    }
    directions_.clear();
    EXPECT_EQ(Collect(25, 400).size(), both ? 24u : 12u);
    const auto outbound = std::count(directions_.begin(), directions_.end(), Direction::kOutbound);
    EXPECT_EQ(outbound, both ? 12 : 0);
  }
}

TEST_F(AfPacket, SentFramesAreOutbound) {
  Open();
  Send(UdpFrame({}), kIface);
  EXPECT_EQ(Collect(1, 1000).size(), 1u);
  EXPECT_EQ(directions_.at(0), Direction::kOutbound);
}

TEST_F(AfPacket, CAP07_ErrorsNameWhatFailed) {
  const auto error = [](AfPacketOptions options) {
    const auto source = MakeAfPacketSource(std::move(options));
    return source->Open().error();
  };
  EXPECT_EQ(error({.interface = "nosuch0"}).code, base::ErrorCode::kNotFound);
  EXPECT_NE(error({.interface = "nosuch0"}).message.find("nosuch0"), std::string::npos);
  EXPECT_EQ(error({.interface = "a-name-that-is-too-long"}).code, base::ErrorCode::kInvalid);
  EXPECT_EQ(error({.interface = kIface, .filter = "port"}).code, base::ErrorCode::kInvalid);
}

}  // namespace
}  // namespace tapiary::capture::test
