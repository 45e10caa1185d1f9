// Writing pcapng: exact sizes, tags put back, times that pcapng cannot say.
#include "capture/segment/pcapng.h"

#include <gtest/gtest.h>

#include "capture/segment/segment.h"
#include "tests/capture/source/file_builder.h"

namespace tapiary::capture::test {
namespace {

Packet MakePacket(const Buffer& bytes, std::int64_t time_ns = 1'000'000'000) {
  Packet packet;
  packet.bytes = bytes;
  packet.time_ns = time_ns;
  packet.wire_length = static_cast<std::uint32_t>(bytes.size());
  return packet;
}

// Writes one packet and reads it back.
SeenPacket RoundTrip(const Packet& packet, InterfaceInfo interface = {}) {
  Buffer out;
  AppendSectionHeader({"test", "a comment"}, out);
  AppendInterface(interface, out);
  const std::size_t before = out.size();
  AppendPacket(packet, 0, out);
  EXPECT_EQ(out.size() - before, PacketBlockSize(packet));
  SeenPacket seen;
  InterfaceInfo read_interface;
  const auto read = ForEachPacket(out, &read_interface, [&seen](const Packet& one) {
    seen = {Buffer(one.bytes.begin(), one.bytes.end()), one.time_ns, one.wire_length, one.interface,
            one.direction};
    return true;
  });
  EXPECT_TRUE(read) << read.error().message;
  EXPECT_EQ(read_interface.name, interface.name);
  EXPECT_EQ(read_interface.description, interface.description);
  EXPECT_EQ(read_interface.link_type_number, interface.link_type_number);
  return seen;
}

TEST(Pcapng, CAP12_NanosecondsAndAllLengths) {
  for (std::size_t size = 0; size < 70; ++size) {
    const Buffer bytes = Payload(size);
    const SeenPacket seen = RoundTrip(MakePacket(bytes, 1'595'660'608'118'831'273));
    EXPECT_EQ(seen.bytes, bytes);
    EXPECT_EQ(seen.time_ns, 1'595'660'608'118'831'273);
    EXPECT_EQ(seen.wire_length, size);
  }
}

TEST(Pcapng, TimesThatPcapngCannotSay) {
  const Buffer bytes = Payload(61);
  // The reader believes times up to 2^62 ns from 1970.
  constexpr std::int64_t kFar = std::int64_t{1} << 62;
  for (const std::int64_t time :
       {kTimeUnknown, -kFar, std::int64_t{-1}, -3593'000'000'000, std::int64_t{0}, kFar}) {
    for (const Direction direction :
         {Direction::kUnknown, Direction::kInbound, Direction::kOutbound}) {
      Packet packet = MakePacket(bytes, time);
      packet.direction = direction;
      const SeenPacket seen = RoundTrip(packet);
      EXPECT_EQ(seen.time_ns, time);
      EXPECT_EQ(seen.direction, direction);
      EXPECT_EQ(seen.bytes, bytes);
    }
  }
}

TEST(Pcapng, CAP04_TagsArePutBack) {
  const std::vector<std::vector<Tag>> taggings = {{{0x8100, 100}},
                                                  {{0x8100, 0xf064}},
                                                  {{0x88a8, 300}, {0x8100, 301}},
                                                  {{0x8100, 300}, {0x8100, 300}},
                                                  {{0x9100, 5}}};
  for (const auto& tags : taggings) {
    const Buffer sent = TcpFrame(tags);
    const Buffer inner = TcpFrame({tags.begin() + 1, tags.end()});
    Packet packet = MakePacket(inner);
    packet.has_vlan = true;
    packet.vlan_tpid = tags[0].tpid;
    packet.vlan_tci = tags[0].tci;
    const SeenPacket seen = RoundTrip(packet);
    EXPECT_EQ(seen.bytes, sent);
    EXPECT_EQ(seen.wire_length, sent.size());
  }
}

TEST(Pcapng, CAP04_TagBehindTheCapturedBytesOnlyCounts) {
  const Buffer bytes = Payload(8);
  Packet packet = MakePacket(bytes);
  packet.wire_length = 60;
  packet.has_vlan = true;
  packet.vlan_tpid = 0x8100;
  const SeenPacket seen = RoundTrip(packet);
  EXPECT_EQ(seen.bytes, bytes);
  EXPECT_EQ(seen.wire_length, 64u);
}

TEST(Pcapng, InterfaceTextIsKeptAsItIs) {
  InterfaceInfo interface;
  interface.name = std::string("eth\0\xff\x1b", 6);
  interface.description = "SPAN of <b>switch</b> 7";
  interface.link_type = LinkType::kUndecoded;
  interface.link_type_number = 147;
  interface.filter = "not port 22";
  interface.os = "Linux 6.1\xff";
  interface.hardware = "igb 5.6";
  RoundTrip(MakePacket(Payload(4)), interface);
}

}  // namespace
}  // namespace tapiary::capture::test
