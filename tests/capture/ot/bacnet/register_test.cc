#include "capture/ot/bacnet/register.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/bacnet/bytes.h"

namespace tapiary::capture::bacnet {
namespace {

OtRecognition Look(const std::string& side0, const std::string& side1, bool usual_port) {
  const std::vector<std::uint8_t> bytes0 = test::Hex(side0), bytes1 = test::Hex(side1);
  OtGuess guess;
  guess.bytes[0] = bytes0;
  guess.bytes[1] = bytes1;
  guess.datagram = true;
  guess.usual_port = usual_port;
  return Recognise(guess);
}

TEST(BacnetRecognise, OneMessageOnAnyPort) {
  const std::string read = Unicast("0005010c 0c00000005 1955");
  EXPECT_EQ(Look(read, "", false).verdict, OtVerdict::kYes);
  EXPECT_EQ(Look("828203 0104 0005010c 0c00000005 1955", "", false).verdict, OtVerdict::kYes);
}

TEST(BacnetRecognise, WhoAsksIsToldByTheApdu) {
  EXPECT_EQ(Look(Unicast("0005010c 0c00000005 1955"), "", true).client_side, 0);
  EXPECT_EQ(Look("", Unicast("0005010c 0c00000005 1955"), true).client_side, 1);
  EXPECT_EQ(Look(Unicast("50010c 9101 911f"), "", true).client_side, 1);
  EXPECT_EQ(Look(Unicast("00050101 0901"), "", true).client_side, 1) << "the watched one notifies";
}

TEST(BacnetRecognise, AnIAmToOneReceiverIsAnAnswer) {
  const std::string rest = "1000 c402000065 2205c4 9103 2103";
  EXPECT_EQ(Look(Bip(0x0a, "0100" + rest), "", true).client_side, 1);
  EXPECT_EQ(Look(Bip(0x0b, "0100" + rest), "", true).client_side, 0) << "broadcast";
}

TEST(BacnetRecognise, OT06_OthersAreNot) {
  const char* const foreign[] = {
      "81",
      "810a0010",
      "810a0007010410 08",                 // the length is another
      "810a00080204 1008",                 // NPDU version
      "810a00080154 1008",                 // reserved bits
      "810a00080104 f008",                 // no such type
      "810a00080104 1063",                 // no such service
      "820303",                            // LLC of something else
      "424203000000000000",                // spanning tree
      "160301020001000001",                // TLS
      "474554202f20485454502f312e310d0a",  // HTTP
  };
  for (const char* const hex : foreign) {
    EXPECT_EQ(Look(hex, "", true).verdict, OtVerdict::kNo) << hex;
    EXPECT_EQ(Look("", hex, false).verdict, OtVerdict::kNo) << hex;
  }
}

}  // namespace
}  // namespace tapiary::capture::bacnet
