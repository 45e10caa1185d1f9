#include "server/ingest/segment_stream.h"

#include <functional>

#include "base/text.h"
#include "tests/server/ingest/fixture.h"

namespace tapiary::server::test {
namespace {

capture::SegmentIndex IndexOf(const std::string& segment) {
  return *capture::ReadSegmentIndex(segment.size(), [&](std::uint64_t offset, std::size_t size) {
    return base::Result<std::string>(segment.substr(offset, size));
  });
}

void Feed(SegmentStream& stream, std::string_view segment, std::size_t step) {
  for (std::size_t at = 0; at < segment.size(); at += step) {
    stream.Append(base::AsBytes(segment.substr(at, step)));
  }
}

CheckPool& Pool() {
  static CheckPool pool(2);
  return pool;
}

bool Confirmed(const std::string& segment, const capture::SegmentIndex& index) {
  SegmentStream stream(&Pool());
  Feed(stream, segment, 1000);
  return stream.Confirms(index);
}

// Blocks of `packets` of 60,000 random bytes each.
std::string LargeSegment(int packets, int blocks = 1) {
  capture::InterfaceInfo interface;
  interface.name = "tap1";
  capture::BlockBuilder builder(0, interface, "test");
  capture::BlockCompressor compressor;
  capture::SegmentAssembler assembler(0, 0);
  std::vector<std::uint8_t> frame(60'000);
  std::string segment;
  std::uint32_t value = 1;
  for (int i = 0; i < packets * blocks; ++i) {
    if (i % packets == 0) builder.Begin(std::move(capture::MakeBlocks(1, 8u << 20).front()));
    for (auto& byte : frame) byte = static_cast<std::uint8_t>((value = value * 69069 + 1) >> 24);
    capture::Packet packet;
    packet.bytes = frame;
    packet.wire_length = 60'000;
    packet.time_ns = 1000 + i;
    builder.Append(packet);
    if (i % packets != packets - 1) continue;
    const auto block = builder.Close();
    const std::string stored = *compressor.Compress(*block, 1);
    assembler.Add(stored.size(), block->data.size(), block->packets, block->first_ns,
                  block->last_ns);
    segment += stored;
  }
  return segment + assembler.Tail();
}

TEST(SegmentStream, ConfirmsHoweverTheBodyIsCut) {
  const std::string segment = MakeSegment(4, 9);
  for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{333},
                                 std::size_t{5000}, segment.size()}) {
    SegmentStream stream;
    Feed(stream, segment, step);
    EXPECT_TRUE(stream.Confirms(IndexOf(segment))) << step;
    EXPECT_EQ(stream.interface(), "tap0");
  }
  const std::string large = LargeSegment(25);  // 1.5 MB, of several blocks within the frame
  SegmentStream stream;
  Feed(stream, large, 131'072);
  EXPECT_TRUE(stream.Confirms(IndexOf(large)));
  EXPECT_EQ(stream.interface(), "tap1");
}

TEST(SegmentStream, DoesNotConfirmBeforeTheEnd) {
  const std::string segment = MakeSegment(0, 3);
  const capture::SegmentIndex index = IndexOf(segment);
  for (std::size_t size = 0; size < index.blocks.back().offset + 20; size += 37) {
    EXPECT_FALSE(Confirmed(segment.substr(0, size), index)) << size;
  }
  EXPECT_FALSE(Confirmed("", index));
  EXPECT_FALSE(Confirmed("not a segment", index));
}

TEST(SegmentStream, DoesNotConfirmABlockWithAByteChanged) {
  const std::string segment = MakeSegment(0, 2);
  const capture::SegmentIndex index = IndexOf(segment);
  const std::size_t end = index.blocks[1].offset + index.blocks[1].stored_bytes;
  for (std::size_t at = 0; at < end; ++at) {
    std::string damaged = segment;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x41);
    EXPECT_FALSE(Confirmed(damaged, index)) << at;
  }
}

TEST(SegmentStream, FindsABadBlockWhicheverThreadChecksIt) {
  const std::string segment = LargeSegment(5, 12);
  const capture::SegmentIndex index = IndexOf(segment);
  for (std::size_t step : {std::size_t{70'000}, segment.size()}) {
    SegmentStream stream(&Pool());
    Feed(stream, segment, step);
    EXPECT_TRUE(stream.Confirms(index));
    EXPECT_EQ(stream.interface(), "tap1");
    for (const capture::BlockEntry& entry : index.blocks) {
      std::string damaged = segment;
      damaged[entry.offset + entry.stored_bytes / 2] ^= 1;
      SegmentStream other(&Pool());
      Feed(other, damaged, step);
      EXPECT_FALSE(other.Confirms(index)) << entry.offset;
    }
  }
  SegmentStream unfinished(&Pool());
  Feed(unfinished, segment, segment.size());
}

TEST(SegmentStream, DoesNotConfirmAnIndexThatSaysSomethingElse) {
  const std::string segment = MakeSegment(0, 3);
  using Change = void (*)(capture::BlockEntry&);
  for (const Change change : std::initializer_list<Change>{
           [](auto& entry) { ++entry.packets; }, [](auto& entry) { ++entry.first_ns; },
           [](auto& entry) { --entry.last_ns; }, [](auto& entry) { ++entry.raw_bytes; },
           [](auto& entry) { --entry.stored_bytes; }}) {
    for (std::size_t i = 0; i < 3; ++i) {
      capture::SegmentIndex index = IndexOf(segment);
      change(index.blocks[i]);
      EXPECT_FALSE(Confirmed(segment, index)) << i;
    }
  }
  capture::SegmentIndex index = IndexOf(segment);
  index.blocks.pop_back();
  EXPECT_FALSE(Confirmed(segment, index));
  index = IndexOf(segment);
  index.blocks.push_back(index.blocks[0]);
  EXPECT_FALSE(Confirmed(segment, index));
}

// It holds no more than two MiB of a frame: those are for the check of what is stored.
TEST(SegmentStream, LeavesFramesThatAreTooLarge) {
  const std::string segment = LargeSegment(60);
  ASSERT_GT(segment.size(), 3'000'000u);
  EXPECT_FALSE(Confirmed(segment, IndexOf(segment)));
}

TEST(SegmentStream, KeepsTheIndexToBeReadAgain) {
  const std::string segment = MakeSegment(0, 200);
  const std::size_t tail = IndexOf(segment).blocks.back().offset;
  for (const std::size_t step : {std::size_t{100}, std::size_t{9000}, segment.size()}) {
    SegmentStream stream;
    Feed(stream, segment, step);
    for (const std::size_t size : {segment.size() - tail, std::size_t{4096}, std::size_t{0}}) {
      const auto recent = stream.Recent(segment.size() - size, size);
      ASSERT_TRUE(recent.has_value()) << step << " " << size;
      EXPECT_EQ(*recent, std::string_view(segment).substr(segment.size() - size));
    }
    EXPECT_FALSE(stream.Recent(segment.size(), 1).has_value());
    EXPECT_FALSE(stream.Recent(UINT64_MAX, 10).has_value());
    EXPECT_FALSE(stream.Recent(10, SIZE_MAX).has_value());
  }
}

}  // namespace
}  // namespace tapiary::server::test
