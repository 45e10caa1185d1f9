#include "capture/ot/dnp3/crc.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/dnp3/frames.h"

namespace tapiary::capture::dnp3 {
namespace {

TEST(Dnp3Crc, HeaderOfTheStandardsExample) {
  EXPECT_TRUE(CrcFits(capture::test::Hex("0564 05c0 0100 0a00 e08c")));
  EXPECT_FALSE(CrcFits(capture::test::Hex("0564 05c0 0100 0a00 8ce0")));
  EXPECT_FALSE(CrcFits(capture::test::Hex("e08c")));
}

TEST(Dnp3Crc, SameAsBitByBitAndFindsEachFlippedBit) {
  test::Octets block;
  for (unsigned i = 0; i < 16; ++i) block.push_back(test::Octet(i * 37));
  test::Octets whole;
  test::AppendChecksum(whole, block);
  EXPECT_TRUE(CrcFits(whole));
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    whole[bit / 8] ^= test::Octet(1u << (bit % 8));
    EXPECT_FALSE(CrcFits(whole)) << bit;
    whole[bit / 8] ^= test::Octet(1u << (bit % 8));
  }
}

}  // namespace
}  // namespace tapiary::capture::dnp3
