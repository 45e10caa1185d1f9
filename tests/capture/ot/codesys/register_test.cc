#include "capture/ot/codesys/register.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/capture/support/meter_run.h"

namespace tapiary::capture::codesys {
namespace {

OtVerdict Look(const OtProtocol& protocol, const std::string& asked, const std::string& answered,
               bool usual_port, bool datagram = false) {
  const std::vector<std::uint8_t> bytes[2] = {test::Hex(asked), test::Hex(answered)};
  OtGuess guess;
  guess.bytes[0] = bytes[0];
  guess.bytes[1] = bytes[1];
  guess.usual_port = usual_port;
  guess.datagram = datagram;
  return protocol.recognise(guess).verdict;
}

TEST(CodesysRecognise, V2InBothByteOrders) {
  EXPECT_EQ(Look(kV2Protocol, "bbbb0100000001", "", true), OtVerdict::kYes);
  EXPECT_EQ(Look(kV2Protocol, "bbbb0000000101", "", true), OtVerdict::kYes);
  EXPECT_EQ(Look(kV2Protocol, "bbbb01", "", true), OtVerdict::kMore);
  EXPECT_EQ(Look(kV2Protocol, "bbbb0100000001", "", false), OtVerdict::kMore);
  EXPECT_EQ(Look(kV2Protocol, "bbbb0100000001", "bbbb0200000001aa", false), OtVerdict::kYes);
}

TEST(CodesysRecognise, OT06_V2NotByOtherBytes) {
  EXPECT_EQ(Look(kV2Protocol, "bbbb0000000000", "", true), OtVerdict::kNo);
  EXPECT_EQ(Look(kV2Protocol, "bbbb1122334455", "", true), OtVerdict::kNo);
  EXPECT_EQ(Look(kV2Protocol, "474554202f2048", "", true), OtVerdict::kNo);
}

TEST(CodesysRecognise, V3) {
  EXPECT_EQ(Look(kV3Protocol, "000117e8 20000000 c574", "", false), OtVerdict::kYes);
  EXPECT_EQ(Look(kV3Protocol, "000117e8 07000000", "", true), OtVerdict::kNo);
  EXPECT_EQ(Look(kV3Protocol, "000117e8 ffffffff", "", true), OtVerdict::kNo);
  EXPECT_EQ(Look(kV3Protocol, "000117", "", true), OtVerdict::kMore);
  // One byte of magic: it takes both sides, on the usual port.
  EXPECT_EQ(Look(kV3UdpProtocol, "c56b40400000", "", true, true), OtVerdict::kMore);
  EXPECT_EQ(Look(kV3UdpProtocol, "c56b40400000", "c56b40400000", true, true), OtVerdict::kYes);
  EXPECT_EQ(Look(kV3UdpProtocol, "c56b40400000", "c56b40400000", false, true), OtVerdict::kNo);
  EXPECT_EQ(Look(kV3UdpProtocol, "c5", "", true, true), OtVerdict::kNo);
}

}  // namespace
}  // namespace tapiary::capture::codesys
