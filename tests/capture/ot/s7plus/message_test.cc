#include "capture/ot/s7plus/message.h"

#include <gtest/gtest.h>

#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::s7plus {
namespace {

using test::Hex;

TEST(S7PlusMessage, FrameRequestAndResponse) {
  const auto bytes = Hex("72020014 31000005420000000200 0003c034000003c00101 72020000");
  const auto frame = ReadFrame(bytes, bytes.size());
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->version, 2);
  EXPECT_TRUE(frame->fits);
  EXPECT_TRUE(frame->trailer);
  const auto message = ReadMessage(frame->body);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->opcode, Opcode::kRequest);
  EXPECT_EQ(message->function, 0x542);
  EXPECT_EQ(message->sequence, 2);
  EXPECT_EQ(message->session, 0x3c0u);
  EXPECT_EQ(message->object, 0x3c0u);
  const auto answer = Hex("32000005420000000234 8fff7e");
  const auto failed = ReadMessage(answer);
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->result, -2);
}

TEST(S7PlusMessage, HashOfVersion3IsSkipped) {
  const std::string hash(64, 'a');
  const auto bytes = Hex("7203002f 20" + hash + "31000004f20000831a70000e4d74" + "72030000");
  const auto frame = ReadFrame(bytes, bytes.size());
  ASSERT_TRUE(frame);
  const auto message = ReadMessage(frame->body);
  ASSERT_TRUE(message);
  EXPECT_EQ(message->function, 0x4f2);
  EXPECT_EQ(message->session, 0x70000e4du);
  EXPECT_FALSE(message->object);
}

TEST(S7PlusMessage, OT07_WrongLengthsAndNames) {
  EXPECT_FALSE(ReadFrame(Hex("7204000a"), 4));
  EXPECT_FALSE(ReadFrame(Hex("720200"), 3));
  const auto liar = Hex("7202ffff 31000004ca");
  EXPECT_FALSE(ReadFrame(liar, liar.size())->fits);
  EXPECT_FALSE(LookAt(liar, liar.size()).possible);
  EXPECT_FALSE(ReadMessage(Hex("35000004ca00000001")));
  EXPECT_FALSE(ReadMessage(Hex("31000004ca0000")));
  EXPECT_EQ(FunctionName(0x56b), "invoke");
  EXPECT_EQ(FunctionName(0x1), "unknown_function");
}

}  // namespace
}  // namespace tapiary::capture::s7plus
