#include "capture/ot/modbus/rtu.h"

#include <gtest/gtest.h>

#include <string>

#include "base/text.h"
#include "capture/ot/modbus/functions.h"
#include "tests/capture/ot/support/invariance.h"

namespace tapiary::capture::modbus {
namespace {

using test::Conversation;
using test::Hex;
using test::MeterRun;

std::string Rtu(std::string_view hex) {
  std::vector<std::uint8_t> bytes = Hex(hex);
  const std::uint16_t crc = RtuCrc(bytes);
  bytes.push_back(static_cast<std::uint8_t>(crc));
  bytes.push_back(static_cast<std::uint8_t>(crc >> 8));
  return base::ToHex(bytes);
}

Conversation Talk() {
  Conversation talk;
  talk.server_port = 4001;
  talk.recognise_messages = 2;  // no port says what it is: both sides must show it
  talk.Client(Rtu("11 03 006b 0003")).Server(Rtu("11 03 06 0001 0002 0003"));
  talk.Client(Rtu("11 10 0001 0002 04 000a 0102")).Server(Rtu("11 10 0001 0002"));
  talk.Client(Rtu("11 05 00ac ff00")).Server(Rtu("11 05 00ac ff00"));
  talk.Client(Rtu("07 01 0000 000a")).Server(Rtu("07 81 02"));
  return talk;
}

TEST(ModbusRtu, CrcIsThatOfTheSpecification) {
  // Section 6.2.2's example: 02 07 gives 41 12 on the wire.
  EXPECT_EQ(RtuCrc(Hex("0207")), 0x1241);
}

TEST(ModbusRtu, IsDecodedAsModbus) {
  const Conversation talk = Talk();
  const MeterRun run = test::Deliver(talk, test::WholeMessages(talk));
  ASSERT_EQ(run.records.flows.size(), 1u);
  EXPECT_EQ(run.records.flows[0].service, "modbus");
  ASSERT_EQ(run.records.transactions.size(), 4u);
  const Transaction& read = run.records.transactions[0];
  EXPECT_EQ(read.protocol, "modbus");
  EXPECT_EQ(read.unit, 0x11u);
  EXPECT_EQ(read.address, 0x6bu);
  EXPECT_EQ(read.values, (std::vector<std::int64_t>{1, 2, 3}));
  const Transaction& write = run.records.transactions[1];
  EXPECT_TRUE(write.command);
  EXPECT_EQ(write.status, TransactionStatus::kOk);
  EXPECT_EQ(run.records.transactions[3].exception, 2u);
}

TEST(ModbusRtu, OT01_AnyCutGivesTheSameFacts) {
  test::CheckCuts(Talk());
}

TEST(ModbusRtu, OT06_WrongCrcIsNothing) {
  Conversation talk;
  talk.server_port = 4001;
  talk.Client("1103006b00030000").Server("1103060001000200030000");
  talk.Client("1103006b00030000").Server("1103060001000200030000");
  const MeterRun run = test::Deliver(talk, test::WholeMessages(talk));
  EXPECT_TRUE(run.records.transactions.empty());
  EXPECT_TRUE(run.records.flows[0].service.empty());
}

TEST(ModbusRtu, OT07_EndlessGarbageIsNotWaitedFor) {
  const std::vector<std::uint8_t> bytes(300, kGetCommEventLog);
  EXPECT_EQ(kRtuFraming.front(bytes, true).kind, PduFront::Kind::kBad);
  EXPECT_EQ(kRtuFraming.front(base::Bytes(bytes).first(100), true).kind, PduFront::Kind::kMore);
  EXPECT_EQ(kRtuFraming.front(Hex("1183"), true).kind, PduFront::Kind::kBad);
  // A read request has eight bytes, not one more.
  EXPECT_EQ(kRtuFraming.front(Hex("0002000300"), true).kind, PduFront::Kind::kMore);
  EXPECT_EQ(kRtuFraming.front(Hex("0002000300010002"), true).kind, PduFront::Kind::kBad);
}

}  // namespace
}  // namespace tapiary::capture::modbus
