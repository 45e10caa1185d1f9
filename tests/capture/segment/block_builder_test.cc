// Blocks: numbers, times, limits, and that no packet makes them grow.
#include "capture/segment/block_builder.h"

#include <gtest/gtest.h>

#include "capture/segment/segment.h"
#include "tests/capture/source/file_builder.h"

namespace tapiary::capture::test {
namespace {

std::unique_ptr<Block> NewBlock() {
  return std::move(MakeBlocks(1, kMinBlockBytes)[0]);
}

TEST(BlockBuilder, NumbersTimesAndCounts) {
  BlockBuilder builder(7, {}, "test");
  EXPECT_FALSE(builder.HasBlock());
  EXPECT_EQ(builder.Close(), nullptr);
  const Buffer bytes = Payload(60);
  for (std::uint64_t number = 0; number < 3; ++number) {
    builder.Begin(NewBlock());
    EXPECT_EQ(builder.Close(), nullptr) << "a block without packets is kept";
    EXPECT_TRUE(builder.HasBlock());
    for (const std::int64_t time :
         {kTimeUnknown, std::int64_t{50}, std::int64_t{40}, std::int64_t{60}}) {
      Packet packet;
      packet.bytes = bytes;
      packet.time_ns = time;
      packet.wire_length = 60;
      ASSERT_TRUE(builder.Fits(packet));
      EXPECT_EQ(builder.Append(packet), number);
    }
    EXPECT_EQ(builder.packets_in_block(), 4u);
    const auto block = builder.Close();
    ASSERT_NE(block, nullptr);
    EXPECT_EQ(block->stream, 7u);
    EXPECT_EQ(block->number, number);
    EXPECT_EQ(block->first_ns, 40);
    EXPECT_EQ(block->last_ns, 60);
    EXPECT_EQ(block->packets, 4u);
    EXPECT_EQ(block->packet_bytes, 240u);
  }
}

TEST(BlockBuilder, FillsWithoutGrowing) {
  BlockBuilder builder(0, {}, "test");
  builder.Begin(NewBlock());
  const Buffer bytes = Payload(1514);
  Packet packet;
  packet.bytes = bytes;
  packet.wire_length = 1514;
  std::uint32_t count = 0;
  while (builder.Fits(packet)) {
    packet.time_ns = ++count;
    packet.has_vlan = count % 2 == 0;
    builder.Append(packet);
  }
  auto block = builder.Close();
  const std::size_t capacity = block->data.capacity();
  EXPECT_GT(count, 150u);
  std::uint32_t seen = 0;
  ASSERT_TRUE(ForEachPacket(block->data, nullptr, [&seen](const Packet& one) {
    EXPECT_EQ(one.time_ns, ++seen);
    return true;
  }));
  EXPECT_EQ(seen, count);
  builder.Begin(std::move(block));  // used again, it keeps its memory
  builder.Append(packet);
  EXPECT_EQ(builder.Close()->data.capacity(), capacity);
}

TEST(BlockBuilder, ALargestPacketFitsInASmallestBlock) {
  InterfaceInfo interface;
  interface.name.assign(5000, 'n');
  interface.description.assign(5000, 'd');
  BlockBuilder builder(0, interface, std::string(5000, 'a'));
  builder.Begin(std::move(MakeBlocks(1, 0)[0]));
  const Buffer bytes = Payload(kMaxPacketBytes);
  Packet packet;
  packet.bytes = bytes;
  packet.wire_length = kMaxPacketBytes;
  packet.time_ns = kTimeUnknown;
  packet.has_vlan = true;
  packet.direction = Direction::kInbound;
  EXPECT_TRUE(builder.Fits(packet));
  builder.Append(packet);
  EXPECT_FALSE(builder.Fits(packet));
}

}  // namespace
}  // namespace tapiary::capture::test
