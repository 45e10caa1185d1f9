#include "capture/ot/mms/data.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/iso/support.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::mms {
namespace {

using test::Hex;

TEST(MmsData, NamesOfVariables) {
  const auto bytes = Hex("a0 12 30 10 a0 0e a1 0c 1a 04 42415931 1a 04 58244d58");
  const Names names = CollectNames(bytes);
  EXPECT_EQ(names.text, "BAY1/X$MX");
  EXPECT_EQ(names.count, 1u);
}

TEST(MmsData, ValuesOfAllKinds) {
  Transaction out;
  const auto bytes =
      Hex("83 01 ff 85 01 fb a2 0b 86 02 0100 87 05 08 41bc0000 84 02 04 a0 8a 02 4f4b 80 01 0a");
  const Values values = CollectValues(bytes, true, out);
  EXPECT_EQ(values.text, "true, -5, {256, 23.5}, '1010', \"OK\", error 10");
  EXPECT_EQ(values.failure, 10);
  EXPECT_EQ(values.count, 6u);
  EXPECT_EQ(out.values, (std::vector<std::int64_t>{1, -5, 256}));
}

TEST(MmsData, OT11_DepthAndNumberAreLimited) {
  std::vector<std::uint8_t> deep;
  for (int i = 0; i < 200; ++i) deep.insert(deep.end(), {0xa2, 0x80});
  Transaction out;
  EXPECT_TRUE(CollectValues(deep, true, out).limit);
  EXPECT_TRUE(CollectNames(deep).limit);
  std::vector<std::uint8_t> wide;
  for (int i = 0; i < 2000; ++i) wide.insert(wide.end(), {0x83, 0x01, 0x01});
  const Values values = CollectValues(wide, false, out);
  EXPECT_TRUE(values.limit);
  EXPECT_EQ(out.values.size(), kMaxValues);
  EXPECT_LE(values.text.size(), 300u);
}

TEST(MmsData, OT12_AnyByteAnywhere) {
  const auto good = Hex("a0 12 30 10 a0 0e a1 0c 1a 04 42415931 1a 04 58244d58 84 02 04 a0");
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int value = 0; value < 256; ++value) {
      auto bad = good;
      bad[at] = static_cast<std::uint8_t>(value);
      Transaction out;
      (void)CollectNames(bad);
      (void)CollectValues(base::Bytes(bad).first(bad.size() - at), true, out);
      EXPECT_LE(out.values.size(), kMaxValues);
    }
  }
}

}  // namespace
}  // namespace tapiary::capture::mms
