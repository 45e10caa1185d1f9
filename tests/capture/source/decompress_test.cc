// Finding the encoding, and the steps of a decompressor at its borders.
#include "capture/source/decompress.h"

#include <gtest/gtest.h>

#include "tests/capture/source/file_builder.h"

namespace tapiary::capture::test {
namespace {

TEST(Decompress, RD10_EncodingByContent) {
  EXPECT_EQ(DetectEncoding(Gzip({1, 2, 3})), Encoding::kGzip);
  EXPECT_EQ(DetectEncoding(Zstd({1, 2, 3})), Encoding::kZstd);
  for (std::uint8_t low = 0x50; low <= 0x5f; ++low) {
    EXPECT_EQ(DetectEncoding(Buffer{low, 0x2a, 0x4d, 0x18}), Encoding::kZstd);
  }
  EXPECT_EQ(DetectEncoding(Buffer{0x60, 0x2a, 0x4d, 0x18}), Encoding::kPlain);
  EXPECT_EQ(DetectEncoding(PcapHeader()), Encoding::kPlain);
  EXPECT_EQ(DetectEncoding(NgSection()), Encoding::kPlain);
  EXPECT_EQ(DetectEncoding(Buffer{0x1f, 0x8b}), Encoding::kPlain);
  EXPECT_EQ(MakeDecompressor(Encoding::kPlain, 27), nullptr);
}

// One byte in, one byte out, at most: nothing is lost at any border.
TEST(Decompress, SmallestSteps) {
  const Buffer plain = Payload(1000);
  for (const Encoding encoding : {Encoding::kGzip, Encoding::kZstd}) {
    const Buffer one = encoding == Encoding::kGzip ? Gzip(plain) : Zstd(plain);
    const Buffer packed = Join({one, one});
    const auto decompressor = MakeDecompressor(encoding, 27);
    EXPECT_FALSE(decompressor->at_boundary());
    Buffer out;
    std::size_t at = 0;
    for (std::size_t step = 0; step < 20'000 && out.size() < 2000; ++step) {
      std::uint8_t byte = 0;
      const std::size_t size = at < packed.size() ? 1 : 0;
      const auto done = decompressor->Run(base::Bytes(packed).subspan(at, size), {&byte, 1});
      at += done.consumed;
      if (done.produced == 1) out.push_back(byte);
    }
    while (at < packed.size()) {  // the last checksum
      std::uint8_t byte = 0;
      at += decompressor->Run(base::Bytes(packed).subspan(at, 1), {&byte, 1}).consumed;
    }
    EXPECT_EQ(out, Join({plain, plain}));
    EXPECT_TRUE(decompressor->at_boundary());
    EXPECT_EQ(decompressor->fault(), "");
  }
}

TEST(Decompress, AFaultIsFinal) {
  for (const Encoding encoding : {Encoding::kGzip, Encoding::kZstd}) {
    const auto decompressor = MakeDecompressor(encoding, 27);
    Buffer out(100);
    const Buffer garbage = Payload(100, 5);
    decompressor->Run(garbage, out);
    EXPECT_NE(decompressor->fault(), "");
    EXPECT_EQ(decompressor->Run(garbage, out).consumed, 0u);
    EXPECT_FALSE(decompressor->at_boundary());
  }
}

}  // namespace
}  // namespace tapiary::capture::test
