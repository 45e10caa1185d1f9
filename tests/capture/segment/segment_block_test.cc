// One block of a segment: its compression, what of a frame is refused, and walking its packets.
#include <gtest/gtest.h>
#include <zstd.h>

#include <random>

#include "base/text.h"
#include "tests/capture/segment/segment_builder.h"

namespace tapiary::capture::test {
namespace {

std::vector<SeenPacket> TenPackets() {
  std::vector<SeenPacket> packets;
  for (std::uint32_t i = 0; i < 10; ++i) packets.push_back(TestPacket(i, 60 + i));
  return packets;
}

TEST(SegmentBlock, LevelZeroStores) {
  Block block;
  block.data.assign(500'000, 0);
  std::mt19937 random(1);
  for (auto& byte : block.data) byte = static_cast<std::uint8_t>(random() & 15);  // compressible
  BlockCompressor compressor;
  EXPECT_GE(compressor.Compress(block, 0)->size(), block.data.size());
  EXPECT_LT(compressor.Compress(block, 1)->size(), block.data.size() * 2 / 3);
}

TEST(SegmentBlock, ForEachPacketStopsAndNamesTheOffset) {
  const std::string segment = MakeSegment({TenPackets()});
  const auto index = ReadSegmentIndex(segment.size(), ReaderOf(segment)).value();
  std::string raw = ReadBlock(index.blocks[0], ReaderOf(segment)).value();
  const auto bytes = [&raw] {
    return base::Bytes(reinterpret_cast<const std::uint8_t*>(raw.data()), raw.size());
  };
  int seen = 0;
  EXPECT_TRUE(ForEachPacket(bytes(), nullptr, [&seen](const Packet&) { return ++seen < 3; }));
  EXPECT_EQ(seen, 3);
  raw.resize(raw.size() - 1);
  const auto cut = ForEachPacket(bytes(), nullptr, [](const Packet&) { return true; });
  EXPECT_EQ(cut.error().code, base::ErrorCode::kCorrupt);
}

TEST(SegmentBlock, OneExpanderReadsManyBlocksAndGoesOnBehindABadOne) {
  const std::string segment = MakeSegment({TenPackets(), TenPackets()});
  const auto index = ReadSegmentIndex(segment.size(), ReaderOf(segment)).value();
  BlockExpander expander;
  for (int round = 0; round < 3; ++round) {
    for (const BlockEntry& entry : index.blocks) {
      const std::string frame = segment.substr(entry.offset, entry.stored_bytes);
      const auto raw = expander.Expand(base::AsBytes(frame), entry.raw_bytes);
      ASSERT_TRUE(raw) << raw.error().message;
      EXPECT_EQ(base::AsText(*raw), ReadBlock(entry, ReaderOf(segment)).value());
      std::string damaged = frame;
      damaged.back() = static_cast<char>(damaged.back() ^ 1);
      EXPECT_FALSE(expander.Expand(base::AsBytes(damaged), entry.raw_bytes));
      EXPECT_FALSE(expander.Expand(base::AsBytes(frame), entry.raw_bytes - 1));
      EXPECT_FALSE(expander.Expand(base::AsBytes(frame + "x"), entry.raw_bytes));
    }
  }
  const std::string frame = segment.substr(0, index.blocks[0].stored_bytes);
  EXPECT_EQ(expander.Expand(base::AsBytes(frame), kMaxBlockRawBytes + 1).error().code,
            base::ErrorCode::kTooLarge);
}

TEST(SegmentBlock, OnlyWholeCheckedFramesOfThatSize) {
  const Buffer section = NgSection();
  const auto read = [](const std::string& frame, std::size_t raw) {
    const BlockEntry entry{.stored_bytes = static_cast<std::uint32_t>(frame.size()),
                           .raw_bytes = static_cast<std::uint32_t>(raw)};
    return ReadBlock(entry, ReaderOf(frame));
  };
  Block block;
  block.data.assign(section.begin(), section.end());
  BlockCompressor compressor;
  const std::string good = compressor.Compress(block, 3).value();
  ASSERT_TRUE(read(good, section.size()));
  EXPECT_FALSE(read(good, section.size() + 1));
  EXPECT_FALSE(read(good + good, section.size()));
  EXPECT_FALSE(read(good + "x", section.size()));
  EXPECT_FALSE(read(good.substr(1), section.size()));
  const Buffer unchecked = Zstd(section);  // zstd's simple call leaves the checksum out
  EXPECT_FALSE(read({unchecked.begin(), unchecked.end()}, section.size()));
  const Buffer payload = Payload(28);
  block.data.assign(payload.begin(), payload.end());
  EXPECT_FALSE(read(compressor.Compress(block, 3).value(), 28)) << "no section header";
  block.data.resize(kMaxBlockRawBytes + 1);
  EXPECT_EQ(compressor.Compress(block, 3).error().code, base::ErrorCode::kTooLarge);
}

TEST(SegmentBlock, ForEachPacketRefusesWhatIsNoBlock) {
  const auto walk = [](const Buffer& bytes) {
    return ForEachPacket(bytes, nullptr, [](const Packet&) { return true; });
  };
  const Buffer front = Join({NgSection(), NgInterface(false, 1, 0)});
  EXPECT_TRUE(walk(front));
  EXPECT_TRUE(walk(Join({front, NgEnhanced(false, 0, 1, Payload(9))})));
  EXPECT_FALSE(walk(Join({front, NgEnhanced(false, 1, 1, Payload(9))}))) << "unknown interface";
  EXPECT_FALSE(walk(Join({front, NgInterface(false, 1, 0)}))) << "a second interface";
  EXPECT_FALSE(walk(Payload(100)));
  EXPECT_FALSE(walk(Join({front, NgBlock(false, 0x4242, Payload(8), 0x1000)})));
}

}  // namespace
}  // namespace tapiary::capture::test
