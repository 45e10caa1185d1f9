// Segments: written, indexed, read block by block; damaged in every byte; and read by other tools.
#include "capture/segment/segment.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "tests/capture/segment/segment_builder.h"

namespace tapiary::capture::test {
namespace {

std::vector<std::vector<SeenPacket>> SomeBlocks(std::uint32_t blocks = 3,
                                                std::uint32_t per_block = 10) {
  std::vector<std::vector<SeenPacket>> all(blocks);
  std::uint32_t number = 0;
  for (auto& packets : all) {
    for (std::uint32_t i = 0; i < per_block; ++i) {
      packets.push_back(TestPacket(number, 60 + number % 40));
      ++number;
    }
  }
  return all;
}

std::vector<SeenPacket> ReadAll(const std::string& segment, const SegmentIndex& index) {
  std::vector<SeenPacket> seen;
  for (const BlockEntry& entry : index.blocks) {
    const auto raw = ReadBlock(entry, ReaderOf(segment));
    if (!raw) {
      ADD_FAILURE() << raw.error().message;
      continue;
    }
    const base::Bytes bytes(reinterpret_cast<const std::uint8_t*>(raw->data()), raw->size());
    EXPECT_TRUE(ForEachPacket(bytes, nullptr, [&seen](const Packet& one) {
      seen.push_back({Buffer(one.bytes.begin(), one.bytes.end()), one.time_ns, one.wire_length,
                      one.interface, one.direction});
      return true;
    }));
  }
  return seen;
}

TEST(Segment, RoundTripAtEveryLevel) {
  const auto blocks = SomeBlocks();
  std::vector<SeenPacket> expected;
  for (const auto& packets : blocks) {
    expected.insert(expected.end(), packets.begin(), packets.end());
  }
  for (const int level : {0, -5, 1, 3, 9, 19}) {
    const std::string segment = MakeSegment(blocks, level);
    const auto index = ReadSegmentIndex(segment.size(), ReaderOf(segment));
    ASSERT_TRUE(index) << index.error().message;
    EXPECT_EQ(index->stream, 5u);
    EXPECT_EQ(index->first_block, 1000u);
    EXPECT_EQ(index->packets(), 30u);
    EXPECT_EQ(index->first_ns(), expected.front().time_ns);
    EXPECT_EQ(index->last_ns(), expected.back().time_ns);
    EXPECT_EQ(ReadAll(segment, *index), expected);
  }
}

TEST(Segment, EmptySegmentAndManyBlocks) {
  const std::string empty = MakeSegment({});
  EXPECT_TRUE(ReadSegmentIndex(empty.size(), ReaderOf(empty))->blocks.empty());
  SegmentAssembler assembler(1, 0);
  for (std::uint32_t i = 0; i < 1000; ++i) assembler.Add(20, 100, 1, i, i + 1);
  const std::string many = std::string(20'000, 'x') + assembler.Tail();
  const auto index = ReadSegmentIndex(many.size(), ReaderOf(many));  // a tail of two reads
  ASSERT_TRUE(index) << index.error().message;
  EXPECT_EQ(index->blocks.size(), 1000u);
  EXPECT_EQ(index->blocks[999].offset, 19'980u);
  EXPECT_EQ(index->first_ns(), 0);
}

// Whatever is changed: either an error, or the very same packets.
TEST(Segment, EveryByteChangedIsNoticed) {
  const auto blocks = SomeBlocks(2, 4);
  const std::string whole = MakeSegment(blocks);
  const auto expected = ReadAll(whole, *ReadSegmentIndex(whole.size(), ReaderOf(whole)));
  std::size_t unnoticed = 0;
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const int change : {0x01, 0x80, 0xff}) {
      std::string segment = whole;
      segment[at] = static_cast<char>(segment[at] ^ change);
      const auto index = ReadSegmentIndex(segment.size(), ReaderOf(segment));
      bool noticed = !index.has_value();
      for (std::size_t i = 0; index && i < index->blocks.size(); ++i) {
        noticed |= !ReadBlock(index->blocks[i], ReaderOf(segment)).has_value();
      }
      if (noticed) continue;
      ++unnoticed;
      EXPECT_EQ(ReadAll(segment, *index), expected) << at;
    }
  }
  // zstd keeps a few bits that decoders must ignore (RFC 8878, unused bit of the descriptor).
  EXPECT_LE(unnoticed, 4u);
}

TEST(Segment, CutAnywhereIsAnError) {
  const std::string whole = MakeSegment(SomeBlocks(2, 4));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const std::string front = whole.substr(0, size);
    EXPECT_FALSE(ReadSegmentIndex(size, ReaderOf(front))) << size;
    const std::string back = whole.substr(size + 1);
    EXPECT_FALSE(ReadSegmentIndex(back.size(), ReaderOf(back))) << size;
  }
}

TEST(Segment, HostileCountsAskForNoMemory) {
  const std::string whole = MakeSegment(SomeBlocks(1, 1));
  for (const std::uint32_t count : {0u, 1u, 3u, 65'537u, 65'538u, 0x7fffffffu, 0xffffffffu}) {
    std::string segment = whole;
    for (std::size_t i = 0; i < 4; ++i) {
      segment[segment.size() - 9 + i] = static_cast<char>(count >> (8 * i));
    }
    EXPECT_FALSE(ReadSegmentIndex(segment.size(), ReaderOf(segment))) << count;
  }
  EXPECT_EQ(ReadSegmentIndex(kMaxSegmentBytes + 1, ReaderOf(whole)).error().code,
            base::ErrorCode::kTooLarge);
  EXPECT_FALSE(
      ReadBlock({.stored_bytes = 10, .raw_bytes = kMaxBlockRawBytes + 1}, ReaderOf(whole)));
  EXPECT_FALSE(ReadBlock({.stored_bytes = 0, .raw_bytes = 0}, ReaderOf(whole)));
}

std::string Output(const std::string& command) {
  std::string out;
  FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  char chunk[4096];
  while (const std::size_t got = ::fread(chunk, 1, sizeof chunk, pipe)) out.append(chunk, got);
  ::pclose(pipe);
  return out;
}

bool HasTool(const std::string& name) {
  return std::system(("command -v " + name + " >/dev/null").c_str()) == 0;
}

// The promise of the format: other people's programs read it (several sections in one stream).
TEST(Segment, ZstdThenTsharkReadsEveryPacket) {
  if (!HasTool("zstd") || !HasTool("tshark")) GTEST_SKIP() << "zstd or tshark is not installed";
  auto blocks = SomeBlocks(3, 5);
  blocks[1][2].bytes = TcpFrame({{0x88a8, 300}, {0x8100, 301}});
  blocks[1][2].wire_length = static_cast<std::uint32_t>(blocks[1][2].bytes.size());
  blocks[2][4].time_ns = kTimeUnknown;
  InterfaceInfo interface;
  interface.name = "plant0";
  const std::string segment = MakeSegment(blocks, 3, interface);
  const TempFile file(Buffer(segment.begin(), segment.end()));
  const std::string out =
      Output("zstd -dc < " + file.path() +
             " | tshark -r - -T fields -e frame.time_epoch -e frame.cap_len -e frame.len"
             " -e frame.interface_name -e vlan.id -e frame.comment");
  std::string expected;
  for (const auto& packets : blocks) {
    for (const SeenPacket& packet : packets) {
      const bool known = packet.time_ns != kTimeUnknown;
      const std::int64_t time = known ? packet.time_ns : 0;
      char line[200];
      std::snprintf(line, sizeof line, "%lld.%09lld\t%zu\t%u\tplant0\t%s\t%s\n",
                    static_cast<long long>(time / 1'000'000'000),
                    static_cast<long long>(time % 1'000'000'000), packet.bytes.size(),
                    packet.wire_length, packet.bytes[12] == 0x88 ? "301" : "",
                    known ? "" : "tapiary:time=unknown");
      expected += line;
    }
  }
  std::string lines;  // without what tshark says about running as root
  for (std::size_t at = 0; at < out.size();) {
    const std::size_t end = std::min(out.find('\n', at), out.size() - 1);
    const std::string line = out.substr(at, end - at + 1);
    if (line.find('\t') != std::string::npos) lines += line;
    at = end + 1;
  }
  EXPECT_EQ(lines, expected) << out;
}

TEST(Segment, ZstdThenTcpdumpReadsEveryPacket) {
  if (!HasTool("zstd") || !HasTool("tcpdump")) GTEST_SKIP() << "zstd or tcpdump is not installed";
  const std::string segment = MakeSegment(SomeBlocks(3, 7));
  const TempFile file(Buffer(segment.begin(), segment.end()));
  EXPECT_EQ(std::system(("zstd -tq < " + file.path()).c_str()), 0);
  const std::string out = Output("zstd -dc < " + file.path() + " | tcpdump -r - --count");
  EXPECT_NE(out.find("\n21 packets\n"), std::string::npos) << out;
}

TEST(Segment, OurReaderTakesTheWholeSegment) {
  const auto blocks = SomeBlocks(3, 7);
  const std::string segment = MakeSegment(blocks);
  const SeenFile seen = ReadFile(Buffer(segment.begin(), segment.end()));
  ASSERT_EQ(seen.packets.size(), 21u);
  EXPECT_EQ(seen.interfaces.size(), 1u);
  EXPECT_EQ(seen.note, "");
  for (std::size_t i = 0; i < 21; ++i) EXPECT_EQ(seen.packets[i], blocks[i / 7][i % 7]);
}

}  // namespace
}  // namespace tapiary::capture::test
