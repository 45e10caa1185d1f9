#include "capture/ot/ethercat/frame.h"

#include <gtest/gtest.h>

#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::ethercat {
namespace {

TEST(EtherCatFrame, DatagramFields) {
  const auto bytes = test::Hex("0512 e903 2001 0280 0000 0800 0100");
  base::ByteCursor cursor(bytes);
  Datagram datagram;
  ASSERT_TRUE(ReadDatagram(cursor, datagram));
  EXPECT_EQ(datagram.command, kFpwr);
  EXPECT_EQ(datagram.slave, 1001);
  EXPECT_EQ(datagram.offset, 0x120);
  EXPECT_EQ(datagram.logical, 0x012003e9u);
  EXPECT_EQ(datagram.length, 2u);
  EXPECT_TRUE(datagram.more);
  EXPECT_TRUE(datagram.whole);
  EXPECT_EQ(datagram.working_counter, 1);
  EXPECT_FALSE(ReadDatagram(cursor, datagram));
}

TEST(EtherCatFrame, CutAndUnknown) {
  Datagram datagram;
  const auto cut = test::Hex("0512 e903 2001 0200 0000 08");
  base::ByteCursor first(cut);
  ASSERT_TRUE(ReadDatagram(first, datagram));
  EXPECT_FALSE(datagram.whole);
  EXPECT_EQ(datagram.working_counter, 0);
  const auto unknown = test::Hex("0f12 e903 2001 0200 0000 0800 0100");
  base::ByteCursor second(unknown);
  EXPECT_FALSE(ReadDatagram(second, datagram));
  FrameHeader header;
  const auto head = test::Hex("0e10");
  base::ByteCursor third(head);
  ASSERT_TRUE(ReadFrameHeader(third, header));
  EXPECT_EQ(header.length, 14u);
  EXPECT_EQ(header.type, kTypeCommands);
  EXPECT_FALSE(ReadFrameHeader(third, header));
}

TEST(EtherCatFrame, Names) {
  EXPECT_EQ(CommandName(kLrw), "lrw");
  EXPECT_EQ(CommandCounter(kFrmw), "ethercat.frmw");
  EXPECT_EQ(CommandCounter(200), "ethercat.unknown");
  EXPECT_TRUE(Writes(kBwr));
  EXPECT_FALSE(Writes(kLwr));
  EXPECT_TRUE(Logical(kLwr));
}

}  // namespace
}  // namespace tapiary::capture::ethercat
