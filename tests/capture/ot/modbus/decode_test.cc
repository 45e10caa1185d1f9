#include "capture/ot/modbus/decode.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::modbus {
namespace {

using test::Hex;

Adu AduOf(const std::vector<std::uint8_t>& pdu, std::uint8_t unit = 1) {
  Adu adu;
  adu.header.length = static_cast<std::uint16_t>(pdu.size() + 1);
  adu.header.unit = unit;
  adu.pdu = pdu;
  return adu;
}

Transaction Ask(const char* hex) {
  Transaction out;
  const auto pdu = Hex(hex);
  DecodeRequest(AduOf(pdu), out);
  return out;
}

Transaction AskAndAnswer(const char* request, const char* response, std::uint8_t unit = 1) {
  Transaction out = Ask(request);
  const auto pdu = Hex(response);
  DecodeResponse(AduOf(pdu, unit), out);
  return out;
}

std::string Detail(const Transaction& transaction, std::string_view key) {
  for (const auto& [name, text] : transaction.detail) {
    if (name == key) return text;
  }
  return "(none)";
}

bool Has(const Transaction& transaction, std::string_view anomaly) {
  return std::find(transaction.anomalies.begin(), transaction.anomalies.end(), anomaly) !=
         transaction.anomalies.end();
}

using Values = std::vector<std::int64_t>;

TEST(ModbusDecode, ReadsHaveTheRequestsRangeAndTheResponsesValues) {
  const Transaction coils = AskAndAnswer("0100130005", "010115");
  EXPECT_EQ(coils.operation, "read_coils");
  EXPECT_EQ(coils.address, 0x13u);
  EXPECT_EQ(coils.values, (Values{1, 0, 1, 0, 1}));
  const Transaction registers = AskAndAnswer("03006b0003", "0306022b00000064");
  EXPECT_EQ(registers.quantity, 3u);
  EXPECT_EQ(registers.values, (Values{0x22b, 0, 0x64}));
  EXPECT_EQ(registers.status, TransactionStatus::kOk);
  EXPECT_FALSE(registers.command);
  EXPECT_TRUE(registers.anomalies.empty());
}

TEST(ModbusDecode, WritesAreCommandsWithTheirValues) {
  EXPECT_EQ(AskAndAnswer("0500acff00", "0500acff00").values, (Values{1}));
  EXPECT_EQ(AskAndAnswer("0600010003", "0600010003").values, (Values{3}));
  const Transaction many = AskAndAnswer("1000010002 04 000a0102", "1000010002");
  EXPECT_EQ(many.values, (Values{10, 0x102}));
  EXPECT_TRUE(many.command);
  EXPECT_EQ(many.attack_technique, "T0836");
  EXPECT_EQ(AskAndAnswer("0f0013000a02cd01", "0f0013000a").values,
            (Values{1, 0, 1, 1, 0, 0, 1, 1, 1, 0}));
  EXPECT_EQ(AskAndAnswer("16000400f20025", "16000400f20025").values, (Values{0xf2, 0x25}));
}

TEST(ModbusDecode, ReadWriteKeepsBothRanges) {
  const Transaction both = AskAndAnswer("1700030002000e0001 02 00ff", "17 04 00fe0acd");
  EXPECT_EQ(both.address, 0xeu);
  EXPECT_EQ(both.values, (Values{0xff}));
  EXPECT_EQ(Detail(both, "read_address"), "3");
  EXPECT_EQ(Detail(both, "read_values"), "254 2765");
}

TEST(ModbusDecode, FilesFifoAndDiagnostics) {
  const Transaction read =
      AskAndAnswer("14 0e 06000400010002 06000300090002", "14 0c 05060dfe0020 050633cd0040");
  EXPECT_EQ(Detail(read, "file_record_length"), "4/1/2 3/9/2");
  EXPECT_EQ(read.values, (Values{0xdfe, 0x20, 0x33cd, 0x40}));
  const Transaction write =
      AskAndAnswer("150d 06000400070003 06af04be100d", "150d 06000400070003 06af04be100d");
  EXPECT_EQ(write.values, (Values{0x6af, 0x4be, 0x100d}));
  EXPECT_TRUE(write.command);
  EXPECT_EQ(AskAndAnswer("1804de", "18 0006 0002 01b8 1284").values, (Values{0x1b8, 0x1284}));
  EXPECT_EQ(Detail(AskAndAnswer("0800010000", "0800010000"), "sub_function"), "1");
  EXPECT_TRUE(Ask("0800010000").command);
  EXPECT_FALSE(Ask("080000a537").command);
}

TEST(ModbusDecode, ExceptionKeepsTheRequest) {
  const Transaction exception = AskAndAnswer("0300000002", "8302");
  EXPECT_EQ(exception.status, TransactionStatus::kException);
  EXPECT_EQ(exception.exception, 2u);
  EXPECT_EQ(exception.address, 0u);
  EXPECT_TRUE(exception.anomalies.empty());
}

TEST(ModbusDecode, OT07_OverlongExceptionIsAcceptedAndFlagged) {
  const Transaction exception = AskAndAnswer("0300000002", "830200");
  EXPECT_EQ(exception.exception, 2u);
  EXPECT_TRUE(Has(exception, "modbus-length"));
}

TEST(ModbusDecode, OT07_CountMismatchShowsWhatIsThere) {
  const Transaction longer = AskAndAnswer("0300000002", "03060001000200");
  EXPECT_TRUE(Has(longer, "modbus-count-mismatch"));
  EXPECT_EQ(longer.values, (Values{1, 2}));
  const Transaction write = Ask("1000010002 08 000a");
  EXPECT_TRUE(Has(write, "modbus-count-mismatch"));
  EXPECT_EQ(write.values, (Values{10}));
  EXPECT_TRUE(Has(Ask("0300000100"), "modbus-quantity"));
}

TEST(ModbusDecode, OT03_ResponseOfAnotherUnitIsFlagged) {
  EXPECT_TRUE(Has(AskAndAnswer("0300000001", "03020001", 9), "modbus-unit-mismatch"));
}

TEST(ModbusDecode, UnknownFunctionsKeepTheirBytes) {
  const Transaction unknown = AskAndAnswer("42 0102", "42 0304");
  EXPECT_EQ(unknown.operation, "unknown_function");
  EXPECT_EQ(unknown.code, 0x42);
  EXPECT_EQ(Detail(unknown, "data"), "0102");
  EXPECT_EQ(Detail(unknown, "response_data"), "0304");
}

TEST(ModbusDecode, UmasCodesAreCommands) {
  const Transaction stop = Ask("5a 01 41 ff00");
  EXPECT_EQ(stop.operation, "umas_stop_plc");
  EXPECT_EQ(Detail(stop, "umas_code"), "0x41");
  EXPECT_TRUE(stop.command);
  EXPECT_EQ(stop.attack_technique, "T0881");
}

// Every function, cut at every byte and with each byte 00 or FF: no crash, no value from nowhere.
TEST(ModbusDecode, EveryCutAndEveryHostileByteIsSurvived) {
  for (int function = 0; function < 256; ++function) {
    std::vector<std::uint8_t> pdu(30, 4);
    pdu[0] = static_cast<std::uint8_t>(function);
    for (std::size_t size = 1; size <= pdu.size(); ++size) {
      for (const std::uint8_t value : {std::uint8_t{0}, std::uint8_t{0xff}}) {
        std::vector<std::uint8_t> changed(pdu.begin(),
                                          pdu.begin() + static_cast<std::ptrdiff_t>(size));
        if (size > 1) changed[size - 1] = value;
        Transaction out;
        DecodeRequest(AduOf(changed), out);
        DecodeResponse(AduOf(changed), out);
        Transaction alone;
        DecodeResponse(AduOf(changed), alone);
        EXPECT_LE(alone.values.size(), size * 8);
      }
    }
  }
}

}  // namespace
}  // namespace tapiary::capture::modbus
