#include "capture/decode/checksum.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "capture/packet.h"

namespace tapiary::capture::decode {
namespace {

// As RFC 1071 says it: words of 16 bits, the carry added at the end.
bool PlainlyRight(base::Bytes bytes) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) sum += bytes[i] << (i % 2 == 0 ? 8 : 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum == 0xffff;
}

bool Right(base::Bytes bytes) {
  return IsRightSum(AddToSum(bytes, 0));
}

TEST(Checksum, AgreesWithTheRfcForEverySizeAndPlace) {
  std::mt19937 random(1);
  int right = 0;
  for (int round = 0; round < 20000; ++round) {
    const std::size_t size = random() % 300, at = random() % 8;
    std::vector<std::uint8_t> buffer(at + size);
    for (std::uint8_t& byte : buffer) {
      byte = random() % 3 == 0 ? 0xff : static_cast<std::uint8_t>(random());
    }
    const auto bytes = std::span(buffer).subspan(at);
    if (size >= 2 && round % 2 == 0) {  // put the missing part in, so that it is right
      bytes[0] = bytes[1] = 0;
      std::uint64_t sum = 0;
      for (std::size_t i = 0; i < size; ++i) sum += bytes[i] << (i % 2 == 0 ? 8 : 0);
      while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
      bytes[0] = static_cast<std::uint8_t>((0xffff - sum) >> 8);
      bytes[1] = static_cast<std::uint8_t>(0xffff - sum);
      EXPECT_TRUE(Right(bytes)) << size;
      ++right;
    }
    ASSERT_EQ(Right(bytes), PlainlyRight(bytes)) << size << " at " << at;
  }
  EXPECT_GT(right, 9000);
}

TEST(Checksum, CarriesAreNotLost) {
  const std::vector<std::uint8_t> ones(kMaxPacketBytes, 0xff);
  EXPECT_TRUE(Right(ones));
  EXPECT_TRUE(Right(base::Bytes(ones).first(65534)));
  EXPECT_FALSE(Right(base::Bytes(ones).first(65535)));
}

TEST(Checksum, NothingButZerosIsWrong) {
  const std::vector<std::uint8_t> zeros(40);
  EXPECT_FALSE(Right(zeros));
  EXPECT_FALSE(Right({}));
}

}  // namespace
}  // namespace tapiary::capture::decode
