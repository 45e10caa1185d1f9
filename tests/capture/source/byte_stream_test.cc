// Compressed capture files: found by content, several members, cuts, garbage, limits (RD-10).
#include <gtest/gtest.h>
#include <zstd.h>

#include "tests/capture/source/file_builder.h"

namespace tapiary::capture::test {
namespace {

Buffer Packets(std::uint32_t count, bool header) {
  const PcapSpec spec;
  std::vector<Buffer> parts;
  if (header) parts.push_back(PcapHeader(spec));
  for (std::uint32_t i = 0; i < count; ++i) {
    Buffer bytes = Payload(100 + i % 900, static_cast<std::uint8_t>(i * 7));
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(byte * 167 + (byte >> 3) * i);
    parts.push_back(PcapRecord(spec, i, 0, bytes));
  }
  return Join(parts);
}

TEST(ByteStream, RD10_GzipAndZstdByContent) {
  const Buffer plain = Packets(1500, true);
  const SeenFile expected = ReadFile(plain);
  ASSERT_EQ(expected.packets.size(), 1500u);
  EXPECT_EQ(ReadFile(Gzip(plain)).packets, expected.packets);
  EXPECT_EQ(ReadFile(Zstd(plain)).packets, expected.packets);
  EXPECT_EQ(ReadPipe(Gzip(plain), 1000).packets, expected.packets);
  EXPECT_EQ(ReadPipe(Zstd(plain), 1000).packets, expected.packets);
  EXPECT_EQ(ReadFile(Gzip(plain)).note, "");
}

TEST(ByteStream, RD10_SeveralMembersAndFrames) {
  const Buffer first = Packets(3, true);
  const Buffer second = Packets(4, false);
  const Buffer skippable = Writer().U32(0x184d2a53).U32(5).Bytes(Payload(5)).out();
  for (const Buffer& bytes :
       {Join({Gzip(first), Gzip(second)}), Join({Gzip(first), Gzip(second), Buffer(700, 0)}),
        Join({Zstd(first), Zstd(second)}),
        Join({skippable, Zstd(first), skippable, Zstd(second), skippable})}) {
    const SeenFile seen = ReadFile(bytes);
    EXPECT_EQ(seen.packets.size(), 7u);
    EXPECT_EQ(seen.note, "");
    EXPECT_EQ(ReadPipe(bytes, 1).packets, seen.packets);
  }
}

TEST(ByteStream, RD10_CutAtEveryByte) {
  const Buffer plain = Packets(5, true);
  for (const Buffer& whole : {Gzip(plain), Zstd(plain), Join({Zstd(plain, -5), Zstd({1})})}) {
    std::size_t before = 0;
    for (std::size_t size = 4; size < whole.size(); ++size) {
      const SeenFile seen =
          ReadFile(Buffer(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
      ASSERT_EQ(seen.error, "") << size;
      EXPECT_GE(seen.packets.size(), before) << size;
      before = seen.packets.size();
      EXPECT_TRUE(seen.note.empty() || seen.note.starts_with("truncated at")) << seen.note;
      EXPECT_EQ(seen.cut, !seen.note.empty());
    }
  }
}

TEST(ByteStream, RD10_CutStreamYieldsThePacketsBefore) {
  const Buffer plain = Packets(3000, true);
  for (Buffer bytes : {Gzip(plain), Zstd(plain)}) {
    bytes.resize(bytes.size() * 2 / 3);
    const SeenFile seen = ReadFile(bytes);
    EXPECT_GT(seen.packets.size(), 1000u);
    EXPECT_LT(seen.packets.size(), 3000u);
    EXPECT_TRUE(seen.cut) << seen.note;
  }
}

TEST(ByteStream, RD10_GarbageInsideIsNamed) {
  const Buffer text = Writer().Text("no packets here").out();
  EXPECT_NE(ReadFile(Gzip(text)).error.find("inside gzip"), std::string::npos);
  EXPECT_NE(ReadFile(Zstd(text)).error.find("inside zstd"), std::string::npos);
  EXPECT_NE(ReadFile(Gzip(Gzip(Packets(1, true)))).error.find("inside gzip"), std::string::npos);
}

TEST(ByteStream, DamagedDataIsAFaultNotACut) {
  const Buffer plain = Packets(3000, true);
  for (Buffer bytes : {Gzip(plain), Zstd(plain)}) {
    for (std::size_t i = 0; i < 64; ++i) bytes[bytes.size() / 2 + i] = 0xff;
    const SeenFile seen = ReadFile(bytes);
    EXPECT_EQ(seen.note.find("corrupt at offset"), 0u) << seen.note;
    EXPECT_FALSE(seen.cut);
  }
  const SeenFile garbage = ReadFile(Join({Gzip(Packets(3, true)), Payload(50, 3)}));
  EXPECT_EQ(garbage.packets.size(), 3u);
  EXPECT_NE(garbage.note.find("gzip"), std::string::npos);
}

TEST(ByteStream, RD10_ExpansionLimits) {
  const Buffer zeros = Join({PcapHeader(), Buffer(64u << 20, 0)});
  for (const Buffer& bomb : {Gzip(zeros), Zstd(zeros)}) {
    const SeenFile bytes = ReadFile(bomb, {.max_expanded_bytes = 4u << 20});
    EXPECT_EQ(bytes.code, base::ErrorCode::kTooLarge) << bytes.error;
    const SeenFile ratio = ReadFile(bomb, {.max_expansion_ratio = 100});
    EXPECT_EQ(ratio.code, base::ErrorCode::kTooLarge) << ratio.error;
    EXPECT_NE(ratio.error.find("100 times"), std::string::npos);
  }
  const Buffer plain = Packets(50, true);
  EXPECT_EQ(ReadFile(Gzip(plain), {.max_expanded_bytes = 1u << 20, .max_expansion_ratio = 2})
                .packets.size(),
            50u);
}

TEST(ByteStream, LargeWindowsAreRefusedWhereLimitsAreSet) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 27);
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  const Buffer plain = Packets(3, true);
  Buffer out(ZSTD_compressBound(plain.size()));
  ZSTD_inBuffer in_buffer{plain.data(), plain.size(), 0};
  ZSTD_outBuffer out_buffer{out.data(), out.size(), 0};
  ZSTD_compressStream2(context, &out_buffer, &in_buffer, ZSTD_e_flush);
  ZSTD_compressStream2(context, &out_buffer, &in_buffer, ZSTD_e_end);
  ZSTD_freeCCtx(context);
  out.resize(out_buffer.pos);
  EXPECT_EQ(ReadFile(out).packets.size(), 3u);
  const SeenFile refused = ReadFile(out, {.max_expanded_bytes = 1u << 30});
  EXPECT_TRUE(refused.packets.empty());
  EXPECT_NE(refused.note.find("too much memory"), std::string::npos) << refused.note;
}

}  // namespace
}  // namespace tapiary::capture::test
