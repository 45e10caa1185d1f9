#include "capture/flow/reassembler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "base/text.h"

namespace tapiary::capture {
namespace {

struct Collector final : StreamSink {
  void OnBytes(std::uint8_t, base::Bytes bytes, std::int64_t) override {
    text += base::AsText(bytes);
  }
  void OnGap(std::uint8_t, std::uint32_t missed, bool cut) override {
    text += "<" + std::to_string(missed) + (cut ? "c" : "") + ">";
  }
  std::string text;
};

class ReassemblerTest : public ::testing::Test {
 protected:
  void Push(std::uint32_t seq, std::string_view text, std::int64_t time_ns = 0,
            std::uint32_t length = 0) {
    stream_.Push(seq, base::AsBytes(text),
                 length != 0 ? length : static_cast<std::uint32_t>(text.size()), time_ns, sink_);
  }
  Collector sink_;
  Reassembler stream_{0};
};

TEST_F(ReassemblerTest, BytesComeOnceWhateverIsRepeated) {
  Push(100, "abc");
  Push(100, "abc");
  Push(102, "cde");
  Push(99, "?abcdef");
  Push(106, "g");
  EXPECT_EQ(sink_.text, "abcdefg");
}

TEST_F(ReassemblerTest, SegmentsOutOfOrderAreHeld) {
  Push(100, "ab");
  Push(104, "ef");
  Push(106, "gh");
  EXPECT_EQ(sink_.text, "ab");
  Push(102, "cd");
  EXPECT_EQ(sink_.text, "abcdefgh");
  EXPECT_FALSE(stream_.holding());
}

TEST_F(ReassemblerTest, OT04_AckBeforeItsDataLosesNothing) {
  Push(100, "ab");
  stream_.Acknowledge(106, sink_);  // acknowledges what was not delivered yet
  Push(102, "cd");
  Push(104, "ef");
  EXPECT_EQ(sink_.text, "abcdef");
}

TEST_F(ReassemblerTest, OT04_HoleThatThePeerAcknowledgedIsAGapAtOnce) {
  Push(100, "ab");
  Push(104, "ef");
  stream_.Acknowledge(102, sink_);
  EXPECT_EQ(sink_.text, "ab");
  stream_.Acknowledge(106, sink_);
  EXPECT_EQ(sink_.text, "ab<2>ef");
  Push(102, "cd");  // too late
  EXPECT_EQ(sink_.text, "ab<2>ef");
}

TEST_F(ReassemblerTest, HoldingIsBounded) {
  Push(0, "a");
  const std::string segment(1000, 'x');
  for (std::uint32_t i = 0; i < 1000; ++i) Push(10 + i * 1000, segment);
  // The first hole was given up long before a megabyte was held.
  EXPECT_GT(sink_.text.size(), 900'000u);
  EXPECT_EQ(sink_.text.find("<9>"), 1u);
}

TEST_F(ReassemblerTest, HoleIsGivenUpAfterASecond) {
  Push(0, "a", 0);
  Push(5, "b", 10);
  Push(6, "c", 20);
  EXPECT_EQ(sink_.text, "a");
  Push(7, "d", 2'000'000'000);
  EXPECT_EQ(sink_.text, "a<4>bcd");
}

TEST_F(ReassemblerTest, UncapturedEndIsAGapInPlace) {
  Push(0, "abc", 0, 10);
  Push(10, "k");
  EXPECT_EQ(sink_.text, "abc<7c>k");
}

TEST_F(ReassemblerTest, SequenceNumbersWrap) {
  Push(0xfffffffe, "ab");
  Push(2, "ef");
  Push(0, "cd");
  EXPECT_EQ(sink_.text, "abcdef");
}

TEST_F(ReassemblerTest, FlushGivesUpHoles) {
  Push(0, "a");
  Push(3, "d");
  Push(9, "j");
  stream_.Flush(sink_);
  EXPECT_EQ(sink_.text, "a<2>d<5>j");
}

// Any order of overlapping pieces of a text gives that text.
TEST_F(ReassemblerTest, RandomOrderGivesTheText) {
  const std::string whole = "The quick brown fox jumps over the lazy dog, forty-two times a day.";
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    Collector sink;
    Reassembler stream(0);
    stream.Start(1000);
    std::vector<std::pair<std::size_t, std::size_t>> pieces;
    for (std::size_t at = 0; at < whole.size();) {
      const std::size_t size = 1 + random() % 9;
      pieces.emplace_back(at, std::min(whole.size() - at, size + random() % 4));
      at += size;
    }
    std::shuffle(pieces.begin(), pieces.end(), random);
    for (const auto& [at, size] : pieces) {
      stream.Push(static_cast<std::uint32_t>(1000 + at), base::AsBytes(whole).subspan(at, size),
                  static_cast<std::uint32_t>(size), 0, sink);
    }
    ASSERT_EQ(sink.text, whole) << seed;
  }
}

}  // namespace
}  // namespace tapiary::capture
