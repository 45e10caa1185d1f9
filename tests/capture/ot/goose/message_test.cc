#include "capture/ot/goose/message.h"

#include <gtest/gtest.h>

#include "capture/ot/detail.h"
#include "tests/capture/ot/goose/goose_frames.h"

namespace tapiary::capture::goose {
namespace {

Message Read(const std::vector<std::uint8_t>& bytes, bool cut) {
  layer2::AppFrame frame;
  EXPECT_TRUE(layer2::ReadAppFrame(bytes, cut, frame));
  Message message;
  ReadMessage(frame, message);
  return message;
}

TEST(GooseMessage, AllFieldsAndPadding) {
  std::vector<std::uint8_t> bytes = test::Hex(Frame{.st_num = 0xfffffffe, .sq_num = 3}.Hex());
  bytes.resize(bytes.size() + 20);  // padding of a short frame is not read
  const Message message = Read(bytes, false);
  EXPECT_FALSE(message.malformed);
  EXPECT_TRUE(message.has_state);
  EXPECT_TRUE(message.has_data);
  EXPECT_EQ(message.appid, 1);
  EXPECT_EQ(message.st_num, 0xfffffffe);
  EXPECT_EQ(message.sq_num, 3u);
  EXPECT_EQ(message.time_allowed_ms, 2000u);
  EXPECT_EQ(message.entries, 2u);
  EXPECT_EQ(TextOf(message.dat_set), "IED1/LLN0$ds1");
}

TEST(GooseMessage, OT07_EndsBeforeItsLength) {
  std::vector<std::uint8_t> bytes = test::Hex(Frame{}.Hex());
  bytes.resize(bytes.size() - 3);
  const Message sent_short = Read(bytes, false);
  EXPECT_TRUE(sent_short.malformed);
  EXPECT_TRUE(sent_short.has_state);
  EXPECT_FALSE(sent_short.has_data);
  const Message captured_short = Read(bytes, true);
  EXPECT_FALSE(captured_short.malformed);
  EXPECT_TRUE(captured_short.cut);
  EXPECT_TRUE(captured_short.has_state);
}

TEST(GooseMessage, RequiredFields) {
  for (const char* const pdu : {"6100", "6106 850101 860100", "6107 800141 850101", "620100",
                                "6109 800141 8500 860100", "610c 800141 8506010203040506 8601"}) {
    EXPECT_TRUE(Read(test::Hex(test::AppFrame("0001", pdu)), false).malformed) << pdu;
  }
}

}  // namespace
}  // namespace tapiary::capture::goose
