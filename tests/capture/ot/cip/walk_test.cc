#include "capture/ot/cip/walk.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/text.h"
#include "tests/capture/ot/enip/messages.h"

namespace tapiary::capture::cip {
namespace {

using test::Hex;
using test::Multiple;

constexpr std::string_view kFront = "0a 02 20 02 24 01";
const std::string kRead = "0e 03 20 01 24 01 30 07";

class WalkTest : public ::testing::Test {
 protected:
  void Split(const std::string& hex, bool request = true) {
    bytes_ = Hex(hex);
    request ? SplitRequest(bytes_, 7, parts_) : SplitResponse(bytes_, 7, parts_);
  }
  std::vector<std::uint8_t> bytes_;
  std::vector<Part> parts_;
};

TEST_F(WalkTest, OneMessageIsItself) {
  Split(kRead);
  ASSERT_EQ(parts_.size(), 1u);
  EXPECT_EQ(parts_[0].key, 7u);
  EXPECT_EQ(parts_[0].index, 0u);
}

TEST_F(WalkTest, UnconnectedSendIsReplacedByWhatItCarries) {
  Split(test::UnconnectedSend(Multiple(kFront, {kRead, kRead})));
  ASSERT_EQ(parts_.size(), 3u);
  EXPECT_TRUE(parts_[0].unconnected);
  EXPECT_EQ(parts_[0].timeout_ms, 249u << 7);
  EXPECT_EQ(base::ToHex(parts_[2].route), "0100");
  EXPECT_EQ(base::ToHex(parts_[2].message), test::Compact(kRead));
  EXPECT_TRUE(parts_[0].anomaly.empty());
}

TEST_F(WalkTest, RequestAndResponseHaveTheSameKeys) {
  Split(Multiple(kFront, {kRead, kRead, kRead}));
  ASSERT_EQ(parts_.size(), 4u);
  EXPECT_EQ(parts_[0].count, 3u);
  std::set<std::uint64_t> keys;
  for (const Part& part : parts_) keys.insert(part.key);
  EXPECT_EQ(keys.size(), 4u);
  Split(Multiple("8a 00 00 00", {"8e 00 00 00 01", "8e 00 14 00", "8e 00 00 00 02"}), false);
  ASSERT_EQ(parts_.size(), 4u);
  for (const Part& part : parts_) EXPECT_TRUE(keys.contains(part.key));
}

TEST_F(WalkTest, OT11_CountsAndOffsetsThatDoNotFit) {
  const std::string front(kFront);
  Split(front + "ffff 0600 " + kRead);
  EXPECT_EQ(parts_[0].anomaly, "cip-multiple-offset");  // the offset lies in the offset table
  EXPECT_EQ(parts_.size(), 1u);
  Split(front + "ffff");
  EXPECT_EQ(parts_[0].anomaly, "cip-multiple-count");
  Split(front + "00");
  EXPECT_EQ(parts_[0].anomaly, "cip-multiple-count");
  Split(front + "0000");
  EXPECT_EQ(parts_[0].anomaly, "cip-multiple-count");
  Split(front + "0200 0600 ffff" + kRead);
  EXPECT_EQ(parts_[0].anomaly, "cip-multiple-offset");
  Split(front + "0200 0600 0600" + kRead);  // twice the same
  EXPECT_EQ(parts_[0].anomaly, "cip-multiple-offset");
  EXPECT_EQ(parts_.size(), 2u);
  Split(front + "0200 0e00 0600" + kRead + kRead);  // backwards
  EXPECT_EQ(parts_[0].anomaly, "cip-multiple-offset");
}

TEST_F(WalkTest, OT11_ManyAreBoundedAndNamed) {
  Split(Multiple(kFront, std::vector<std::string>(400, "0e 00")));
  EXPECT_EQ(parts_.size(), kMaxParts);
  EXPECT_EQ(parts_[0].anomaly, "cip-multiple-limit");
}

TEST_F(WalkTest, OT11_DeepNestingEnds) {
  std::string message = kRead;
  for (int i = 0; i < 40; ++i) message = Multiple(kFront, {message});
  Split(message);
  EXPECT_LE(parts_.size(), 6u);
  EXPECT_EQ(parts_.back().anomaly, "cip-nesting");
  message = kRead;
  for (int i = 0; i < 20; ++i) message = test::UnconnectedSend(message);
  Split(message);
  ASSERT_EQ(parts_.size(), 1u);
  EXPECT_EQ(parts_[0].anomaly, "cip-nesting");
}

TEST_F(WalkTest, OT11_InnerMessagesAreNeverLargerThanThePacket) {
  const std::vector<std::uint8_t> good = Hex(Multiple(kFront, {kRead, kRead, kRead}));
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (int value = 0; value < 256; value += 5) {
      bytes_ = good;
      bytes_[at] = static_cast<std::uint8_t>(value);
      SplitRequest(bytes_, 7, parts_);
      std::size_t inner = 0;
      for (const Part& part : parts_) inner += part.index != 0 ? part.message.size() : 0;
      EXPECT_LE(inner, bytes_.size()) << at << " " << value;
    }
  }
}

}  // namespace
}  // namespace tapiary::capture::cip
