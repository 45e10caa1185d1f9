#include "capture/ot/bacnet/decoder.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/capture/ot/bacnet/bytes.h"

namespace tapiary::capture::bacnet {
namespace {

constexpr char kRead[] = "0005010c 0c00000005 1955";

TEST(BacnetDecoder, EitherEndMayAsk) {
  Collector out = Script()
                      .Ask(Unicast("0005010c 0c00000005 1955"))
                      .Answer(Unicast("00050101 0901 1c02000001 2c00000005 3900 4e4f"))
                      .Ask(Unicast("200101"))
                      .Answer(Unicast("50010c 9101 911f"))
                      .End();
  ASSERT_EQ(out.transactions.size(), 2u);
  EXPECT_EQ(out.transactions[0].operation, "confirmed_cov_notification");
  EXPECT_EQ(Detail(out.transactions[0], "sent_by"), "responder");
  EXPECT_EQ(out.transactions[0].status, TransactionStatus::kOk);
  EXPECT_EQ(out.transactions[1].status, TransactionStatus::kException);
}

TEST(BacnetDecoder, OT02_DevicesBehindARouterAreApart) {
  const auto ask = [](const char* device) {
    return Bip(0x0a, std::string("0124 0005 01 ") + device + " ff" + kRead);
  };
  const auto answer = [](const char* device, const char* value) {
    return Bip(0x0a, std::string("0108 0005 01 ") + device + " 30010c 0c00000005 1955 3e91" +
                         value + "3f");
  };
  Collector out = Script()
                      .Ask(ask("0a"))
                      .Ask(ask("0b"))
                      .Answer(answer("0b", "0b"))
                      .Answer(answer("0a", "0a"))
                      .End();
  ASSERT_EQ(out.transactions.size(), 2u);
  for (const Transaction& t : out.transactions) {
    ASSERT_EQ(t.values.size(), 1u);
    EXPECT_EQ(Detail(t, "destination"), t.values[0] == 10 ? "5:0a" : "5:0b");
  }
}

TEST(BacnetDecoder, SegmentsArePutTogetherAndCounted) {
  Collector out = Script()
                      .Ask(Unicast(std::string("02") + "75010c 0c00000005 1955"))
                      .Answer(Unicast("3c01 00 02 0c 0c00000005 1955 3e 7505"))
                      .Ask(Unicast("40010002"))
                      .Answer(Unicast("3c01 01 02 0c 00 6162"))
                      .Answer(Unicast("3c01 01 02 0c 00 6162"))
                      .Answer(Unicast("3801 02 02 0c 6364 3f"))
                      .End();
  ASSERT_EQ(out.transactions.size(), 1u);
  const Transaction& t = out.transactions[0];
  EXPECT_EQ(Detail(t, "value"), "abcd");
  EXPECT_EQ(Detail(t, "response_segments"), "4");
  EXPECT_TRUE(t.anomalies.empty());
}

TEST(BacnetDecoder, AMissingSegmentCutsTheMessage) {
  Collector out = Script()
                      .Ask(Unicast(kRead))
                      .Answer(Unicast("3c01 00 02 0c 0c00000005 1955 3e 7505"))
                      .Answer(Unicast("3801 02 02 0c 6364 3f"))
                      .End();
  ASSERT_EQ(out.transactions.size(), 1u);
  EXPECT_EQ(out.transactions[0].anomalies, std::vector<std::string>{"truncated"});
  EXPECT_EQ(Detail(out.transactions[0], "response"), "complex_ack");
}

TEST(BacnetDecoder, LlcCarriesTheSame) {
  const Transaction t =
      Script().Ask("828203 0104" + std::string(kRead)).Answer("828203 0100 50010c 9101 911f").One();
  EXPECT_EQ(Detail(t, "object"), "analog_input:5");
  EXPECT_EQ(t.exception, 31u);
}

TEST(BacnetDecoder, OT12_OneBadMessageDoesNotCostTheFlow) {
  Collector out = Script()
                      .Ask("81ff0004")
                      .Ask(Bip(0x0a, "0204"))
                      .Ask(Unicast("f0"))
                      .Ask("810a00ff0104")
                      .Ask(Unicast(kRead))
                      .Answer(Unicast("50010c 9101 911f"))
                      .End();
  ASSERT_EQ(out.transactions.size(), 1u);
  EXPECT_EQ(out.transactions[0].exception, 31u);
  EXPECT_GE(out.anomalies.size(), 4u);
}

TEST(BacnetDecoder, OT12_AnyPrefixAndAnyFlippedByteIsBounded) {
  const std::string messages[] = {
      Unicast("00050510 0c00400001 1e 0955 2e44420000002f 3908 1f"),
      Unicast("30060e 0c02000001 1e 294d 4e 7504 00 504c43 4f 1f"),
      Unicast("3c01 00 02 0c 0c00000005 1955 3e 7505"),
      Bip(3, "0a000001bac0ffffffff"),
      Bip(0x0b, "0180 06 01 0007 01 00"),
  };
  for (const std::string& hex : messages) {
    const std::vector<std::uint8_t> bytes = test::Hex(hex);
    Collector out;
    BacnetDecoder decoder;
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
      decoder.OnDatagram(size % 2 == 0, base::Bytes(bytes).first(size), true, test::kStart, out);
    }
    for (std::size_t i = 0; i < bytes.size() * 256; ++i) {
      std::vector<std::uint8_t> wrong = bytes;
      wrong[i / 256] = static_cast<std::uint8_t>(i);
      decoder.OnDatagram(i % 2 == 0, wrong, false, test::kStart, out);
      ASSERT_LE(out.transactions.size(), i + 300);
    }
    decoder.Finish(out);
    for (const Transaction& t : out.transactions) {
      ASSERT_LE(t.detail.size(), 48u);
      ASSERT_LE(t.values.size(), 64u);
      for (const auto& entry : t.detail) ASSERT_LE(entry.second.size(), 256u);
    }
  }
}

TEST(BacnetDecoder, DeepGroupsEnd) {
  const Transaction t =
      Script().Ask(Unicast("0005010f 0c00000005 1955 3e" + std::string(2000, 'e'))).One();
  EXPECT_EQ(t.operation, "write_property");
  EXPECT_EQ(t.anomalies, std::vector<std::string>{"bacnet-tags"});
}

}  // namespace
}  // namespace tapiary::capture::bacnet
