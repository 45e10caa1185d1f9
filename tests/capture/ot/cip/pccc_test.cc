#include "capture/ot/cip/pccc.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/cip/decode_support.h"

namespace tapiary::capture::cip {
namespace {

using test::Exchange;
using test::Flagged;
using test::Get;
using test::Request;

TEST(CipPccc, PcccAddressesAndErrors) {
  const std::string front = "4b 02 20 67 24 01 07 4d00 00000000 0f 00 0100 ";
  const Transaction write = Request(front + "aa 04 07 89 03 00 0100 feff");
  EXPECT_EQ(Get(write, "pccc_address"), "N7:3");
  EXPECT_EQ(write.operation, "pccc_protected_typed_logical_write_3");
  EXPECT_EQ(write.values, (std::vector<std::int64_t>{1, -2}));
  EXPECT_TRUE(write.command);
  const Transaction timer = Request(front + "a2 02 04 86 ff0001 02");
  EXPECT_EQ(Get(timer, "pccc_address"), "T4:256.2");
  const Transaction refused =
      Exchange(front + "80 01", "cb 00 00 00 07 4d00 00000000 4f f0 0100 0b");
  EXPECT_EQ(refused.status, TransactionStatus::kException);
  EXPECT_EQ(Get(refused, "pccc_status"), "240");
  EXPECT_EQ(Get(refused, "pccc_extended_status"), "11");
  EXPECT_TRUE(Flagged(Request("4b 02 20 67 24 01 00"), "cip-pccc-length"));
}

TEST(CipPccc, TheFunctionIsTheOperation) {
  const auto run = [](const std::string& command, const std::string& function,
                      const std::string& data = {}) {
    return Request("4b 02 20 67 24 01 07 4d00 00000000" + command + "00 0100" + function + data);
  };
  const Transaction mode = run("0f", "80", "01");
  EXPECT_EQ(mode.operation, "pccc_change_mode");
  EXPECT_EQ(mode.code, 0x4b);
  EXPECT_EQ(Get(mode, "pccc_mode"), "1");
  EXPECT_TRUE(mode.command);
  EXPECT_EQ(mode.attack_technique, "T0858");
  const Transaction read = run("0f", "a2", "02 07 89 00 00");
  EXPECT_EQ(read.operation, "pccc_protected_typed_logical_read_3");
  EXPECT_FALSE(read.command);
  EXPECT_EQ(read.attack_technique, "T0801");
  EXPECT_EQ(run("06", "03").attack_technique, "T0888");
  EXPECT_EQ(run("06", "03").operation, "pccc_diagnostic_status");
  EXPECT_EQ(run("0f", "50").attack_technique, "T0843");
  EXPECT_EQ(run("0f", "f9").operation, "pccc_unknown_function");
  EXPECT_FALSE(run("0f", "f9").command);
  // Too short to tell: what carries it is all that is known.
  EXPECT_EQ(Request("4b 02 20 67 24 01 00").operation, "execute_pccc");
}

}  // namespace
}  // namespace tapiary::capture::cip
