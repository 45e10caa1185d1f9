#include "capture/ot/iec104/framing.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/iec104/apdu.h"

namespace tapiary::capture::iec104 {
namespace {

using capture::test::Hex;
using test::Octets;

struct Sink final : PduSink {
  void OnPdu(const Pdu& pdu) override { sizes.push_back(pdu.bytes.size()); }
  void OnFault(std::string_view anomaly) override { faults.emplace_back(anomaly); }
  std::vector<std::size_t> sizes;
  std::vector<std::string> faults;
};

TEST(Iec104Framing, Formats) {
  Apci apci;
  EXPECT_EQ(ReadApci(test::UFrame(0x07), apci).size, 6u);
  EXPECT_EQ(apci.format, Format::kU);
  EXPECT_EQ(ReadApci(test::SFrame(5), apci).size, 6u);
  EXPECT_EQ(apci.format, Format::kS);
  EXPECT_EQ(apci.receive, 5);
  EXPECT_EQ(ReadApci(test::IFrame(300, 7, "0101030001006400 0001"), apci).size, 16u);
  EXPECT_EQ(apci.format, Format::kI);
  EXPECT_EQ(apci.send, 300);
  EXPECT_EQ(apci.receive, 7);
}

TEST(Iec104Framing, OT07_LengthsOutsideTheStandard) {
  Apci apci;
  for (const std::string_view hex : {"6803", "68fe", "680507", "680400", "680b01"}) {
    EXPECT_EQ(ReadApci(Hex(hex), apci).kind, PduFront::Kind::kBad) << hex;
  }
  EXPECT_EQ(ReadApci(Hex("69"), apci).kind, PduFront::Kind::kBad);
  EXPECT_EQ(ReadApci(Hex("6804"), apci).kind, PduFront::Kind::kMore);
}

TEST(Iec104Framing, OT10_StrayBytesCostNothingButThemselves) {
  Octets stream = Hex("0068ff 680468");
  for (const Octets& apdu :
       {test::UFrame(0x07), test::IFrame(0, 0, "0101030001006400 0001"), test::SFrame(1)}) {
    stream.insert(stream.end(), apdu.begin(), apdu.end());
  }
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    Framer framer(kFraming, true);
    Sink sink;
    framer.Feed(base::Bytes(stream).first(cut), 0, sink);
    framer.Feed(base::Bytes(stream).subspan(cut), 0, sink);
    EXPECT_EQ(sink.sizes, (std::vector<std::size_t>{6, 16, 6})) << cut;
    EXPECT_FALSE(sink.faults.empty());
  }
}

TEST(Iec104Framing, PlausibleIsStrict) {
  EXPECT_TRUE(LooksLikeApdu(test::UFrame(0x43)));
  EXPECT_FALSE(LooksLikeApdu(test::UFrame(0x47)));
  EXPECT_FALSE(LooksLikeApdu(Hex("680443010000")));
  EXPECT_FALSE(LooksLikeApdu(Hex("680401000100")));
  EXPECT_FALSE(LooksLikeApdu(test::IFrame(0, 0, "0102030001006400 0001")));
  EXPECT_TRUE(LooksLikeApdu(Hex("680e00")));
}

}  // namespace
}  // namespace tapiary::capture::iec104
