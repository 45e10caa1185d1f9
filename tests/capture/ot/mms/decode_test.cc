#include "capture/ot/mms/decode.h"

#include <gtest/gtest.h>

#include "capture/ot/mms/techniques.h"
#include "tests/capture/ot/mms/support.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::mms {
namespace {

using test::Ber;
using test::DetailOf;
using test::Hex;
using test::Text;

Transaction Ask(const std::string& service) {
  const auto pdu = Hex(test::Invoke(9, service));
  Transaction out;
  DecodeRequest(ReadService(pdu), out);
  return out;
}

TEST(MmsDecode, ServicesWithTheirNames) {
  const Transaction names = Ask(Ber("a1", Ber("a0", "800109") + Ber("a1", "8000")));
  EXPECT_EQ(names.operation, "get_name_list");
  EXPECT_EQ(DetailOf(names, "object_class"), "domain");
  EXPECT_EQ(DetailOf(names, "scope"), "vmd");
  const Transaction open = Ask(Ber("bf48", Ber("a0", Text("19", "COMTRADE/f1.dat")) + "810100"));
  EXPECT_EQ(open.operation, "file_open");
  EXPECT_EQ(open.code, 72);
  EXPECT_EQ(DetailOf(open, "names"), "COMTRADE/f1.dat");
  EXPECT_TRUE(Ask(Ber("bf4c", Text("19", "f1.dat"))).command);
  const Transaction load = Ask(Ber("ba", Text("80", "DOM1")));
  EXPECT_EQ(load.operation, "initiate_download_sequence");
  EXPECT_EQ(load.attack_technique, "T0843");
}

TEST(MmsDecode, WritesByFunctionalConstraint) {
  EXPECT_EQ(WriteKindOf("B/CSWI1$CO$Pos$Oper"), kWriteControl);
  EXPECT_EQ(WriteKindOf("B/PTOC1$SP$X"), kWriteSetting);
  EXPECT_EQ(WriteKindOf("B/LLN0$BR$rcb1$RptEna"), kWriteReporting);
  EXPECT_EQ(WriteKindOf("B/X"), kWriteOther);
  EXPECT_EQ(WriteKindOf("B/X$MX$CO"), kWriteOther);
  const Transaction off =
      Ask(Ber("a5", Ber("a0", test::Variable("B", "LLN0$RP$rcb$RptEna")) + Ber("a0", "830100")));
  EXPECT_EQ(off.attack_technique, "T0804");
  EXPECT_EQ(DetailOf(off, "data"), "false");
}

TEST(MmsDecode, OT07_NoServiceIsAnAnomaly) {
  Transaction out;
  const auto pdu = Hex("a003020101");
  DecodeRequest(ReadService(pdu), out);
  EXPECT_EQ(out.operation, "unknown_service");
  EXPECT_TRUE(test::HasAnomaly(out, "mms-ber"));
  EXPECT_EQ(Ask(Ber("bf8768", "00")).operation, "unknown_service");
}

TEST(MmsDecode, AnAnswerToAnotherServiceIsNamed) {
  Transaction out = Ask(Ber("82"));
  const auto pdu = Hex(test::Reply(9, Ber("a4", "a100")));
  DecodeAnswer(pdu, true, out);
  EXPECT_TRUE(test::HasAnomaly(out, "mms-service-mismatch"));
}

}  // namespace
}  // namespace tapiary::capture::mms
