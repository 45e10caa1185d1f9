// One rule for all protocols: what a response says whose request was not seen, seen twice, or too
// late (exchange.h). Bytes are made from the specifications.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "capture/ot/detail.h"
#include "capture/ot/registry.h"
#include "tests/capture/ot/opcua/bytes.h"
#include "tests/capture/ot/profinet/dcp_frames.h"
#include "tests/capture/ot/support/recorder.h"

namespace tapiary::capture {
namespace {

using test::Hex;
using test::kMilli;
using test::kSecond;
using test::kStart;

struct Case {
  std::string_view service;  // of the registry row
  bool datagram = false;
  std::string request;   // of a command
  std::string response;  // that names it
};
void PrintTo(const Case& one, std::ostream* out) {
  *out << one.service;
}

// TPKT and a DT of ISO transport around a message.
std::string Dt(const std::string& hex) {
  return fmt::format("0300{:04x}02f080", 7 + Hex(hex).size()) + hex;
}

// Of these a response does not tell that it answers a command, or none is answered.
constexpr std::string_view kTellNothing[] = {
    "dnp3",           // every response has the same function code
    "ge-srtp",        // the service is in the request
    "knxnet",         // acknowledgements have a number, telegrams are not answered
    "mqtt",           // publish is emitted by itself
    "synchrophasor",  // commands are not answered
    "goose",         "sv", "profinet-rt", "ethercat", "cip-io",
};

std::vector<Case> Cases() {
  const std::string melsoft(40, '0');
  return {
      {"modbus", false, "0001 0000 0006 01 06 0010 0003", "0001 0000 0006 01 06 0010 0003"},
      {"modbus-rtu", false, "01 06 0001 0003 980b", "01 06 0001 0003 980b"},
      {"bacnet", true, "810a0015 0104 0005010f 0c00800001 1955 3e 9101 3f", "810a0009 0100 20010f"},
      {"opcua", false, opcua::Chunk7("MSGF", 1, 1, opcua::WriteOf("a")),
       opcua::Chunk7("MSGF", 1, 1, opcua::Response(676, "0100000000000000ffffffff"))},
      {"enip", false,
       "6f00 1800 01000000 00000000 0000000000000000 00000000"
       "00000000 0000 0200 00000000 b200 0800 10 03 2001 2401 3007",
       "6f00 1400 01000000 00000000 0000000000000000 00000000"
       "00000000 0000 0200 00000000 b200 0400 90 00 00 00"},
      {"fins", true, "800002000200000100 01 0102 82 0064 00 0001 1111",
       "c00002000100000200 01 0102 0000"},
      {"slmp", true,
       "570100000011110700 00ff ff03 00 00fe030000 1e00 1c0a1614" + melsoft + "1002 0200 0000",
       "d70100000011117f000000a80300ffff030000 2000 9c0a1814" + melsoft + "0000 1002 0200 0000"},
      {"hart-ip", false, "01000300 0001 0012 82a606aabbcc 06 01 05 fd",
       "01010300 0001 0014 86a606aabbcc 06 03 0000 05 fb"},
      {"ads", false,
       "0000 2f000000 0a0000010101 5303 0a0000630101 8980 0300 0400 0f000000 00000000 01000000"
       "20400000 00000000 03000000 aabbcc",
       "0000 24000000 0a0000630101 8980 0a0000010101 5303 0300 0500 04000000 00000000 01000000"
       "00000000"},
      {"atg", false, "01533630323031 4142430a", "010d0a 533630323031 0d0a 03"},
      {"s7comm", false, Dt("32010000 0001 0010 0000 29 0000000000 09 505f50524f4752414d"),
       Dt("32030000 0001 0001 0000 0000 29")},
      {"s7comm-plus", false, Dt("72020014 31000004f20000000200 0003c03400000051 0101 72020000"),
       Dt("7202000b 32000004f20000000234 00 72020000")},
      {"mms", false,
       Dt("01000100 6127 3025 020103 a020 a01e 020107 a519 a012 3010 a00e a10c"
          "1a0442415931 1a0447474f31 a003 830101"),
       Dt("01000100 6110 300e 020103 a009 a107 020107 a502 8100")},
      {"iec104", false, "680e 0000 0000 2d 01 0600 0100 010000 01",
       "680e 0000 0000 2d 01 0700 0100 010000 01"},
      {"profinet-dcp", true,
       profinet::Dcp("fefd", "0400", profinet::DcpBlock("0202", "0001" + test::TextHex("ab"))),
       profinet::Dcp("fefd", "0401", profinet::DcpBlock("0504", "020200"))},
      {"profinet-io", true,
       profinet::Rpc{.operation = 3,
                     .body = profinet::Ndr(profinet::RecordBlock("0008", 0x8000, 4) + "01020304")}
           .Hex(),
       profinet::Rpc{.type = 2,
                     .operation = 3,
                     .body = profinet::Ndr(profinet::RecordBlock("8008", 0x8000, 0), false, 0)}
           .Hex()},
  };
}

class LoneResponse : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    for (const OtProtocol* const protocol : OtProtocols()) {
      if (protocol->service == GetParam().service) decoder_ = protocol->make();
    }
    ASSERT_NE(decoder_, nullptr);
  }
  void Send(bool from_client, std::int64_t wait_ns = kMilli) {
    const std::vector<std::uint8_t> bytes =
        Hex(from_client ? GetParam().request : GetParam().response);
    now_ += wait_ns;
    if (GetParam().datagram) return decoder_->OnDatagram(from_client, bytes, false, now_, out_);
    decoder_->OnBytes(from_client, bytes, now_, out_);
  }
  std::vector<Transaction> End() {
    decoder_->Finish(out_);
    return out_.transactions;
  }
  std::unique_ptr<OtDecoder> decoder_;
  test::Recorder out_;
  std::int64_t now_ = kStart;
};
INSTANTIATE_TEST_SUITE_P(Protocols, LoneResponse, ::testing::ValuesIn(Cases()),
                         [](const auto& given) {
                           std::string name(given.param.service);
                           std::erase(name, '-');
                           return name;
                         });

TEST_P(LoneResponse, OT08_IsTheCommandItAnswers) {
  Send(true);
  Send(false);
  const std::vector<Transaction> paired = End();
  ASSERT_EQ(paired.size(), 1u);
  EXPECT_EQ(paired[0].status, TransactionStatus::kOk);
  EXPECT_TRUE(paired[0].command);
  EXPECT_EQ(FindDetail(paired[0], "only"), nullptr);

  SetUp();
  out_ = {};
  Send(false);
  const std::vector<Transaction> alone = End();
  ASSERT_EQ(alone.size(), 1u);
  EXPECT_EQ(alone[0].status, TransactionStatus::kUnsolicited);
  ASSERT_NE(FindDetail(alone[0], "only"), nullptr);
  EXPECT_EQ(*FindDetail(alone[0], "only"), "response");
  EXPECT_EQ(alone[0].operation, paired[0].operation);
  EXPECT_EQ(alone[0].protocol, paired[0].protocol);
  EXPECT_EQ(alone[0].code, paired[0].code);
  EXPECT_TRUE(alone[0].command);
  EXPECT_FALSE(alone[0].attack_technique.empty());
  EXPECT_TRUE(out_.anomalies.empty());
}

TEST_P(LoneResponse, OT02_ASecondOrLateOneIsNoSecondCommand) {
  const auto commands = [](const std::vector<Transaction>& all) {
    return std::count_if(all.begin(), all.end(),
                         [](const Transaction& one) { return one.command; });
  };
  Send(true);
  Send(false);
  Send(false);
  EXPECT_EQ(commands(End()), 1);

  SetUp();
  out_ = {};
  Send(true);
  Send(false, 11 * kSecond);
  const std::vector<Transaction> late = End();
  ASSERT_EQ(late.size(), 2u);
  EXPECT_EQ(late[0].status, TransactionStatus::kNoReply);
  EXPECT_EQ(late[1].status, TransactionStatus::kUnsolicited);
  EXPECT_EQ(commands(late), 1);
}

TEST(LoneResponses, EachProtocolWithCommandsIsHereOrTellsNothing) {
  const std::vector<Case> cases = Cases();
  for (const OtProtocol* const protocol : OtProtocols()) {
    const bool commands = std::any_of(protocol->techniques.begin(), protocol->techniques.end(),
                                      [](const TechniqueRow& row) { return row.command; });
    const bool tested = std::any_of(cases.begin(), cases.end(), [protocol](const Case& one) {
      return one.service == protocol->service;
    });
    const bool exempt = std::find(std::begin(kTellNothing), std::end(kTellNothing),
                                  protocol->service) != std::end(kTellNothing);
    EXPECT_TRUE(!commands || tested != exempt) << protocol->service;
  }
}

}  // namespace
}  // namespace tapiary::capture
