#include "capture/ot/s7comm/userdata.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/iso/support.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::s7comm {
namespace {

using test::DetailOf;
using test::Hex;

Transaction Ask(std::uint8_t group, std::uint8_t function, std::string_view hex) {
  const auto data = Hex(hex);
  Userdata userdata;
  userdata.type = 4;
  userdata.group = group;
  userdata.function = function;
  userdata.data = data;
  Transaction out;
  DecodeUserdataRequest(userdata, out);
  return out;
}

void Answer(Transaction& out, std::uint8_t group, std::uint8_t function, std::string_view hex,
            std::uint16_t error = 0) {
  const auto data = Hex(hex);
  Userdata userdata;
  userdata.type = 8;
  userdata.group = group;
  userdata.function = function;
  userdata.data = data;
  userdata.error = error;
  SzlReader szl;
  DecodeUserdataResponse(userdata, szl, true, out);
}

TEST(S7Userdata, ThePasswordTriedIsShown) {
  Transaction out = Ask(5, 1, "213a1b1d6e681b1d");
  EXPECT_EQ(out.operation, "plc_password");
  EXPECT_EQ(DetailOf(out, "password"), "toor");
  EXPECT_EQ(out.attack_technique, "T0859");
  Answer(out, 5, 1, "", 0xd602);
  EXPECT_EQ(out.status, TransactionStatus::kException);
  EXPECT_EQ(out.exception, 0xd602u);
}

TEST(S7Userdata, ClockAndForcing) {
  const Transaction set = Ask(7, 2, "00 20 16 02 08 23 17 44 6182");
  EXPECT_EQ(set.operation, "set_clock");
  EXPECT_EQ(DetailOf(set, "clock"), "2016-02-08 23:17:44");
  EXPECT_TRUE(set.command);
  EXPECT_EQ(Ask(1, 9, "0014").attack_technique, "T0835");
  EXPECT_TRUE(Ask(1, 9, "0014").command);
  EXPECT_FALSE(Ask(1, 16, "0014").command);
}

TEST(S7Userdata, Blocks) {
  Transaction counts = Ask(3, 1, "");
  Answer(counts, 3, 1, "3038 0003 3041 0010 3043 0000");
  EXPECT_EQ(DetailOf(counts, "blocks"), "OB=3 DB=16");
  EXPECT_EQ(counts.quantity, 19u);
  Transaction numbers = Ask(3, 2, "3041");
  Answer(numbers, 3, 2, "0001 2205 0031 221d");
  EXPECT_EQ(DetailOf(numbers, "block_type"), "DB");
  EXPECT_EQ(numbers.values, (std::vector<std::int64_t>{1, 0x31}));
  Transaction info = Ask(3, 3, "3042303030303141");
  EXPECT_EQ(DetailOf(info, "block"), "SDB1 active");
  Answer(info, 3, 3,
         "0100004a2200707003 02070b00010000009e00000000023664182c1e04ef6d80122c0000003200000002"
         "5345545550202037 2020202020202020 2020202020202020 12 00");
  EXPECT_EQ(DetailOf(info, "author"), "SETUP  7");
  EXPECT_EQ(DetailOf(info, "load_memory_bytes"), "158");
  EXPECT_EQ(DetailOf(info, "version"), "1.2");
}

TEST(S7Userdata, OT12_AnyLengthOfAnyFunction) {
  const std::string data(400, '3');
  for (std::uint8_t group = 0; group < 16; ++group) {
    for (int function = 0; function < 24; ++function) {
      for (std::size_t size = 0; size <= data.size(); size += size < 100 ? 2 : 60) {
        const auto code = static_cast<std::uint8_t>(function);
        Transaction out = Ask(group, code, data.substr(0, size));
        Answer(out, group, code, data.substr(0, size));
        EXPECT_FALSE(out.operation.empty());
        EXPECT_LE(out.detail.size(), 48u);
      }
    }
  }
}

}  // namespace
}  // namespace tapiary::capture::s7comm
