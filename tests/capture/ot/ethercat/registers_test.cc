#include "capture/ot/ethercat/registers.h"

#include <gtest/gtest.h>

#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::ethercat {
namespace {

bool Decode(std::uint16_t offset, const char* hex, Transaction& out) {
  const auto data = test::Hex(hex);
  Datagram datagram;
  datagram.command = kFpwr;
  datagram.offset = offset;
  datagram.data = data;
  datagram.length = data.size();
  return DecodeRegisterWrite(datagram, out);
}

TEST(EtherCatRegisters, AWriteThatBeginsBeforeTheRegister) {
  Transaction out;
  ASSERT_TRUE(Decode(0x011e, "0000 0200", out));
  EXPECT_EQ(out.operation, "al_control");
  EXPECT_EQ(out.values, std::vector<std::int64_t>{2});
}

TEST(EtherCatRegisters, OthersAreNoTransactions) {
  Transaction out;
  EXPECT_FALSE(Decode(0x0600, "00000000", out));  // FMMU
  EXPECT_FALSE(Decode(0x0910, "00000000", out));  // clocks
  EXPECT_FALSE(Decode(0x1120, "01", out));        // memory
  EXPECT_FALSE(Decode(0x0502, "0000", out));      // clears errors
  EXPECT_FALSE(Decode(0x0502, "00", out));
  EXPECT_FALSE(Decode(0x0120, "", out));
  ASSERT_TRUE(Decode(0x0502, "0004", out));
  EXPECT_EQ(out.operation, "eeprom_reload");
  EXPECT_EQ(out.attack_technique, "T0816");
}

}  // namespace
}  // namespace tapiary::capture::ethercat
