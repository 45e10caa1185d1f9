#include "capture/ot/profinet/cm_blocks.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/profinet/dcp_frames.h"

namespace tapiary::capture::profinet {
namespace {

CmFacts Decode(const std::string& blocks, Transaction& out) {
  const auto bytes = test::Hex(blocks);
  return DecodeCmBlocks(bytes, true, out);
}

TEST(ProfinetCmBlocks, OT11_CountsAndLengthsAreNotBelieved) {
  Transaction out;
  EXPECT_FALSE(Decode("0101 ffff 0100 0001", out).complete);
  Transaction expected;  // 65535 APIs of 65535 submodules
  Decode(CmBlock("0104", "ffff 00000000 0001 00001234 0000 ffff 0001"), expected);
  EXPECT_EQ(test::Detail(expected, "modules"), "1:0x00001234");
  Transaction name;  // a name longer than its block
  EXPECT_FALSE(Decode(CmBlock("0101", "0001" + kAr + "0007 021b1b000001" + std::string(32, '0') +
                                          "00000011 0064 8892 00ff 61"),
                      name)
                   .complete);
  std::string many;
  for (int i = 0; i < 500; ++i) many += CmBlock("0102", "0001 0001 8892 00000001 0028 8000");
  Transaction crs;
  Decode(many, crs);
  EXPECT_LE(test::Detail(crs, "io_crs").size(), 256u);
}

TEST(ProfinetCmBlocks, ModuleDifferenceIsAnAnomaly) {
  Transaction out;
  EXPECT_TRUE(Decode(CmBlock("8104", "0001 00000000 0000"), out).complete);
  EXPECT_TRUE(test::Flagged(out, "profinet-io-module-difference"));
}

}  // namespace
}  // namespace tapiary::capture::profinet
