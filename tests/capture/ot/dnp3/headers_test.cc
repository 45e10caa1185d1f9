#include "capture/ot/dnp3/headers.h"

#include <gtest/gtest.h>

#include <vector>

#include "tests/capture/ot/dnp3/frames.h"

namespace tapiary::capture::dnp3 {
namespace {

using capture::test::Hex;

struct Walked {
  std::string text;
  HeaderResult result = HeaderResult::kEnd;
};

Walked Walk(std::string_view hex, bool with_data = true) {
  const std::vector<std::uint8_t> bytes = Hex(hex);
  base::ByteCursor cursor(bytes);
  Walked walked;
  while (true) {
    ObjectHeader header;
    walked.result = NextHeader(cursor, with_data, header);
    if (walked.result == HeaderResult::kEnd) return walked;
    if (!walked.text.empty()) walked.text += ' ';
    walked.text += ToText(header);
    if (walked.result != HeaderResult::kHeader) return walked;
  }
}

TEST(Dnp3Headers, ClassesAndRanges) {
  EXPECT_EQ(Walk("3c0206 3c0306 3c0406 3c0106", false).text, "60/2:all 60/3:all 60/4:all 60/1:all");
  EXPECT_EQ(Walk("1e01 00 02 04", false).text, "30/1:2-4");
  EXPECT_EQ(Walk("1e01 01 0200 0201", false).text, "30/1:2-258");
  EXPECT_EQ(Walk("0101 17 02 03 07 1e0206", false).text, "1/1:x2 30/2:all");
}

TEST(Dnp3Headers, SeveralHeadersWithObjects) {
  // Packed bits, 16-bit analogues with flags, indexed events, a file with its size in front.
  const Walked walked = Walk(
      "0101 00 00 09 ff03  1e02 00 01 02 010500 01fbff  0201 28 0200 0100 81 0200 01"
      "4604 5b 01 0d00 01000000 10000000 0004 0000 00");
  EXPECT_EQ(walked.text, "1/1:0-9 30/2:1-2 2/1:x2 70/4:x1");
  EXPECT_EQ(walked.result, HeaderResult::kEnd);
}

TEST(Dnp3Headers, OT09_ZeroCountAndZeroSize) {
  EXPECT_EQ(Walk("0c01 28 0000  1e02 00 05 05 010700").text, "12/1:x0 30/2:5");
  EXPECT_EQ(Walk("6e00 08 ffff 1e0206").text, "110/0:x65535 30/2:all");
  EXPECT_EQ(Walk("3c01 09 ffffffff 3c0206").text, "60/1:x4294967295 60/2:all");
}

TEST(Dnp3Headers, OT11_HostileRangesAndCounts) {
  EXPECT_EQ(Walk("1e01 00 05 04").result, HeaderResult::kRange);
  EXPECT_EQ(Walk("1e01 02 00000000 ffffffff 01").result, HeaderResult::kTruncated);
  EXPECT_EQ(Walk("1e01 39 ffffffff 01").result, HeaderResult::kTruncated);
  EXPECT_EQ(Walk("4605 5b ff ffff").result, HeaderResult::kTruncated);
  EXPECT_EQ(Walk("1e01 0f").result, HeaderResult::kQualifier);
  EXPECT_EQ(Walk("1e01 70").result, HeaderResult::kQualifier);
  EXPECT_EQ(Walk("c801 00 00 00 01").result, HeaderResult::kUnknown);
}

TEST(Dnp3Headers, OT12_EveryPrefix) {
  const std::vector<std::uint8_t> bytes = Hex("0101 00 00 09 ff03 1e02 00 01 02 010500 01fbff");
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    base::ByteCursor cursor(base::Bytes(bytes).first(size));
    ObjectHeader header;
    int headers = 0;
    while (NextHeader(cursor, true, header) == HeaderResult::kHeader) {
      ObjectWalk walk(header);
      Object object;
      while (walk.Next(object)) EXPECT_FALSE(object.bytes.empty());
      ++headers;
    }
    EXPECT_LE(headers, 2);
  }
}

TEST(Dnp3Headers, WalkGivesIndexAndBytes) {
  const std::vector<std::uint8_t> bytes = Hex("0201 28 0200 0100 81 ff02 01");
  base::ByteCursor cursor(bytes);
  ObjectHeader header;
  ASSERT_EQ(NextHeader(cursor, true, header), HeaderResult::kHeader);
  ObjectWalk walk(header);
  Object object;
  ASSERT_TRUE(walk.Next(object));
  EXPECT_EQ(object.index, 1u);
  EXPECT_EQ(object.bytes[0], 0x81);
  ASSERT_TRUE(walk.Next(object));
  EXPECT_EQ(object.index, 0x2ffu);
  EXPECT_FALSE(walk.Next(object));
}

}  // namespace
}  // namespace tapiary::capture::dnp3
