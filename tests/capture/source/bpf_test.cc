// Filters: one meaning for untagged, tagged and double-tagged frames, wherever the tag is (CAP-05).
#include "capture/source/bpf.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <resolv.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/capture/source/file_builder.h"

namespace tapiary::capture::test {
namespace {

// The frame as the kernel gives it: the outer tag in the metadata.
struct Held {
  Buffer bytes;
  Packet packet;
};
Held Untag(const std::vector<Tag>& tags, std::uint16_t port) {
  Held held;
  held.bytes = TcpFrame({tags.begin() + 1, tags.end()}, port);
  held.packet.bytes = held.bytes;
  held.packet.wire_length = static_cast<std::uint32_t>(held.bytes.size());
  held.packet.has_vlan = true;
  held.packet.vlan_tpid = tags[0].tpid;
  held.packet.vlan_tci = tags[0].tci;
  return held;
}

bool Matches(const std::string& expression, const Packet& packet) {
  auto filter = PacketFilter::Compile(expression, 1);
  return filter.value().Matches(packet);
}

bool MatchesFrame(const std::string& expression, const std::vector<Tag>& tags,
                  std::uint16_t port = 502) {
  const Buffer bytes = TcpFrame(tags, port);
  Packet packet;
  packet.bytes = bytes;
  packet.wire_length = static_cast<std::uint32_t>(bytes.size());
  const bool in_band = Matches(expression, packet);
  if (!tags.empty()) {
    const Held held = Untag(tags, port);
    EXPECT_EQ(Matches(expression, held.packet), in_band) << expression;
  }
  return in_band;
}

const std::vector<std::vector<Tag>> kTaggings = {
    {}, {{0x8100, 100}}, {{0x88a8, 300}, {0x8100, 301}}, {{0x8100, 300}, {0x8100, 300}}};

TEST(PacketFilter, CAP05_TagsAreNoObstacle) {
  for (const auto& tags : kTaggings) {
    EXPECT_TRUE(MatchesFrame("port 502", tags));
    EXPECT_FALSE(MatchesFrame("port 503", tags));
    EXPECT_FALSE(MatchesFrame("not port 502", tags));
    EXPECT_TRUE(MatchesFrame("not port 502", tags, 80));
    EXPECT_TRUE(MatchesFrame("ip host 10.0.0.1 and tcp dst port 502", tags));
    EXPECT_TRUE(MatchesFrame("ether src 02:00:00:00:00:01", tags));
    EXPECT_TRUE(MatchesFrame("", tags));
  }
}

TEST(PacketFilter, CAP05_NamingVlanMeansTheFrameOnTheWire) {
  EXPECT_FALSE(MatchesFrame("vlan", {}));
  EXPECT_TRUE(MatchesFrame("vlan 100", {{0x8100, 100}}));
  EXPECT_FALSE(MatchesFrame("vlan 101", {{0x8100, 100}}));
  EXPECT_TRUE(MatchesFrame("vlan 100 and port 502", {{0x8100, 100}}));
  EXPECT_TRUE(MatchesFrame("vlan 300 and vlan 301", {{0x88a8, 300}, {0x8100, 301}}));
}

TEST(PacketFilter, ErrorsSayHowFarItIsUnderstood) {
  const auto filter = PacketFilter::Compile("tcp port 502 or bogus", 1);
  ASSERT_FALSE(filter);
  EXPECT_EQ(filter.error().code, base::ErrorCode::kInvalid);
  EXPECT_NE(filter.error().message.find("after character 12"), std::string::npos)
      << filter.error().message;
  EXPECT_FALSE(PacketFilter::Compile(std::string("ip\0x", 4), 1));
  EXPECT_FALSE(PacketFilter::Compile(std::string(8'000, '('), 1));
  EXPECT_FALSE(PacketFilter::Compile(std::string(100'000, ' ') + "ip", 1));
}

// The thread's resolver is pointed at a socket of ours, which must stay silent.
TEST(PacketFilter, NamesAskNoNameServer) {
  const int server = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(server, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(getsockname(server, reinterpret_cast<sockaddr*>(&address), &size), 0);
  ASSERT_EQ(res_init(), 0);
  _res.nscount = 1;
  _res.nsaddr_list[0] = address;
  _res.retry = 1;
  _res.retrans = 1;
  const auto name = PacketFilter::Compile("host plc-1.example and port 502", 1);
  ASSERT_FALSE(name);
  EXPECT_NE(name.error().message.find("unknown host"), std::string::npos) << name.error().message;
  EXPECT_TRUE(PacketFilter::Compile("host localhost", 1));  // /etc/hosts is asked
  char asked[512];
  EXPECT_LT(recv(server, asked, sizeof asked, 0), 0) << "a name server was asked";
  EXPECT_EQ(_res.nscount, 1);  // given back
  res_init();
  close(server);
}

// Runs a kernel program as the kernel does, on the bytes without the outer tag.
std::uint32_t RunKernel(const std::vector<BpfInstruction>& program, const Buffer& bytes) {
  // Accumulator machine of the few instructions that KernelProgram itself adds, then libpcap's.
  std::uint32_t a = 0;
  std::uint32_t x = 0;
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const BpfInstruction& i = program[pc];
    const auto load = [&bytes](std::size_t at, std::size_t size) {
      std::uint32_t value = 0;
      for (std::size_t n = 0; n < size; ++n) value = value << 8 | bytes.at(at + n);
      return value;
    };
    switch (i.code) {
      case 0x28:
        a = load(i.k, 2);
        break;
      case 0x20:
        a = load(i.k, 4);
        break;
      case 0x30:
        a = load(i.k, 1);
        break;
      case 0x48:
        a = load(x + i.k, 2);
        break;
      case 0xb1:
        x = (load(i.k, 1) & 15) * 4;
        break;
      case 0x15:
        pc += a == i.k ? i.jump_true : i.jump_false;
        break;
      case 0x45:
        pc += (a & i.k) != 0 ? i.jump_true : i.jump_false;
        break;
      case 0x05:
        pc += i.k;
        break;
      case 0x06:
        return i.k;
      default:
        ADD_FAILURE() << "instruction " << i.code;
        return 0;
    }
  }
  ADD_FAILURE() << "ran off the end";
  return 0;
}

TEST(PacketFilter, KernelProgramMarksAndUserSpaceSettles) {
  auto filter = PacketFilter::Compile("tcp port 502", 1).value();
  const auto program = filter.KernelProgram(1000);
  EXPECT_EQ(RunKernel(program, TcpFrame({}, 502)), 1000u);
  EXPECT_EQ(RunKernel(program, TcpFrame({}, 80)), kRejectedBytes);
  for (const int tpid : {0x8100, 0x88a8, 0x9100, 0x9200, 0x9300}) {
    const Buffer tagged = TcpFrame({{static_cast<std::uint16_t>(tpid), 1}}, 80);
    EXPECT_EQ(RunKernel(program, tagged), 1000u);
    Packet packet;
    packet.bytes = tagged;
    packet.wire_length = 70;
    EXPECT_TRUE(filter.NeedsRecheck(packet));
    EXPECT_FALSE(filter.Matches(packet));
  }
  EXPECT_EQ(PacketFilter().KernelProgram(77).size(), 1u);
  EXPECT_EQ(RunKernel(PacketFilter().KernelProgram(77), {}), 77u);
  EXPECT_EQ(PacketFilter::Compile("vlan 5", 1).value().KernelProgram(77).size(), 1u);
}

}  // namespace
}  // namespace tapiary::capture::test
