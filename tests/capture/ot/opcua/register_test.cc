#include "capture/ot/opcua/register.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/opcua/bytes.h"

namespace tapiary::capture::opcua {
namespace {

OtRecognition Look(const std::string& side0, const std::string& side1, bool usual_port) {
  const std::vector<std::uint8_t> bytes0 = test::Hex(side0), bytes1 = test::Hex(side1);
  OtGuess guess;
  guess.bytes[0] = bytes0;
  guess.bytes[1] = bytes1;
  guess.usual_port = usual_port;
  return Recognise(guess);
}

TEST(OpcuaRecognise, HelloOpenAndMessageOnAnyPort) {
  for (const std::string& hex : {Hello("opc.tcp://a"), Open(0, "None", 1, OpenRequest()),
                                 Chunk7("MSGF", 1, 5, WriteOf("Pump"))}) {
    EXPECT_EQ(Look(hex, "", false).verdict, OtVerdict::kYes);
    EXPECT_EQ(Look(hex, "", false).client_side, 0);
    EXPECT_EQ(Look("", hex, false).client_side, 1);
  }
  EXPECT_EQ(Look(Ack(), "", false).client_side, 1);
}

TEST(OpcuaRecognise, OT08_AnAnswerFirstStillTellsWhoAsks) {
  EXPECT_EQ(Look("", Chunk7("MSGF", 1, 5, Response(676, Le32(0))), true).client_side, 0);
}

TEST(OpcuaRecognise, EncryptedMessagesNeedThePortOrBothSides) {
  const std::string sealed = Chunk7("MSGF", 0x9abcdef0, 5, std::string(80, 'f'));
  EXPECT_EQ(Look(sealed, "", true).verdict, OtVerdict::kYes);
  EXPECT_EQ(Look(sealed, "", false).verdict, OtVerdict::kMore);
  EXPECT_EQ(Look(sealed, sealed, false).verdict, OtVerdict::kYes);
}

TEST(OpcuaRecognise, EveryPrefixAsksForMore) {
  const std::vector<std::uint8_t> hello = test::Hex(Hello("opc.tcp://a"));
  for (std::size_t size = 1; size < hello.size(); ++size) {
    OtGuess guess;
    guess.bytes[0] = base::Bytes(hello).first(size);
    EXPECT_EQ(Recognise(guess).verdict, OtVerdict::kMore) << size;
  }
}

TEST(OpcuaRecognise, OT06_OthersAreNot) {
  const char* const foreign[] = {
      "474554202f20485454502f312e310d0a",
      "160301020001000001fc0303",
      "5353482d322e302d4f70656e",
      "030000130ee000000000000100080003",
      "48454c4f20612e62630d0a",  // HELO of SMTP
      "48454c4600000000",
      "4d53474600000005",
      "48454c46ffffffff00000000",  // four gigabytes
  };
  for (const char* const hex : foreign) {
    EXPECT_EQ(Look(hex, "", true).verdict, OtVerdict::kNo) << hex;
    EXPECT_EQ(Look("", hex, false).verdict, OtVerdict::kNo) << hex;
  }
}

}  // namespace
}  // namespace tapiary::capture::opcua
