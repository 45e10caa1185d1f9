#include "server/catalog/address_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

namespace tapiary::server {
namespace {

using Address = std::array<std::uint8_t, 16>;

Address V4(std::uint32_t number) {
  Address key{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  for (std::size_t i = 0; i < 4; ++i) {
    key[12 + i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  }
  return key;
}

FlowNumbers Range(const std::vector<AddressEntry>& entries, const Address& low,
                  const Address& high) {
  std::set<std::int64_t> numbers;
  for (const AddressEntry& entry : entries) {
    if (entry.address >= low && entry.address <= high) numbers.insert(entry.number);
  }
  if (numbers.empty()) return {1, 0};
  return {*numbers.begin(), *numbers.rbegin()};
}

constexpr FlowNumbers kAny{0, INT64_MAX};

TEST(AddressList, FindsWhatHasTheAddresses) {
  std::mt19937 engine(7);
  const auto below = [&engine](std::uint32_t limit) {
    return static_cast<std::uint32_t>(engine() % limit);
  };
  for (const std::uint32_t count : {0u, 1u, 2u, 50u, 1000u}) {
    for (const std::uint32_t addresses : {1u, 5u, 60'000u}) {
      std::vector<AddressEntry> entries;
      for (std::uint32_t i = 0; i < count; ++i) {
        entries.push_back({V4(0x0a000000 + below(addresses)), 1'000'000 + below(count)});
      }
      if (count == 50) entries.back().address = {0xfd, 1, 2, 3};  // IPv6 among them
      const auto list = MakeAddressList(entries);
      for (int i = 0; i < 200; ++i) {
        const Address low = V4(0x0a000000 + below(addresses + 2));
        const Address high = i % 2 == 0 ? low : V4(0x0a000000 + below(addresses + 2));
        ASSERT_TRUE(RangeOf(list, low, high) == Range(entries, low, high));
      }
      EXPECT_TRUE(RangeOf(list, Address{}, V4(UINT32_MAX)) ==
                  Range(entries, Address{}, V4(UINT32_MAX)));
    }
  }
}

TEST(AddressList, NumbersTooFarApartMayBeAny) {
  const auto make = [](std::int64_t first, std::int64_t second) {
    return MakeAddressList({{V4(1), first}, {V4(2), second}});
  };
  EXPECT_TRUE(RangeOf(make(5, INT64_C(4294967300)), V4(2), V4(2)) ==
              (FlowNumbers{4294967300, 4294967300}));
  EXPECT_TRUE(RangeOf(make(INT64_MAX - 1, INT64_MAX), V4(2), V4(9)) ==
              (FlowNumbers{INT64_MAX, INT64_MAX}));
  EXPECT_TRUE(make(5, INT64_C(4294967301)).empty());
  EXPECT_TRUE(make(-1, 3).empty());
  EXPECT_TRUE(RangeOf({}, V4(2), V4(2)) == kAny);
}

// Lists are stored: these must never change.
TEST(AddressList, LayoutIsSettled) {
  const auto list = MakeAddressList({{V4(0x0a000203), 300}, {V4(0x0a000101), 70'000}});
  const Address shared = V4(0x0a000000);
  std::vector<std::uint8_t> expected{14};
  expected.insert(expected.end(), shared.begin(), shared.begin() + 14);
  expected.insert(expected.end(), {0, 0, 0, 0, 0, 0, 1, 44});
  expected.insert(expected.end(), {1, 1, 0, 1, 0x10, 0x44, 2, 3, 0, 0, 0, 0});
  EXPECT_EQ(list, expected);
}

TEST(AddressList, WhatIsNoListMayBeAny) {
  auto list = MakeAddressList({{V4(1), 3}, {V4(2), 4}});
  list.pop_back();
  EXPECT_TRUE(RangeOf(list, V4(1), V4(1)) == kAny);
  EXPECT_TRUE(RangeOf(std::vector<std::uint8_t>{17, 0}, V4(1), V4(1)) == kAny);
}

}  // namespace
}  // namespace tapiary::server
