#include "capture/ot/slmp/frame.h"

#include <gtest/gtest.h>

#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::slmp {
namespace {

using test::Hex;

TEST(SlmpFrame, RequestAndResponseOf3E) {
  Frame frame;
  ASSERT_TRUE(ReadFrame(Hex("5000 01 02 ff03 00 0c00 1000 0104 0100 640000 a8 0200"), frame));
  EXPECT_EQ(frame.style, Style::k3E);
  EXPECT_FALSE(frame.response);
  EXPECT_EQ(frame.network, 1);
  EXPECT_EQ(frame.station, 2);
  EXPECT_EQ(frame.module, 0x03ff);
  EXPECT_EQ(frame.command, 0x0401);
  EXPECT_EQ(frame.subcommand, 1);
  EXPECT_EQ(frame.data.size(), 6u);
  ASSERT_TRUE(ReadFrame(Hex("d000 01 02 ff03 00 0400 51c0 0102"), frame));
  EXPECT_TRUE(frame.response);
  EXPECT_EQ(frame.end_code, 0xc051);
  EXPECT_EQ(frame.data.size(), 2u);
}

TEST(SlmpFrame, SerialOf4E) {
  Frame frame;
  ASSERT_TRUE(ReadFrame(Hex("5400 3412 0000 00 ff ff03 00 0600 1000 0101 0000"), frame));
  EXPECT_EQ(frame.style, Style::k4E);
  EXPECT_EQ(frame.serial, 0x1234);
  EXPECT_EQ(frame.command, 0x0101);
}

TEST(SlmpFrame, MelsoftHeaderTellsItsLength) {
  Frame frame;
  // The short command header of older tools, then the long one.
  ASSERT_TRUE(ReadFrame(Hex("5700000000111107 00 00ff ff03 00 00fe03000014 00 1c080a08"
                            "0000000000000000 0101 0700 0000 0001"),
                        frame));
  EXPECT_EQ(frame.style, Style::kMelsoft);
  EXPECT_EQ(frame.station, 0xff);
  EXPECT_EQ(frame.module, 0x03ff);
  EXPECT_EQ(frame.command, 0x0101);
  EXPECT_EQ(frame.serial, 7);
  EXPECT_EQ(frame.data.size(), 2u);
}

TEST(SlmpFrame, OT07_LengthsAndFixedBytesAreChecked) {
  const auto front = [](const char* hex) { return kFraming.front(Hex(hex), true); };
  EXPECT_EQ(front("5000 00 ff ff03 00 0c00").size, 21u);
  EXPECT_EQ(front("d400 0100 0000 00 ff ff03 00 0200").size, 15u);
  EXPECT_EQ(front("5a000001").size, 4u);
  EXPECT_EQ(front("5000 00 ff").kind, PduFront::Kind::kMore);
  for (const char* const hex :
       {"5001", "5000 00 ff ff03 20", "5000 00 ff ff03 00 0500", "d000 00 ff ff03 00 0100",
        "5000 00 ff ff03 00 ffff", "5000 00 ff ff07 00 0c00", "5400 0000 0100", "5702",
        "570000000012", "5a000002", "16030100"}) {
    EXPECT_EQ(front(hex).kind, PduFront::Kind::kBad) << hex;
  }
}

}  // namespace
}  // namespace tapiary::capture::slmp
