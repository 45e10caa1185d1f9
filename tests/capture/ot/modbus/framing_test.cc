#include "capture/ot/modbus/framing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "base/text.h"
#include "tests/capture/support/meter_run.h"

namespace tapiary::capture::modbus {
namespace {

using test::Hex;

struct Collector final : PduSink {
  void OnPdu(const Pdu& pdu) override {
    const Adu adu = ToAdu(pdu);
    text += std::to_string(adu.header.transaction) + ":" + base::ToHex(adu.pdu) +
            (adu.cut ? "c " : " ");
    times.emplace_back(adu.first_ns, adu.last_ns);
  }
  void OnFault(std::string_view anomaly) override { text += "!" + std::string(anomaly) + " "; }
  std::string text;
  std::vector<std::pair<std::int64_t, std::int64_t>> times;
};

class FramerTest : public ::testing::Test {
 protected:
  void Feed(const std::string& hex, std::int64_t time_ns = 0) {
    framer_.Feed(Hex(hex), time_ns, sink_);
  }
  Framer framer_{kFraming, true};
  Collector sink_;
};

std::string TenAdus() {
  std::string hex;
  for (std::uint16_t i = 1; i <= 10; ++i) {
    hex += test::Adu(i, 1, i % 3 == 0 ? "100001000204000a0102" : "0300000002");
  }
  return hex;
}

TEST_F(FramerTest, OT01_AnyCutGivesTheSameAdus) {
  const std::vector<std::uint8_t> bytes = Hex(TenAdus());
  Framer whole(kFraming, true);
  Collector expected;
  whole.Feed(bytes, 0, expected);
  ASSERT_EQ(expected.times.size(), 10u);
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    Framer framer(kFraming, true);
    Collector sink;
    for (std::size_t at = 0; at < bytes.size(); at += size) {
      framer.Feed(base::Bytes(bytes).subspan(at, std::min(size, bytes.size() - at)), 0, sink);
    }
    EXPECT_EQ(sink.text, expected.text) << "segments of " << size;
  }
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    Framer framer(kFraming, true);
    Collector sink;
    framer.Feed(base::Bytes(bytes).first(cut), 0, sink);
    framer.Feed(base::Bytes(bytes).subspan(cut), 0, sink);
    EXPECT_EQ(sink.text, expected.text) << "cut at " << cut;
  }
}

TEST_F(FramerTest, TimesAreThoseOfFirstAndLastByte) {
  const std::string adu = test::Adu(1, 1, "0300000002");
  Feed(adu.substr(0, 6), 100);
  Feed(adu.substr(6, 6), 200);
  Feed(adu.substr(12) + test::Adu(2, 1, "11"), 300);
  ASSERT_EQ(sink_.times.size(), 2u);
  EXPECT_EQ(sink_.times[0], std::pair(std::int64_t{100}, std::int64_t{300}));
  EXPECT_EQ(sink_.times[1], std::pair(std::int64_t{300}, std::int64_t{300}));
}

TEST_F(FramerTest, OT07_LargeLengthIsNotWaitedFor) {
  Feed("0001 0000 1000 01 0300");
  EXPECT_EQ(sink_.text, "!modbus-length ");
  Feed(test::Adu(2, 1, "0300000002"));
  EXPECT_EQ(sink_.text, "!modbus-length 2:0300000002 ");
}

TEST_F(FramerTest, OT07_LengthBeyondTheFunctionEndsAtTheNextHeader) {
  Feed("0001 0000 0020 01 0300000002");  // claims 26 bytes more than a read has
  EXPECT_EQ(sink_.text, "");
  Feed(test::Adu(2, 1, "0300000002"));
  EXPECT_EQ(sink_.text, "!modbus-length 1:0300000002c 2:0300000002 ");
}

TEST_F(FramerTest, UmasLengthsAreTolerated) {
  const std::string data(2 * 252, '0');
  Feed("0001 0000 00ff 00 5a00" + data);
  EXPECT_EQ(sink_.times.size(), 1u);
  EXPECT_EQ(sink_.text.find('!'), std::string::npos);
}

TEST_F(FramerTest, OT04_NothingIsGluedAcrossAGap) {
  const std::string adu = test::Adu(1, 1, "100001000204000a0102");
  Feed(adu.substr(0, 20));
  framer_.Gap(500, false, sink_);
  Feed("0a0102");  // the middle of something: no header
  Feed(test::Adu(9, 1, "0300000002"));
  EXPECT_EQ(sink_.text, "1:100001c !modbus-gap !modbus-lost-sync 9:0300000002 ");
}

TEST_F(FramerTest, UncapturedEndOfAnAduIsSkippedExactly) {
  const std::string adu = test::Adu(1, 1, "100001000204000a0102");  // 17 bytes
  Feed(adu.substr(0, 20));
  framer_.Gap(7, true, sink_);
  Feed(test::Adu(2, 1, "0300000002"));
  EXPECT_EQ(sink_.text, "1:100001c 2:0300000002 ");
}

TEST_F(FramerTest, EveryPrefixIsSurvived) {
  const std::vector<std::uint8_t> bytes = Hex(TenAdus());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    for (const std::uint8_t value : {std::uint8_t{0}, std::uint8_t{0xff}}) {
      std::vector<std::uint8_t> changed = bytes;
      changed[size] = value;
      Framer framer(kFraming, true);
      Collector sink;
      framer.Feed(base::Bytes(changed).first(size + 1), 0, sink);
      framer.Feed(base::Bytes(changed).subspan(size + 1), 0, sink);
      framer.Finish(sink);
      EXPECT_LE(sink.times.size(), 12u);
    }
  }
}

}  // namespace
}  // namespace tapiary::capture::modbus
