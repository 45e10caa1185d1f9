#include "server/query/value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tapiary::server {
namespace {

using testing::HasSubstr;

base::Result<FilterValue> Parse(std::string_view field, std::string_view text) {
  return ParseFilterValue(*FindFilterField(field), text, 0);
}

TEST(FilterValue, AddressKeysRoundTrip) {
  for (const char* text :
       {"10.0.0.1", "0.0.0.0", "255.255.255.255", "2001:db8::1", "::", "fe80::1"}) {
    const auto address = *capture::ParseIpAddress(text);
    EXPECT_EQ(FromAddressKey(ToAddressKey(address)), address) << text;
  }
  EXPECT_EQ(FromAddressKey({}).version, 0);
}

TEST(FilterValue, NetworksAtEveryPrefix) {
  for (int prefix = 0; prefix <= 32; ++prefix) {
    const auto value = Parse("ip.addr", "10.20.30.40/" + std::to_string(prefix));
    ASSERT_TRUE(value);
    const auto word = [](const AddressKey& key) {
      return std::uint32_t{key[12]} << 24 | std::uint32_t{key[13]} << 16 |
             std::uint32_t{key[14]} << 8 | std::uint32_t{key[15]};
    };
    const std::uint32_t mask = prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix);
    EXPECT_EQ(word(value->address_low), 0x0a141e28 & mask);
    EXPECT_EQ(word(value->address_high), (0x0a141e28 & mask) | ~mask);
    EXPECT_EQ(value->address_low[11], 0xff);
  }
  for (const char* wrong : {"10.0.0.1/", "10.0.0.1/33", "10.0.0.1/-1", "10.0.0.1/8/8", "::1/129",
                            "10.0.0", "", "10.0.0.1\\0"}) {
    EXPECT_FALSE(Parse("ip.addr", wrong)) << wrong;
  }
}

TEST(FilterValue, NumbersKeepTheirLimits) {
  EXPECT_EQ(Parse("tcp.port", "65535")->low, 65535);
  EXPECT_EQ(Parse("tcp.port", "0xffff")->low, 65535);
  EXPECT_THAT(Parse("tcp.port", "65536").error().message, HasSubstr("largest value is 65535"));
  EXPECT_EQ(Parse("ot.value", "-5")->low, -5);
  EXPECT_EQ(Parse("ot.value", "9223372036854775807")->low, INT64_MAX);
  for (const char* wrong : {"9223372036854775808", "0x", "0x-1", "1.5", " 1", "1k", "", "+1"}) {
    EXPECT_FALSE(Parse("ot.value", wrong)) << wrong;
  }
}

TEST(FilterValue, TimesAreUtcUnlessTheySayOtherwise) {
  EXPECT_EQ(Parse("frame.time", "1970-01-01T00:00:01")->low, 1'000'000'000);
  EXPECT_EQ(Parse("frame.time", "1970-01-01T02:00:01+02:00")->low, 1'000'000'000);
  EXPECT_FALSE(Parse("frame.time", "1970-13-01"));
}

TEST(FilterValue, FlowIds) {
  const auto value = Parse("flow.id", "plant.a.ff.10");
  EXPECT_EQ(value->text, "plant.a");
  EXPECT_EQ(value->low, 255);
  EXPECT_EQ(value->high, 16);
  EXPECT_EQ(Parse("flow.id", "ff.10")->text, "");
  for (const char* wrong :
       {"", ".", "ff", "ff.", ".10", "x.ff.zz", "ff.10.", "8000000000000000.1"}) {
    EXPECT_FALSE(Parse("flow.id", wrong)) << wrong;
  }
}

TEST(FilterValue, RangesNeedOrder) {
  const FilterField& port = *FindFilterField("tcp.port");
  FilterValue value = *Parse("tcp.port", "5");
  EXPECT_TRUE(JoinRange(port, *Parse("tcp.port", "8"), &value));
  EXPECT_EQ(value.high, 8);
  value = *Parse("tcp.port", "9");
  EXPECT_FALSE(JoinRange(port, *Parse("tcp.port", "8"), &value));
  const FilterField& service = *FindFilterField("service");
  EXPECT_FALSE(JoinRange(service, *Parse("service", "b"), &value));
}

}  // namespace
}  // namespace tapiary::server
