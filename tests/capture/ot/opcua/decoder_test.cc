#include "capture/ot/opcua/decoder.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/opcua/bytes.h"

namespace tapiary::capture::opcua {
namespace {

TEST(OpcuaDecoder, HelloAndOpenTellEndpointAndPolicy) {
  Collector out = Script()
                      .Ask(Hello("opc.tcp://plc:4840"))
                      .Answer(Ack())
                      .Ask(Open(0, "None", 1, OpenRequest()))
                      .Answer(Open(7, "None", 1, OpenResponse()))
                      .End();
  ASSERT_EQ(out.transactions.size(), 2u);
  EXPECT_EQ(out.transactions[0].operation, "hello");
  EXPECT_EQ(Detail(out.transactions[0], "endpoint_url"), "opc.tcp://plc:4840");
  EXPECT_EQ(out.transactions[0].status, TransactionStatus::kOk);
  EXPECT_EQ(out.transactions[1].operation, "open_secure_channel");
  EXPECT_EQ(Detail(out.transactions[1], "security_policy"), "None");
  EXPECT_EQ(Detail(out.transactions[1], "security_mode"), "none");
  EXPECT_EQ(Detail(out.transactions[1], "channel"), "7");
  EXPECT_EQ(out.counts["opcua.policy.none"], 2u);
  EXPECT_TRUE(out.anomalies.empty());
}

TEST(OpcuaDecoder, WriteIsACommandWithNodeAndValue) {
  const Transaction t =
      Script()
          .Ask(Chunk7("MSGF", 1, 5, WriteOf("Pump")))
          .Answer(
              Chunk7("MSGF", 1, 5, Response(676, Le32(1) + Le32(0x801f0000) + Le32(UINT32_MAX))))
          .One();
  EXPECT_EQ(t.operation, "write");
  EXPECT_EQ(t.code, 673);
  EXPECT_TRUE(t.command);
  EXPECT_EQ(t.attack_technique, "T0855");
  EXPECT_EQ(Detail(t, "nodes"), "ns=2;s=Pump");
  EXPECT_EQ(t.values, std::vector<std::int64_t>{42});
  EXPECT_EQ(Detail(t, "first_bad_result"), "bad_user_access_denied");
  EXPECT_EQ(t.status, TransactionStatus::kException);
  EXPECT_TRUE(t.anomalies.empty());
}

std::string WriteOfTwo() {
  const std::string item = Le32(13) + Le32(UINT32_MAX) + "010b" + "0000000000004540";
  return Request(673, Le32(2) + "030200" + Text("a") + item + "030200" + Text("b") + item);
}
std::string ReadOfTwo() {
  const std::string item = Le32(13) + Le32(UINT32_MAX) + "0000" + Le32(UINT32_MAX);
  return Request(631, "0000000000000000" + Le32(0) + Le32(2) + "030200" + Text("a") + item +
                          "030200" + Text("b") + item);
}
Transaction Pair(const std::string& request, const std::string& response) {
  return Script().Ask(Chunk7("MSGF", 1, 1, request)).Answer(Chunk7("MSGF", 1, 1, response)).One();
}
constexpr std::uint32_t kDenied = 0x801f0000;  // bad_user_access_denied

TEST(OpcuaDecoder, AWriteThatWasRefusedIsNotOk) {
  const Transaction refused =
      Pair(WriteOf("Pump"), Response(676, Le32(1) + Le32(kDenied) + Le32(UINT32_MAX)));
  EXPECT_EQ(refused.status, TransactionStatus::kException);
  EXPECT_EQ(refused.exception, kDenied);
  EXPECT_TRUE(refused.command);
  EXPECT_EQ(Detail(refused, "bad_results"), "1");
  EXPECT_EQ(Detail(refused, "first_bad_result"), "bad_user_access_denied");
  const Transaction half =
      Pair(WriteOfTwo(), Response(676, Le32(2) + Le32(0) + Le32(kDenied) + Le32(UINT32_MAX)));
  EXPECT_EQ(half.status, TransactionStatus::kException);
  EXPECT_EQ(half.exception, kDenied);
  EXPECT_EQ(half.quantity, 2u);
  EXPECT_EQ(Detail(half, "bad_results"), "1");
  const Transaction done =
      Pair(WriteOfTwo(), Response(676, Le32(2) + Le32(0) + Le32(0) + Le32(UINT32_MAX)));
  EXPECT_EQ(done.status, TransactionStatus::kOk);
  EXPECT_FALSE(done.exception.has_value());
}

TEST(OpcuaDecoder, AReadIsRefusedWhenItGotNothing) {
  const std::string bad = "02" + Le32(0x80340000);  // bad_node_id_unknown
  const std::string good =
      "01"
      "06" +
      Le32(7);
  const auto answer = [](const std::string& values) {
    return Response(634, Le32(2) + values + Le32(UINT32_MAX));
  };
  const Transaction nothing = Pair(ReadOfTwo(), answer(bad + bad));
  EXPECT_EQ(nothing.status, TransactionStatus::kException);
  EXPECT_EQ(nothing.exception, 0x80340000u);
  const Transaction some = Pair(ReadOfTwo(), answer(bad + good));
  EXPECT_EQ(some.status, TransactionStatus::kOk);
  EXPECT_FALSE(some.exception.has_value());
  EXPECT_EQ(Detail(some, "bad_results"), "1");
}

TEST(OpcuaDecoder, CallHasMethodAndArguments) {
  const Transaction t =
      Script()
          .Ask(Chunk7("MSGF", 1, 5, Request(712, Le32(1) + "0055" + "0056" + Le32(1) + "0507 00")))
          .One();
  EXPECT_EQ(Detail(t, "methods"), "i=85/i=86");
  EXPECT_EQ(Detail(t, "arguments"), "7");
  EXPECT_TRUE(t.command);
}

TEST(OpcuaDecoder, UserNameAndClearPassword) {
  const std::string token = Le32(UINT32_MAX) + Text("root") + Text("secret") + Le32(UINT32_MAX);
  const std::string size = Le32(static_cast<std::uint32_t>(test::Hex(token).size()));
  const std::string none = Le32(UINT32_MAX);
  const Transaction t = Script()
                            .Ask(Chunk7("MSGF", 1, 5,
                                        Request(467, none + none + none + none + "01004401 01" +
                                                         size + token + none + none)))
                            .Answer(Chunk7("MSGF", 1, 5, Response(kServiceFault, "", 0x80210000)))
                            .One();
  EXPECT_EQ(Detail(t, "identity"), "user_name");
  EXPECT_EQ(Detail(t, "user"), "root");
  EXPECT_EQ(Detail(t, "password"), "secret");
  EXPECT_EQ(t.attack_technique, "T0859");
  EXPECT_EQ(t.status, TransactionStatus::kException);
  EXPECT_EQ(t.exception, 0x80210000u);
  EXPECT_EQ(Detail(t, "service_result"), "bad_identity_token_rejected");
}

TEST(OpcuaDecoder, OT02_AnswersOutOfOrderPairByRequestId) {
  const auto read = [](std::uint32_t id) {
    return Chunk7("MSGF", id, id,
                  Request(631, "0000000000000000" + Le32(0) + Le32(1) + "02 0100" + Le32(id) +
                                   Le32(13) + Le32(UINT32_MAX) + "0000" + Le32(UINT32_MAX)));
  };
  const auto answer = [](std::uint32_t sequence, std::uint32_t id) {
    return Chunk7("MSGF", sequence, id,
                  Response(634, Le32(1) + "0107" + Le32(id) + Le32(UINT32_MAX)));
  };
  Collector out = Script()
                      .Ask(read(1) + read(2))
                      .Ask(read(3))
                      .Answer(answer(1, 3))
                      .Answer(answer(2, 1) + answer(3, 2))
                      .End();
  ASSERT_EQ(out.transactions.size(), 3u);
  for (const Transaction& t : out.transactions) {
    ASSERT_EQ(t.values.size(), 1u);
    EXPECT_EQ(t.address, static_cast<std::uint64_t>(t.values[0]));
  }
}

TEST(OpcuaDecoder, ChunksAreJoinedByRequestId) {
  const std::string body = WriteOf("Pump");
  const std::size_t half = body.size() / 4 * 2;
  const Transaction t = Script()
                            .Ask(Chunk7("MSGC", 1, 5, body.substr(0, half)))
                            .Ask(Chunk7("MSGF", 2, 5, body.substr(half)))
                            .One();
  EXPECT_EQ(Detail(t, "nodes"), "ns=2;s=Pump");
  EXPECT_EQ(Detail(t, "request_chunks"), "2");
  EXPECT_TRUE(t.anomalies.empty());
}

TEST(OpcuaDecoder, AnAbortedAnswerIsAnException) {
  Collector out = Script()
                      .Ask(Open(0, "None", 1, OpenRequest()))
                      .Ask(Chunk7("MSGF", 2, 5, WriteOf("Pump")))
                      .Answer(Open(7, "None", 1, OpenResponse()))
                      .Answer(Chunk7("MSGA", 2, 5, Le32(0x80800000) + Text("too big")))
                      .End();
  ASSERT_EQ(out.transactions.size(), 2u);
  EXPECT_EQ(out.transactions[1].exception, 0x80800000u);
  EXPECT_EQ(Detail(out.transactions[1], "error"), "bad_tcp_message_too_large");
}

TEST(OpcuaDecoder, WhatIsEncryptedIsCounted) {
  Collector out = Script()
                      .Ask(Open(0, "Basic256Sha256", 0x12345678, "a1b2c3d4e5f6"))
                      .Answer(Open(7, "Basic256Sha256", 0x22345678, "a1b2c3d4e5f6"))
                      .Ask(Chunk7("MSGF", 0x9abcdef0, 0x13572468, "ffeeddccbbaa"))
                      .End();
  ASSERT_EQ(out.transactions.size(), 1u);
  EXPECT_EQ(Detail(out.transactions[0], "security_policy"), "Basic256Sha256");
  EXPECT_EQ(Detail(out.transactions[0], "encrypted"), "true");
  EXPECT_EQ(out.counts["opcua.opaque"], 1u);
  EXPECT_TRUE(out.anomalies.empty());
}

TEST(OpcuaDecoder, ASkippedSequenceNumberIsFlaggedButNotAfterAGap) {
  EXPECT_EQ(Script()
                .Ask(Chunk7("MSGF", 1, 5, WriteOf("a")))
                .Ask(Chunk7("MSGF", 3, 6, WriteOf("a")))
                .End()
                .anomalies,
            std::vector<std::string>{"opcua-sequence"});
  EXPECT_EQ(Script()
                .Ask(Chunk7("MSGF", 1, 5, WriteOf("a")))
                .Lose(true)
                .Ask(Chunk7("MSGF", 3, 6, WriteOf("a")))
                .End()
                .anomalies,
            std::vector<std::string>{"opcua-gap"});
}

TEST(OpcuaDecoder, OT12_AnyFlippedByteAndAnyPrefixIsBounded) {
  const std::string messages[] = {
      Hello("opc.tcp://plc:4840"), Open(0, "None", 1, OpenRequest()),
      Chunk7("MSGF", 1, 5, WriteOf("Pump")),
      Chunk7("MSGF", 1, 5, Response(634, Le32(1) + "0107" + Le32(9) + Le32(UINT32_MAX)))};
  for (const std::string& hex : messages) {
    const std::vector<std::uint8_t> bytes = test::Hex(hex);
    for (std::size_t i = 0; i < bytes.size() * 16; ++i) {
      std::vector<std::uint8_t> wrong = bytes;
      wrong[i / 16] = static_cast<std::uint8_t>(wrong[i / 16] ^ (i * 17 + 1));
      Collector out;
      OpcuaDecoder decoder;
      decoder.OnBytes(i % 2 == 0, wrong, test::kStart, out);
      decoder.OnBytes(i % 2 == 0, base::Bytes(bytes).first(i / 16), test::kStart, out);
      decoder.Finish(out);
      ASSERT_LE(out.transactions.size(), 4u);
      for (const Transaction& t : out.transactions) {
        ASSERT_LE(t.detail.size(), 48u);
        for (const auto& entry : t.detail) ASSERT_LE(entry.second.size(), 256u);
      }
    }
  }
}

TEST(OpcuaDecoder, OT07_SixtyFourMegabytesReserveNothing) {
  Collector out = Script()
                      .Ask("4d534746" + Le32(64u << 20) + Le32(7) + Le32(1) + Le32(1) + Le32(5) +
                           WriteOf("Pump") + std::string(80000, '0'))
                      .End();
  ASSERT_EQ(out.transactions.size(), 1u);
  EXPECT_EQ(out.transactions[0].anomalies, std::vector<std::string>{"truncated"});
}

}  // namespace
}  // namespace tapiary::capture::opcua
