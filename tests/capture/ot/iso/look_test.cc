#include "capture/ot/iso/look.h"

#include <gtest/gtest.h>

#include "capture/ot/iso/register.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::iso {
namespace {

using test::Hex;

constexpr const char* kConnect = "03000016 11e00000000100 c1020100 c2020102 c0010a";
constexpr const char* kConfirm = "03000016 11d00001000200 c0010a c1020100 c2020102";
constexpr const char* kSetup = "03000019 02f080 32010000 0200 0008 0000 f0000001000101e0";
constexpr const char* kRdp =
    "0300002b 26e00000000000 436f6f6b69653a206d737473686173683d61646d696e0d0a 0100080003000000";

OtGuess GuessOf(base::Bytes client, base::Bytes server, bool usual_port) {
  OtGuess guess;
  guess.bytes[0] = client;
  guess.bytes[1] = server;
  guess.usual_port = usual_port;
  guess.server_side = usual_port ? 1 : -1;
  return guess;
}

TEST(IsoLook, TellsWhatAMessageIs) {
  const auto user = [](const char* hex) {
    const auto bytes = Hex(hex);
    return UserOfMessage(bytes, bytes.size()).user;
  };
  EXPECT_EQ(user("32010000 0200 0008 0000 f0000001000101e0"), User::kS7);
  EXPECT_EQ(user("32010000 0200 0009 0000 f0000001000101e0"), User::kNone);
  EXPECT_EQ(user("72010010 31000004ca00000001 00000120 36 0000011d 72010000"), User::kNone);
  EXPECT_EQ(user("72010012 31000004ca00000001 00000120 36 0000011d 72010000"), User::kS7Plus);
  EXPECT_EQ(user("01000100 6114 3012 020103 a00d a10b 02020100 a405 a1038001 0a"), User::kMms);
  EXPECT_EQ(user("a021020101bf281b8017523339353032343339374170706c69636174696f6e5f318100"),
            User::kMms);
  // What RDP has in its first data: MCS connect-initial, send-data.
  EXPECT_EQ(user("7f658201a20401010401010101ff"), User::kNone);
  EXPECT_EQ(user("64000003eb7080"), User::kNone);
}

TEST(IsoLook, OT06_OnThePortOneSetUpIsEnough) {
  const auto connect = Hex(kConnect);
  const OtRecognition found = RecogniseUser(GuessOf(connect, {}, true), User::kConnection);
  EXPECT_EQ(found.verdict, OtVerdict::kYes);
  EXPECT_EQ(found.client_side, 0);
  EXPECT_EQ(RecogniseUser(GuessOf(connect, {}, true), User::kS7).verdict, OtVerdict::kNo);
}

TEST(IsoLook, OffThePortItTakesBothSetUpsOrOneWholeMessage) {
  const auto connect = Hex(kConnect), confirm = Hex(kConfirm), setup = Hex(kSetup);
  EXPECT_EQ(RecogniseUser(GuessOf(connect, {}, false), User::kConnection).verdict,
            OtVerdict::kMore);
  const OtRecognition both = RecogniseUser(GuessOf(connect, confirm, false), User::kConnection);
  EXPECT_EQ(both.verdict, OtVerdict::kYes);
  EXPECT_EQ(both.client_side, 0);
  EXPECT_EQ(RecogniseUser(GuessOf({}, setup, false), User::kS7).verdict, OtVerdict::kYes);
  EXPECT_EQ(RecogniseUser(GuessOf({}, setup, false), User::kS7).client_side, 1);
  EXPECT_EQ(RecogniseUser(GuessOf({}, setup, false), User::kMms).verdict, OtVerdict::kNo);
}

TEST(IsoLook, OT06_RdpAndOthersAreNeverClaimed) {
  const std::string http = "GET / HTTP/1.1\r\nHost: plc\r\n\r\n";
  const std::vector<std::vector<std::uint8_t>> foreign = {
      Hex(kRdp),
      Hex("03000013 0ee00000000000 0100080003000000"),
      Hex("0300000b 06e00000000000"),
      Hex("0300000b 06d00000123400"),
      Hex("0300000c 02f080 7f658201a2"),
      {http.begin(), http.end()},
      Hex("16030102000100fc0303"),
      Hex("5353482d322e302d4f70656e5353480d0a"),
  };
  for (const auto& bytes : foreign) {
    for (const User user : {User::kConnection, User::kS7, User::kS7Plus, User::kMms}) {
      for (const bool usual : {false, true}) {
        EXPECT_NE(RecogniseUser(GuessOf(bytes, {}, usual), user).verdict, OtVerdict::kYes);
        EXPECT_NE(RecogniseUser(GuessOf({}, bytes, usual), user).verdict, OtVerdict::kYes);
      }
    }
  }
}

TEST(IsoLook, OT01_EveryPrefixWaitsForMore) {
  const auto setup = Hex(kSetup);
  for (std::size_t size = 1; size < setup.size(); ++size) {
    const base::Bytes part = base::Bytes(setup).first(size);
    EXPECT_EQ(RecogniseUser(GuessOf(part, {}, true), User::kS7).verdict, OtVerdict::kMore) << size;
  }
}

}  // namespace
}  // namespace tapiary::capture::iso
