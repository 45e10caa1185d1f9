#include "capture/ot/iso/cotp.h"

#include <gtest/gtest.h>

#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::iso {
namespace {

using test::Hex;
using Kind = PduFront::Kind;

TEST(Cotp, ReadsWhereATpduEnds) {
  const auto data = Hex("03 00 00 19 02 f0 80 32");
  const PduFront front = ReadTpkt(data);
  EXPECT_EQ(front.kind, Kind::kPdu);
  EXPECT_EQ(front.size, 25u);
  const Tpdu tpdu = ReadTpdu(data);
  EXPECT_EQ(tpdu.type, TpduType::kData);
  EXPECT_TRUE(tpdu.end);
  EXPECT_EQ(tpdu.payload.size(), 1u);
  EXPECT_FALSE(ReadTpdu(Hex("03 00 00 08 02 f0 00 32")).end);
}

TEST(Cotp, OT07_WrongLengthsAndTypesAreNoTpdu) {
  for (const char* const hex :
       {"04", "03 01", "16 03 01 02", "03 00 00 06", "03 00 00 07 03 f0 80", "03 00 00 07 ff f0 80",
        "03 00 00 07 00 f0 80", "03 00 00 07 01 f0 80", "03 00 00 0b 06 b0 00", "03 00 00 07 02 e0",
        "03 00 00 0c 07 f0 80", "03 00 00 07 02 f4 80"}) {
    EXPECT_EQ(ReadTpkt(Hex(hex)).kind, Kind::kBad) << hex;
  }
}

TEST(Cotp, OT12_EveryPrefixOfATpduWaits) {
  const auto data = Hex("03 00 00 0b 06 e0 00 00 00 01 00");
  for (std::size_t size = 0; size < 6; ++size) {
    EXPECT_EQ(ReadTpkt(base::Bytes(data).first(size)).kind, Kind::kMore) << size;
  }
  for (std::size_t size = 6; size <= data.size(); ++size) {
    EXPECT_EQ(ReadTpkt(base::Bytes(data).first(size)).size, 11u);
    EXPECT_EQ(ReadTpdu(base::Bytes(data).first(size)).type, TpduType::kConnectRequest);
  }
}

}  // namespace
}  // namespace tapiary::capture::iso
