#include "capture/ot/enip/framing.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/capture/ot/enip/messages.h"

namespace tapiary::capture::enip {
namespace {

using test::Encapsulated;
using test::Hex;
using test::Le;
using test::RrData;

struct Collector final : PduSink {
  void OnPdu(const Pdu& pdu) override { sizes.push_back(pdu.bytes.size()); }
  void OnFault(std::string_view anomaly) override { faults.emplace_back(anomaly); }
  std::vector<std::size_t> sizes;
  std::vector<std::string> faults;
};

class EnipFramingTest : public ::testing::Test {
 protected:
  void Feed(const std::string& hex) { framer_.Feed(Hex(hex), 0, sink_); }
  Framer framer_{kFraming, true};
  Collector sink_;
};

const std::string kRead = RrData(1, "0e 03 20 01 24 01 30 07");

TEST_F(EnipFramingTest, OT01_SeveralMessagesASegment) {
  Feed(kRead + Encapsulated(0x63, 0, 1, "") + kRead);
  EXPECT_EQ(sink_.sizes, (std::vector<std::size_t>{48, 24, 48}));
  EXPECT_TRUE(sink_.faults.empty());
}

TEST_F(EnipFramingTest, OT06_ForeignBytesAreFaults) {
  Feed("474554202f20485454502f312e31");
  Feed("160301020001000001fc0303");
  EXPECT_TRUE(sink_.sizes.empty());
  EXPECT_EQ(sink_.faults.front(), "enip-command");
  Feed(kRead);
  EXPECT_EQ(sink_.sizes.size(), 1u);
}

TEST_F(EnipFramingTest, OT07_ALengthThatClaimsTooMuchDoesNotSwallowTheNext) {
  std::string lying = kRead;
  lying.replace(4, 4, "ff01");
  Feed(lying);
  EXPECT_TRUE(sink_.sizes.empty());
  Feed(kRead);
  EXPECT_EQ(sink_.sizes, (std::vector<std::size_t>{48, 48}));
  EXPECT_EQ(sink_.faults, std::vector<std::string>{"enip-length"});
}

TEST_F(EnipFramingTest, OT07_OptionsAndStatusMustBePossible) {
  std::string options = kRead;
  options.replace(40, 2, "01");
  Feed(options);
  EXPECT_EQ(sink_.faults.back(), "enip-options");
  Feed(Encapsulated(0x63, 0, 1, "", 0x10000));
  EXPECT_TRUE(sink_.sizes.empty());
}

TEST_F(EnipFramingTest, OT07_LongMessagesAreCutNotKept) {
  Feed(Le(0x6f, 2) + "ffe7" + std::string(40, '0'));
  for (int i = 0; i < 50; ++i) Feed(std::string(2000, '0'));
  ASSERT_EQ(sink_.sizes.size(), 1u);
  EXPECT_EQ(sink_.sizes[0], kMaxKept);
}

TEST_F(EnipFramingTest, UnknownCommandsAreFramed) {
  Feed(Encapsulated(0x0099, 0, 1, "0102") + kRead);
  EXPECT_EQ(sink_.sizes, (std::vector<std::size_t>{26, 48}));
}

TEST(EnipFraming, OT04_LooksLikeMessageIsStrict) {
  EXPECT_TRUE(LooksLikeMessage(Hex(kRead)));
  EXPECT_TRUE(LooksLikeMessage(Hex(kRead.substr(0, 60))));
  EXPECT_FALSE(LooksLikeMessage(Hex(Encapsulated(0, 0, 0, ""))));       // NOP: only zeros
  EXPECT_FALSE(LooksLikeMessage(Hex(Encapsulated(0x65, 0, 0, "01"))));  // has 4 bytes
  EXPECT_FALSE(LooksLikeMessage(Hex(Encapsulated(0x6f, 1, 0, "01000000 0000 0000"))));
  EXPECT_FALSE(LooksLikeMessage(Hex(Encapsulated(0x6f, 1, 0, "00000000 0000 0100 7777 0000"))));
}

}  // namespace
}  // namespace tapiary::capture::enip
