#include "capture/ot/s7comm/message.h"

#include <gtest/gtest.h>

#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::s7comm {
namespace {

using test::Hex;

std::optional<Message> Read(const std::vector<std::uint8_t>& bytes) {
  return ReadMessage(bytes, bytes.size());
}

TEST(S7Message, HeaderAndParts) {
  const auto bytes = Hex("32030000 0102 0002 0008 8104 0401 ff04 0020 1234abcd");
  const auto message = Read(bytes);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->rosctr, kAckData);
  EXPECT_EQ(message->reference, 0x102);
  EXPECT_EQ(message->error_class, 0x81);
  EXPECT_EQ(message->error_code, 4);
  EXPECT_EQ(message->parameter.size(), 2u);
  EXPECT_EQ(message->data.size(), 8u);
  EXPECT_TRUE(message->fits);
}

TEST(S7Message, OT07_LengthsThatDoNotAddUp) {
  const auto longer = Hex("32010000 0102 ffff ffff 0401");
  const auto message = Read(longer);
  ASSERT_TRUE(message);
  EXPECT_FALSE(message->fits);
  EXPECT_EQ(message->parameter.size(), 2u);
  EXPECT_FALSE(LookAt(longer, longer.size()).possible);
  EXPECT_FALSE(Read(Hex("33010000 0102 0000 0000")));
  EXPECT_FALSE(Read(Hex("32090000 0102 0000 0000")));
  EXPECT_FALSE(Read(Hex("32010000 0102 0000 00")));
}

TEST(S7Message, UserdataTypes) {
  const auto bytes = Hex("32070000 0104 000c 0004 000112 08 12 84 01 05 00 01 d604 0a00 0000");
  const auto userdata = ReadUserdata(*Read(bytes));
  ASSERT_TRUE(userdata);
  EXPECT_EQ(userdata->type, 8);
  EXPECT_EQ(userdata->code(), 0x401);
  EXPECT_EQ(userdata->sequence, 5);
  EXPECT_TRUE(userdata->more);
  EXPECT_EQ(userdata->error, 0xd604);
  EXPECT_EQ(userdata->return_code, 0x0a);
  EXPECT_FALSE(ReadUserdata(*Read(Hex("32070000 0104 0003 0000 000113"))));
}

TEST(S7Message, TellsWhoAsks) {
  const auto ask = Hex("32010000 0102 000e 0000 0401 120a10 04 0002 0001 84 000050");
  EXPECT_TRUE(LookAt(ask, ask.size()).request);
  EXPECT_FALSE(LookAt(ask, ask.size()).response);
  const auto answer = Hex("32030000 0103 0002 0001 0000 0501 ff");
  EXPECT_TRUE(LookAt(answer, answer.size()).response);
  EXPECT_FALSE(LookAt(answer, answer.size()).request);
  // A download is asked for by the PLC.
  const auto download = Hex("32010000 0102 0002 0000 1b00");
  EXPECT_TRUE(LookAt(download, download.size()).response);
}

}  // namespace
}  // namespace tapiary::capture::s7comm
