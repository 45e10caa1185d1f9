#include "capture/ot/ethercat/decoder.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "capture/ot/ethercat/register.h"
#include "tests/capture/ot/layer2/collector.h"

namespace tapiary::capture::ethercat {
namespace {

using test::Detail;

std::string Le(std::size_t number) {
  return test::HexOf({static_cast<std::uint8_t>(number), static_cast<std::uint8_t>(number >> 8)});
}

std::string Part(std::uint8_t command, std::size_t slave, std::size_t offset,
                 const std::string& data, std::size_t counter = 0, bool more = false) {
  const std::size_t length = test::Hex(data).size();
  return test::HexOf({command, 0x11}) + Le(slave) + Le(offset) +
         Le(length | (more ? 0x8000u : 0u)) + "0000" + data + Le(counter);
}

std::string Frame(const std::string& parts) {
  return Le(test::Hex(parts).size() | 0x1000u) + parts;
}

std::string Mailbox(const char* type, const std::string& body) {
  return Le(test::Hex(body).size()) + "0000 00" + type + body;
}

class EtherCatDecoderTest : public ::testing::Test {
 protected:
  void Send(const std::string& parts) {
    decoder_.OnDatagram(true, test::Hex(Frame(parts)), false, now_ += test::kMilli, out_);
  }
  Transaction One(const std::string& parts) {
    Send(parts);
    const std::vector<Transaction> all = std::exchange(out_.transactions, {});
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? Transaction{} : all[0];
  }
  EtherCatDecoder decoder_;
  test::Collector out_;
  std::int64_t now_ = test::kStart;
};

TEST_F(EtherCatDecoderTest, WritesThatMatter) {
  struct Case {
    std::string part;
    const char* operation;
    const char* technique;
    bool command;
  };
  const Case cases[] = {
      {Part(kFpwr, 1001, 0x120, "0100"), "al_control", "T0858", true},
      {Part(kBwr, 0, 0x120, "0300"), "al_control", "T0800", true},
      {Part(kFpwr, 1001, 0x502, "0102 04000000 beef"), "eeprom_write", "T0857", true},
      {Part(kFpwr, 1001, 0x500, "00 00 0001 04000000"), "eeprom_read", "T0888", false},
      {Part(kApwr, 0, 0x40, "52"), "esc_reset", "T0816", true},
      {Part(kApwr, 0xffff, 0x10, "e903"), "set_station_address", "T0836", true},
      {Part(kFpwr, 1001, 0x1000, Mailbox("13", "0020 23 0160 01 2a000000")), "sdo_download",
       "T0836", true},
      {Part(kFpwr, 1001, 0x1000, Mailbox("13", "0020 40 0160 01 00000000")), "sdo_upload", "T0888",
       false},
      {Part(kFpwr, 1001, 0x1000, Mailbox("14", "0200 00000000 66772e62696e")), "foe_write", "T0857",
       true},
  };
  for (const Case& row : cases) {
    const Transaction write = One(row.part);
    EXPECT_EQ(write.operation, row.operation);
    EXPECT_EQ(write.attack_technique, row.technique) << row.operation;
    EXPECT_EQ(write.command, row.command) << row.operation;
    EXPECT_EQ(write.status, TransactionStatus::kUnsolicited) << row.operation;
  }
}

TEST_F(EtherCatDecoderTest, FieldsOfEach) {
  const Transaction state = One(Part(kFpwr, 1001, 0x120, "0800", 1));
  EXPECT_EQ(state.status, TransactionStatus::kOk);  // on its way back: a slave took it
  EXPECT_EQ(state.unit, 1001u);
  EXPECT_EQ(Detail(state, "state"), "operational");
  const Transaction eeprom = One(Part(kFpwr, 1001, 0x502, "0102 04000000 beef"));
  EXPECT_EQ(Detail(eeprom, "eeprom_address"), "4");
  EXPECT_EQ(Detail(eeprom, "data"), "beef");
  const Transaction sdo = One(Part(kFpwr, 1001, 0x1000, Mailbox("13", "0020 2f 0160 02 2a000000")));
  EXPECT_EQ(sdo.address, 0x6001u);
  EXPECT_EQ(Detail(sdo, "subindex"), "2");
  EXPECT_EQ(sdo.values, std::vector<std::int64_t>{42});
  EXPECT_EQ(sdo.quantity, 1u);
  const Transaction file =
      One(Part(kFpwr, 1001, 0x1000, Mailbox("14", "0200 00000000 66772e62696e")));
  EXPECT_EQ(Detail(file, "file_name"), "fw.bin");
  const Transaction abort =
      One(Part(kFprd, 1001, 0x1080, Mailbox("13", "0020 80 0160 02 00000206"), 1));
  EXPECT_EQ(abort.status, TransactionStatus::kException);
  EXPECT_EQ(abort.exception, 0x06020000u);
}

TEST_F(EtherCatDecoderTest, ProcessDataIsCountedAndItsWorkingCounterWatched) {
  for (int i = 0; i < 20; ++i) Send(Part(kLrw, 0, 1, "00000000", 9));
  EXPECT_TRUE(out_.transactions.empty());
  const Transaction drop = One(Part(kLrw, 0, 1, "00000000", 6));
  EXPECT_EQ(drop.operation, "working_counter_change");
  EXPECT_EQ(Detail(drop, "before"), "9");
  EXPECT_TRUE(test::Flagged(drop, "ethercat-working-counter"));
  for (int i = 0; i < 200; ++i) Send(Part(kLrw, 0, 1, "00000000", i % 2 == 0 ? 9u : 6u));
  EXPECT_TRUE(out_.transactions.empty());  // restless: counted only
  EXPECT_EQ(out_.counters["ethercat.lrw"], 221u);
}

TEST_F(EtherCatDecoderTest, OT07_LengthsAreNotBelieved) {
  decoder_.OnDatagram(true, test::Hex("ff17 0500"), false, now_, out_);
  decoder_.OnDatagram(true, test::Hex(Frame("05110000 2001 ff07 0000 01")), false, now_, out_);
  EXPECT_TRUE(out_.transactions.empty());
  EXPECT_GE(out_.counters["ethercat.malformed"], 2u);
}

TEST_F(EtherCatDecoderTest, OT12_HostileFrames) {
  test::CheckHostile([] { return std::make_unique<EtherCatDecoder>(); },
                     {Frame(Part(kFpwr, 1001, 0x500, "00 00 0002 04000000 beef", 0, true) +
                            Part(kFpwr, 1, 0x1000, Mailbox("13", "0020 23 0160 01 2a000000"))),
                      Frame(Part(kFpwr, 1, 0x1000, Mailbox("14", "0200 00000000 6677")))});
}

TEST(EtherCatRegister, OnlyChainsThatEndRight) {
  const auto judge = [](const std::string& hex, bool usual) {
    const std::vector<std::uint8_t> bytes = test::Hex(hex);
    OtGuess guess;
    guess.bytes[0] = bytes;
    guess.datagram = true;
    guess.usual_port = usual;
    return Recognise(guess).verdict;
  };
  const std::string good = Frame(Part(kLrd, 0, 1, "00", 0, true) + Part(kBrd, 0, 0x130, "0000"));
  EXPECT_EQ(judge(good, true), OtVerdict::kYes);
  EXPECT_NE(judge(good, false), OtVerdict::kYes);
  EXPECT_EQ(judge("474554202f20485454502f312e310d0a", true), OtVerdict::kNo);
  EXPECT_EQ(judge(Frame(Part(kLrd, 0, 1, "00", 0, true)), true), OtVerdict::kNo);
}

}  // namespace
}  // namespace tapiary::capture::ethercat
