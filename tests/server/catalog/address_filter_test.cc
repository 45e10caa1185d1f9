#include "server/catalog/address_filter.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

namespace tapiary::server {
namespace {

std::array<std::uint8_t, 16> V4(std::uint32_t number) {
  std::array<std::uint8_t, 16> key{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  for (std::size_t i = 0; i < 4; ++i)
    key[12 + i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  return key;
}

TEST(AddressFilter, HasAllThatItWasMadeOfAndLittleElse) {
  for (const std::uint32_t count : {1u, 7u, 100u, 2000u, 100'000u}) {
    std::vector<std::int64_t> hashes;
    for (std::uint32_t i = 0; i < count; ++i) {
      hashes.push_back(AddressHash(V4(0x0a000000 + i)));
      if (i % 3 == 0) hashes.push_back(hashes.back());
    }
    const auto filter = MakeAddressFilter(hashes);
    EXPECT_LE(filter.size(), std::max<std::size_t>(8, count));
    for (const std::int64_t hash : hashes) ASSERT_TRUE(MayHave(filter, hash));
    int wrong = 0;
    for (std::uint32_t i = 0; i < 10'000; ++i) {
      wrong += MayHave(filter, AddressHash(V4(0xc0000000 + i * 7919))) ? 1 : 0;
    }
    EXPECT_LT(wrong, 400) << count;
  }
}

// Filters are stored: these must never change.
TEST(AddressFilter, HashAndLayoutAreSettled) {
  EXPECT_EQ(static_cast<std::uint64_t>(AddressHash(V4(0x0a000001))), 0xc7cc7e34a01186bbu);
  EXPECT_EQ(MakeAddressFilter({0x0000000200000001}),
            (std::vector<std::uint8_t>{0b10010010, 0b00100100, 0, 0, 0, 0, 0, 0}));
}

TEST(AddressFilter, OfNothingHasNothingAndNoFilterHasAll) {
  const auto filter = MakeAddressFilter({});
  EXPECT_EQ(filter.size(), 8u);
  EXPECT_FALSE(MayHave(filter, 5));
  EXPECT_TRUE(MayHave({}, 5));
}

}  // namespace
}  // namespace tapiary::server
