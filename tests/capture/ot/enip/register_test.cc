#include "capture/ot/enip/register.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/capture/ot/enip/messages.h"

namespace tapiary::capture::enip {
namespace {

using test::Encapsulated;
using test::Hex;
using test::RrData;

OtRecognition Look(const std::string& side0, const std::string& side1, bool usual_port,
                   int server_side, bool datagram = false) {
  const std::vector<std::uint8_t> bytes[2] = {Hex(side0), Hex(side1)};
  OtGuess guess;
  guess.bytes[0] = bytes[0];
  guess.bytes[1] = bytes[1];
  guess.usual_port = usual_port;
  guess.server_side = server_side;
  guess.datagram = datagram;
  return kProtocol.recognise(guess);
}

const std::string kList = Encapsulated(0x63, 0, 0x77, "");
const std::string kRegister = Encapsulated(0x65, 0, 0, "01000000");
const std::string kRead = RrData(1, "0e 03 20 01 24 01 30 07");
const std::string kReply = RrData(1, "8e 00 00 00 2a");

TEST(EnipRegister, OneMessageIsEnoughOnItsPort) {
  for (const std::string& hex :
       {kList, kRegister, kRead, Encapsulated(0, 0, 0, ""), Encapsulated(0x0099, 0, 0, "01")}) {
    EXPECT_EQ(Look(hex, "", true, 1).verdict, OtVerdict::kYes) << hex;
    EXPECT_EQ(Look(hex, "", true, 1).client_side, 0);
  }
  EXPECT_EQ(Look("", kReply, true, 1).client_side, 0);  // OT-08
}

TEST(EnipRegister, ElsewhereItTakesProof) {
  EXPECT_EQ(Look(kList, "", false, -1).verdict, OtVerdict::kMore);
  EXPECT_EQ(Look(kRegister, "", false, -1).verdict, OtVerdict::kYes);
  const OtRecognition reply = Look(kReply, "", false, -1);
  EXPECT_EQ(reply.verdict, OtVerdict::kYes);
  EXPECT_EQ(reply.client_side, 1);
  EXPECT_EQ(Look(Encapsulated(0, 0, 0, ""), "", false, -1).verdict, OtVerdict::kNo);
  EXPECT_EQ(Look(Encapsulated(0x0099, 0, 0, ""), "", false, -1).verdict, OtVerdict::kNo);
}

TEST(EnipRegister, EveryPrefixAsksForMore) {
  for (std::size_t size = 2; size < kRead.size(); size += 2) {
    EXPECT_EQ(Look(kRead.substr(0, size), "", true, 1).verdict, OtVerdict::kMore) << size;
    EXPECT_EQ(Look(kRead.substr(0, size), "", true, 1, true).verdict, OtVerdict::kNo) << size;
  }
}

TEST(EnipRegister, OT06_ForeignContentIsNeverClaimed) {
  const char* const kForeign[] = {
      "474554202f20485454502f312e310d0a486f73743a20780d0a0d0a",                            // HTTP
      "16030102000100 01fc0303 00112233445566778899aabbccddeeff",                          // TLS
      "5353482d322e302d4f70656e5353485f382e390d0a",                                        // SSH
      "030000130ee000000000000100080003000000",                                            // RDP
      "00000000000601030000000a",                                                          // Modbus
      "00000000005400000000000000000000ff534d4272000000001801280000000000",                // SMB
      "00001c0000000a00000101 5303 0a00000102 0180 0100 0400 00000000 00000000 01000000",  // ADS
      "0200028008000100000001000000b1000200aabb",  // CIP I/O
      "6f00ffff00000000",
      "63000100000000000000000000000000000000000000000000",
  };
  for (const char* const hex : kForeign) {
    EXPECT_EQ(Look(hex, "", false, -1).verdict, OtVerdict::kNo) << hex;
    EXPECT_NE(Look(hex, "", true, 1).verdict, OtVerdict::kYes) << hex;
  }
}

}  // namespace
}  // namespace tapiary::capture::enip
