#include "capture/ot/goose/control_block.h"

#include <gtest/gtest.h>

#include "tests/capture/support/meter_run.h"

namespace tapiary::capture::goose {
namespace {

using test::kSecond;

class ControlBlockTest : public ::testing::Test {
 protected:
  Event Send(std::uint32_t st_num, std::uint32_t sq_num) {
    Message message;
    message.has_state = true;
    message.st_num = st_num;
    message.sq_num = sq_num;
    message.time_allowed_ms = 1000;
    names_.clear();
    const Event event = block_.OnMessage(message, now_ += kSecond, names_);
    if (event != Event::kIgnored) block_.Keep(message, event);
    return event;
  }
  std::int64_t now_ = test::kStart;
  ControlBlock block_{1, {}, now_};
  std::vector<std::string_view> names_;
};

TEST_F(ControlBlockTest, CountersStartAgainAtTheirEnd) {
  EXPECT_EQ(Send(UINT32_MAX, UINT32_MAX), Event::kFirst);
  EXPECT_EQ(Send(UINT32_MAX, 0), Event::kNone);
  EXPECT_EQ(Send(1, 0), Event::kStateChange);
  EXPECT_TRUE(names_.empty());
}

TEST_F(ControlBlockTest, LostRepetitionsAreCounted) {
  Send(3, 0);
  Send(3, 4);
  EXPECT_EQ(block_.interval.missing, 3u);
  Send(4, 2);
  EXPECT_EQ(block_.interval.missing, 5u);
  EXPECT_EQ(block_.interval.longest_ns, static_cast<std::uint64_t>(kSecond));
}

TEST_F(ControlBlockTest, SilenceOnce) {
  EXPECT_EQ(block_.silence_ns(), INT64_MAX);
  Send(1, 0);
  EXPECT_EQ(block_.silence_ns(), now_ + kSecond + 1);
  block_.NoteSilence();
  EXPECT_EQ(block_.silence_ns(), INT64_MAX);
  Send(1, 1);
  EXPECT_EQ(block_.silence_ns(), now_ + kSecond + 1);
}

TEST_F(ControlBlockTest, CutMessagesTellNoConfiguration) {
  Message message;
  message.has_state = true;
  message.cut = true;
  message.st_num = 1;
  block_.Keep(message, block_.OnMessage(message, now_ += kSecond, names_));
  message.cut = false;
  message.sq_num = 1;
  message.conf_rev = 7;
  EXPECT_EQ(block_.OnMessage(message, now_ += kSecond, names_), Event::kNone);
  EXPECT_TRUE(names_.empty());
}

}  // namespace
}  // namespace tapiary::capture::goose
