#include "capture/ot/dnp3/files.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/dnp3/frames.h"

namespace tapiary::capture::dnp3 {
namespace {

using capture::test::Hex;

Transaction Decode(std::string_view hex, bool response) {
  const std::vector<std::uint8_t> bytes = Hex(hex);
  base::ByteCursor cursor(bytes);
  ObjectHeader header;
  (void)NextHeader(cursor, true, header);
  Transaction out;
  DecodeFile(header, response, out);
  return out;
}

TEST(Dnp3Files, CommandNamesTheFile) {
  const Transaction out = Decode(
      "4603 5b 01 1d00 1a00 0300 000000000000 a401 00000000 ffffffff 0200 0004 0100 616263", false);
  EXPECT_EQ(test::Detail(out, "file_name"), "abc");
  EXPECT_EQ(test::Detail(out, "file_mode"), "2");
  EXPECT_EQ(test::Detail(out, "file_size"), "4294967295");
}

TEST(Dnp3Files, StatusThatRefusesIsAnException) {
  const Transaction out = Decode("4604 5b 01 0d00 07000000 64000000 0004 0100 03", true);
  EXPECT_EQ(test::Detail(out, "response_file_handle"), "7");
  EXPECT_EQ(test::Detail(out, "response_file_status"), "file_not_found");
  EXPECT_EQ(out.status, TransactionStatus::kException);
  EXPECT_EQ(out.exception, 3u);
}

TEST(Dnp3Files, Blocks) {
  const Transaction out = Decode("4605 5b 01 0b00 07000000 02000080 414243", true);
  EXPECT_EQ(test::Detail(out, "response_file_block"), "2");
  EXPECT_EQ(test::Detail(out, "response_file_last_block"), "1");
  EXPECT_EQ(test::Detail(out, "response_file_bytes"), "3");
}

TEST(Dnp3Files, OT12_OffsetsOutsideTheObject) {
  EXPECT_EQ(test::Detail(Decode("4603 5b 01 0400 ffff ffff", false), "file_name"), "");
  EXPECT_TRUE(Decode("4607 5b 01 0000", false).detail.empty());
  EXPECT_TRUE(Decode("4602 5b 01 0200 0000", false).detail.empty());
}

}  // namespace
}  // namespace tapiary::capture::dnp3
