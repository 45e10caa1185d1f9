// The usual packet's block is, byte by byte, what WritePacket makes of it.
#include "capture/segment/packet_block.h"

#include <gtest/gtest.h>

#include "capture/segment/pcapng.h"
#include "tests/capture/source/file_builder.h"

namespace tapiary::capture::test {
namespace {

TEST(PacketBlock, TheSameBytesAsTheGeneralWay) {
  for (std::size_t size = 0; size < 9000; size += size < 300 ? 1 : 997) {
    for (const Direction direction :
         {Direction::kUnknown, Direction::kInbound, Direction::kOutbound}) {
      const Buffer bytes = Payload(size);
      Packet packet;
      packet.bytes = bytes;
      packet.time_ns = 1'595'660'608'118'831'273;
      packet.wire_length = static_cast<std::uint32_t>(size + 7);
      packet.direction = direction;
      ASSERT_TRUE(IsUsual(packet));
      ASSERT_EQ(UsualBlockSize(packet), PacketBlockSize(packet)) << size;
      // Whatever was there before; nothing behind the end.
      Buffer usual(UsualBlockSize(packet) + 8, 0xaa), general(usual.size(), 0xaa);
      std::fill(general.begin(), general.end() - 8, 0x55);
      WriteUsual(packet, 3, usual.size() - 8, usual.data());
      WritePacket(packet, 3, general.size() - 8, general.data());
      ASSERT_EQ(usual, general) << size;
    }
  }
}

TEST(PacketBlock, WhatIsNotUsual) {
  Packet packet;
  EXPECT_TRUE(IsUsual(packet));
  packet.has_vlan = true;
  EXPECT_FALSE(IsUsual(packet));
  packet = {};
  packet.time_ns = kTimeUnknown;
  EXPECT_FALSE(IsUsual(packet));
  packet.time_ns = -1;
  EXPECT_FALSE(IsUsual(packet));
  packet = {};
  const Buffer large(kMaxPacketBytes + 1);
  packet.bytes = large;
  EXPECT_FALSE(IsUsual(packet));
}

}  // namespace
}  // namespace tapiary::capture::test
