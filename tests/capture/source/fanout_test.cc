// One interface shared by several rings, on a real veth pair (CAP-10).
#include "capture/source/fanout.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "base/clock.h"
#include "capture/engine.h"
#include "capture/source/packet_source.h"
#include "tests/capture/source/veth_pair.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::test {
namespace {

constexpr std::uint32_t kMembers = 4;

std::string Host(int n) {
  return fmt::format("10.0.{}.{}", n / 250, n % 250 + 1);
}

std::vector<std::unique_ptr<PacketSource>> MakeMembers(std::uint32_t count) {
  AfPacketOptions options;
  options.interface = VethPair::kCapture;
  options.ring_bytes = 4 << 20;
  if (count > 1) options.fanout = std::make_shared<FanoutGroup>(count);
  std::vector<std::unique_ptr<PacketSource>> members;
  for (std::uint32_t i = 0; i < count; ++i) {
    options.leads = i == 0;
    members.push_back(MakeAfPacketSource(options));
  }
  return members;
}

class Fanout : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string why = veth_.Make(9000);
    if (!why.empty()) GTEST_SKIP() << why;
    members_ = MakeMembers(kMembers);
    for (const auto& member : members_) {
      const auto opened = member->Open();
      ASSERT_TRUE(opened) << opened.error().message;
    }
  }

  // The members that each of these frames came to; waits until all came, at most 20 s.
  std::map<FrameBytes, std::vector<std::size_t>> SendAll(const std::vector<FrameBytes>& frames) {
    for (const FrameBytes& frame : frames) EXPECT_TRUE(veth_.Send(frame));
    std::map<FrameBytes, std::vector<std::size_t>> came;
    std::size_t count = 0;
    const std::int64_t end_ns = base::SteadyNow() + 20 * base::kNanosPerSecond;
    int quiet_rounds = 0;  // copies would come as soon as what they copy
    while (base::SteadyNow() < end_ns && quiet_rounds < 3) {
      const bool all = count >= frames.size();
      for (std::size_t i = 0; i < members_.size(); ++i) count += Take(i, came);
      if (all) ++quiet_rounds;
    }
    EXPECT_EQ(count, frames.size());
    return came;
  }

  std::size_t Take(std::size_t member, std::map<FrameBytes, std::vector<std::size_t>>& came) {
    PacketBatch batch;
    const auto state = members_[member]->Next(batch, 60);
    EXPECT_TRUE(state);
    for (std::uint32_t i = 0; i < batch.count; ++i) {
      const Packet& packet = batch.packets[i];
      FrameBytes bytes(packet.bytes.begin(), packet.bytes.end());
      if (packet.has_vlan) {  // back to where it was
        const std::uint8_t tag[] = {static_cast<std::uint8_t>(packet.vlan_tpid >> 8),
                                    static_cast<std::uint8_t>(packet.vlan_tpid),
                                    static_cast<std::uint8_t>(packet.vlan_tci >> 8),
                                    static_cast<std::uint8_t>(packet.vlan_tci)};
        bytes.insert(bytes.begin() + 12, std::begin(tag), std::end(tag));
      }
      came[bytes].push_back(member);
    }
    return batch.count;
  }

  VethPair veth_;
  std::vector<std::unique_ptr<PacketSource>> members_;
};

using Sent = std::map<FrameBytes, std::vector<std::size_t>>;

// The member of a frame that came once.
std::size_t MemberOf(const Sent& came, const FrameBytes& frame) {
  const auto at = came.find(frame);
  if (at == came.end()) {
    ADD_FAILURE() << "a frame did not come";
    return kMembers;
  }
  EXPECT_EQ(at->second.size(), 1u) << "a frame came more than once";
  return at->second.front();
}

TEST_F(Fanout, CAP10_DirectionsAndFragmentsOfTwoHostsMeetInOneRing) {
  std::vector<FrameBytes> frames;
  const auto tagged = [](int tags) {
    PacketBuilder builder;
    builder.Eth();
    for (int i = 0; i < tags; ++i) builder.Vlan(static_cast<std::uint16_t>(10 + i));
    return builder;
  };
  for (int tags = 0; tags <= 3; ++tags) {
    const auto group = [&](const std::vector<FrameBytes>& more) {
      frames.insert(frames.end(), more.begin(), more.end());
    };
    for (int pair = 0; pair < 32; ++pair) {
      const std::string a = Host(2 * pair);
      const std::string b = Host(2 * pair + 1);
      group({tagged(tags).Ipv4(a, b).Tcp(40000, 502).Pad(80).Build(),
             tagged(tags).Ipv4(b, a).Tcp(502, 40000).Pad(80).Build(),
             tagged(tags).Ipv4(a, b, {.more_fragments = true}).Udp(47808, 47808).Pad(80).Build(),
             tagged(tags).Ipv4(a, b, {.proto = 17, .fragment_offset = 64}).Pad(80).Build()});
    }
    for (int pair = 0; pair < 8; ++pair) {
      const std::string a = fmt::format("fd00::{:x}", 2 * pair + 1);
      const std::string b = fmt::format("fd00::{:x}", 2 * pair + 2);
      group({tagged(tags).Ipv6(a, b).Tcp(40000, 102).Pad(90).Build(),
             tagged(tags).Ipv6(b, a).Tcp(102, 40000).Pad(90).Build(),
             tagged(tags).Ipv6(a, b).Ipv6Fragment(7, 0, true, 17).Udp(1, 2).Pad(90).Build(),
             tagged(tags).Ipv6(a, b).Ipv6Fragment(7, 64, false, 17).Pad(90).Build()});
    }
  }
  const Sent came = SendAll(frames);
  std::set<std::size_t> used;
  for (std::size_t i = 0; i < frames.size(); i += 4) {
    const std::size_t member = MemberOf(came, frames[i]);
    used.insert(member);
    for (std::size_t k = 1; k < 4; ++k) EXPECT_EQ(MemberOf(came, frames[i + k]), member);
  }
  EXPECT_EQ(used.size(), kMembers);
}

TEST_F(Fanout, CAP10_OtherFramesAreSharedByTheirStations) {
  std::vector<FrameBytes> frames;
  for (int i = 0; i < 64; ++i) {
    PacketBuilder there;
    PacketBuilder back;
    const std::string a = fmt::format("02:00:00:00:01:{:02x}", i);
    frames.push_back(there.Eth(a, "02:00:00:00:02:01").EtherType(0x8892).Pad(60).Build());
    frames.push_back(back.Eth("02:00:00:00:02:01", a).EtherType(0x8892).Pad(60).Build());
  }
  const Sent came = SendAll(frames);
  std::set<std::size_t> used;
  for (std::size_t i = 0; i < frames.size(); i += 2) {
    used.insert(MemberOf(came, frames[i]));
    EXPECT_EQ(MemberOf(came, frames[i]), MemberOf(came, frames[i + 1]));
  }
  EXPECT_GT(used.size(), 1u);
}

TEST_F(Fanout, CAP03_AllMembersFollowAReplacedInterface) {
  std::vector<FrameBytes> frames;
  for (int i = 0; i < 64; ++i) {
    frames.push_back(PacketBuilder().Eth().Ipv4(Host(i), Host(200)).Udp(4000, 502).Pad(80).Build());
  }
  SendAll(frames);
  ASSERT_TRUE(Shell(fmt::format("ip link del {}", VethPair::kCapture)));
  ASSERT_TRUE(
      Shell(fmt::format("ip link add {0} type veth peer name {1} && ip link set {1} up && "
                        "ip link set {0} up",
                        VethPair::kCapture, VethPair::kPeer)));
  const auto all_up = [this] {
    return std::ranges::all_of(members_,
                               [](const auto& member) { return member->stats().link_up; });
  };
  const std::int64_t end_ns = base::SteadyNow() + 30 * base::kNanosPerSecond;
  Sent ignored;
  const std::int64_t begin_ns = base::SteadyNow();
  // Up to a second until the loss is noticed, and as long until the new one is taken.
  while (base::SteadyNow() < end_ns &&
         (!all_up() || base::SteadyNow() - begin_ns < 3 * base::kNanosPerSecond)) {
    for (std::size_t i = 0; i < members_.size(); ++i) Take(i, ignored);
  }
  ASSERT_TRUE(all_up());
  for (const auto& [frame, members] : SendAll(frames)) EXPECT_EQ(members.size(), 1u);
}

// What is recorded, without times: those are the wire's.
std::vector<std::string> RecordsOf(VethPair& veth, const std::vector<FrameBytes>& frames,
                                   std::uint32_t workers) {
  EngineOptions options;
  options.blocks_per_worker = 8;
  Engine engine(options, MakeMembers(workers));
  EXPECT_TRUE(engine.Start());
  for (const FrameBytes& frame : frames) EXPECT_TRUE(veth.Send(frame));
  const auto seen = [&engine] {
    std::uint64_t packets = 0;
    for (const WorkerStatus& worker : engine.status()) packets += worker.packets;
    return packets;
  };
  const std::int64_t end_ns = base::SteadyNow() + 20 * base::kNanosPerSecond;
  while (seen() < frames.size() && base::SteadyNow() < end_ns) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  engine.Stop();
  RecordBatch records;
  while (engine.TakeRecords(records)) {
  }
  const auto ledger = engine.Ledger();
  EXPECT_EQ(ledger.size(), 1u);
  EXPECT_EQ(ledger.front().offered, frames.size());
  std::vector<std::string> out;
  for (const FlowRecord& flow : records.flows) {
    out.push_back(fmt::format("{} {} {}+{} {}", flow.community_id, flow.service, flow.orig.packets,
                              flow.resp.packets, flow.orig.bytes + flow.resp.bytes));
  }
  for (const Transaction& done : records.transactions) {
    out.push_back(fmt::format("{} {} {} {}", done.community_id, done.operation,
                              done.address.value_or(0), ToString(done.status)));
  }
  std::ranges::sort(out);
  return out;
}

// A Modbus request and its answer, and a datagram in two fragments, between each pair of hosts.
std::vector<FrameBytes> PlantTraffic() {
  std::vector<FrameBytes> frames;
  for (int pair = 0; pair < 24; ++pair) {
    const std::string a = Host(2 * pair);
    const std::string b = Host(2 * pair + 1);
    const auto tcp = [&](bool from_a, TcpOptions tcp_options, std::string_view data) {
      PacketBuilder builder;
      builder.Eth().Ipv4(from_a ? a : b, from_a ? b : a);
      if (from_a) {
        builder.Tcp(40000, 502, tcp_options);
      } else {
        builder.Tcp(502, 40000, tcp_options);
      }
      frames.push_back(builder.Data(data).Build());
    };
    tcp(true, {.seq = 99, .flags = 2}, "");
    tcp(false, {.seq = 199, .ack = 100, .flags = 18}, "");
    tcp(true, {.seq = 100, .ack = 200}, fmt::format("0001 0000 0006 01 06 {:04x} 0005", pair));
    tcp(false, {.seq = 200, .ack = 112}, fmt::format("0001 0000 0006 01 06 {:04x} 0005", pair));
    frames.push_back(PacketBuilder()
                         .Eth()
                         .Ipv4(a, b, {.more_fragments = true})
                         .Udp(5000, 6000)
                         .Data(std::string(32, '0'))
                         .Build());
    frames.push_back(PacketBuilder()
                         .Eth()
                         .Ipv4(a, b, {.proto = 17, .fragment_offset = 24})
                         .Data(std::string(64, '1'))
                         .Build());
  }
  return frames;
}

TEST(FanoutEngine, CAP10_FourWorkersRecordWhatOneRecords) {
  VethPair veth;
  const std::string why = veth.Make();
  if (!why.empty()) GTEST_SKIP() << why;
  const std::vector<FrameBytes> frames = PlantTraffic();
  const std::vector<std::string> one = RecordsOf(veth, frames, 1);
  EXPECT_EQ(one.size(), 24u * 3);  // a TCP flow, a UDP flow and a transaction a pair
  EXPECT_EQ(RecordsOf(veth, frames, kMembers), one);
}

}  // namespace
}  // namespace tapiary::capture::test
