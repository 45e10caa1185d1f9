#include "capture/ot/iec104/asdu.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/iec104/apdu.h"

namespace tapiary::capture::iec104 {
namespace {

using capture::test::Hex;
using test::Octets;

std::vector<std::uint32_t> Addresses(const Asdu& asdu) {
  std::vector<std::uint32_t> out;
  ObjectWalk walk(asdu);
  InformationObject object;
  while (walk.Next(object)) out.push_back(object.address);
  return out;
}

TEST(Iec104Asdu, Header) {
  const Octets bytes = Hex("2d 01 c6 07 0d91 1a2700 81");
  const Asdu asdu = ReadAsdu(bytes, bytes.size());
  EXPECT_EQ(asdu.type, 45);
  EXPECT_EQ(asdu.cause, 6);
  EXPECT_TRUE(asdu.negative);
  EXPECT_TRUE(asdu.test);
  EXPECT_EQ(asdu.originator, 7);
  EXPECT_EQ(asdu.common, 0x910d);
  EXPECT_TRUE(asdu.fits);
  EXPECT_EQ(Addresses(asdu), std::vector<std::uint32_t>{0x271a});
}

TEST(Iec104Asdu, OT10_SequenceWithManyObjectsIsComplete) {
  std::string hex = "01 ff 1400 0100 640000";
  for (int i = 0; i < 127; ++i) hex += "01";
  const Octets bytes = Hex(hex);
  const Asdu asdu = ReadAsdu(bytes, bytes.size());
  EXPECT_TRUE(asdu.fits);
  const std::vector<std::uint32_t> addresses = Addresses(asdu);
  ASSERT_EQ(addresses.size(), 127u);
  EXPECT_EQ(addresses.back(), 226u);
}

TEST(Iec104Asdu, SingleAddresses) {
  const Octets bytes = Hex("01 02 0300 0100 640000 01 c80001 00");
  EXPECT_EQ(Addresses(ReadAsdu(bytes, bytes.size())), (std::vector<std::uint32_t>{100, 0x100c8}));
}

TEST(Iec104Asdu, ShorterFieldsOfTheSerialStandard) {
  const Octets bytes = Hex("01 01 03 05 6400 01");
  const Asdu asdu = ReadAsdu(bytes, bytes.size());
  EXPECT_TRUE(asdu.fits);
  EXPECT_EQ(asdu.sizes.cause, 1);
  EXPECT_EQ(asdu.common, 5);
  EXPECT_EQ(Addresses(asdu), std::vector<std::uint32_t>{100});
}

TEST(Iec104Asdu, LengthsThatDoNotAddUp) {
  EXPECT_FALSE(AddsUp(Hex("01 02 0300 0100 640000 01"), 10));
  EXPECT_FALSE(AddsUp(Hex("01 00 0300 0100"), 6));
  EXPECT_FALSE(AddsUp(Hex("29 01 0300 0100 640000 01"), 10));  // no such type
  EXPECT_TRUE(AddsUp(Hex("01 01 0300 0100 640000 01"), 10));
  EXPECT_TRUE(AddsUp(Hex("01 01 03"), 10));  // the rest is to come
  EXPECT_TRUE(AddsUp({}, 10));
  EXPECT_TRUE(AddsUp(Hex("7d 01 0d00 0100 000000 0100 01 02 aabb"), 15));  // segment of a file
  EXPECT_FALSE(AddsUp(Hex("7d 01 0d00 0100 000000 0100 01 03 aabb"), 15));
}

TEST(Iec104Asdu, OT12_EveryPrefixAndEveryByte) {
  const Octets good =
      Hex("24 02 0300 0100 640000 0000c03f 00 00000a0b0c0d0e 650000 0000c03f 00"
          "00000a0b0c0d0e");
  for (std::size_t size = 0; size <= good.size(); ++size) {
    EXPECT_LE(Addresses(ReadAsdu(base::Bytes(good).first(size), good.size())).size(), 2u);
  }
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int value : {0x00, 0x7f, 0x80, 0xff}) {
      Octets bad = good;
      bad[at] = static_cast<std::uint8_t>(value);
      EXPECT_LE(Addresses(ReadAsdu(bad, bad.size())).size(), 127u);
    }
  }
}

}  // namespace
}  // namespace tapiary::capture::iec104
