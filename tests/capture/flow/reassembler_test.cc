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
  void OnConflict(std::uint8_t, bool decoy_taken, std::int64_t) override {
    ++conflicts;
    if (decoy_taken) ++decoys_taken;
  }
  std::string text;
  int conflicts = 0;
  int decoys_taken = 0;
};

class ReassemblerTest : public ::testing::Test {
 protected:
  void Push(std::uint32_t seq, std::string_view text, std::int64_t time_ns = 0,
            std::uint32_t length = 0, SegmentTrust trust = SegmentTrust::kGood) {
    if (length == 0) length = static_cast<std::uint32_t>(text.size());
    stream_.Push({seq, base::AsBytes(text), length, time_ns, trust}, sink_);
  }
  void Doubted(std::uint32_t seq, std::string_view text, std::int64_t time_ns = 0) {
    Push(seq, text, time_ns, 0, SegmentTrust::kDoubted);
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

TEST_F(ReassemblerTest, GoodCopyReplacesADecoy) {
  Push(100, "ab");
  Doubted(102, "XX");
  EXPECT_EQ(sink_.text, "ab");  // waits
  Push(102, "cd");
  Push(104, "ef");
  EXPECT_EQ(sink_.text, "abcdef");
  EXPECT_EQ(sink_.conflicts, 1);
  EXPECT_EQ(sink_.decoys_taken, 0);
  EXPECT_FALSE(stream_.holding());
}

TEST_F(ReassemblerTest, GoodCopyReplacesWhatItCoversOfADecoy) {
  Push(100, "ab");
  Doubted(101, "bXXXX");
  Push(104, "ef");  // behind a hole that only the decoy fills
  EXPECT_EQ(sink_.text, "ab");
  stream_.Acknowledge(106, sink_);
  EXPECT_EQ(sink_.text, "abXXef");
  Push(102, "cd");
  EXPECT_EQ(sink_.conflicts, 2);  // held "ef", then delivered "XX"
  EXPECT_EQ(sink_.decoys_taken, 1);
}

TEST_F(ReassemblerTest, DoubtedSegmentCountsOnceAcknowledged) {
  Push(100, "ab");
  Doubted(102, "cdef");
  Push(106, "gh");
  stream_.Acknowledge(102, sink_);
  EXPECT_EQ(sink_.text, "ab");
  stream_.Acknowledge(104, sink_);
  EXPECT_EQ(sink_.text, "abcd");
  stream_.Acknowledge(108, sink_);
  EXPECT_EQ(sink_.text, "abcdefgh");
  EXPECT_EQ(sink_.conflicts, 0);
}

TEST_F(ReassemblerTest, DoubtedSegmentIsNotLostWithoutAcknowledgements) {
  Push(100, "ab", 0);
  Doubted(102, "cd", 5);
  Doubted(104, "ef", 6);
  EXPECT_EQ(stream_.next_due_ns(), 5 + Reassembler::kMaxHeldNs);
  stream_.Expire(5 + Reassembler::kMaxHeldNs, sink_);
  EXPECT_EQ(sink_.text, "ab");
  stream_.Expire(7 + Reassembler::kMaxHeldNs, sink_);
  EXPECT_EQ(sink_.text, "abcdef");
  Doubted(106, "gh", 8);
  stream_.Flush(sink_);
  EXPECT_EQ(sink_.text, "abcdefgh");
  EXPECT_EQ(stream_.next_due_ns(), INT64_MAX);
}

TEST_F(ReassemblerTest, NoPatienceTakesADecoyThatThePeerDidNot) {
  stream_.Start(100);
  stream_.ExpectAcknowledgements();
  for (int i = 0; i < 1000; ++i) Doubted(100, "XXXX", i);
  EXPECT_EQ(stream_.next_due_ns(), INT64_MAX);
  stream_.Expire(10 * Reassembler::kMaxHeldNs, sink_);
  Push(104, "ef", 10 * Reassembler::kMaxHeldNs);
  EXPECT_EQ(sink_.text, "");
  Push(100, "abcd", 10 * Reassembler::kMaxHeldNs);
  EXPECT_EQ(sink_.text, "abcdef");
  EXPECT_EQ(sink_.decoys_taken, 0);
}

TEST_F(ReassemblerTest, DoubtedSegmentNeverMakesTheStreamJump) {
  Push(100, "ab", 0);
  Doubted(5000, "XXXX", 1);
  Doubted(0x70000000, "YYYY", 2);
  Push(104, "ef", 2 * Reassembler::kMaxHeldNs);  // time to give up what is held
  Push(102, "cd", 2 * Reassembler::kMaxHeldNs);
  EXPECT_EQ(sink_.text, "abcdef");
  EXPECT_FALSE(stream_.holding());
}

TEST_F(ReassemblerTest, FloodOfDecoysPushesNothingOut) {
  Push(100, "ab");
  const std::string junk(1000, 'X');
  for (std::uint32_t i = 0; i < 1000; ++i) Doubted(200 + i * 1000, junk);
  EXPECT_LE(stream_.held_bytes(), 2 * Reassembler::kMaxHeldBytes);
  Push(104, "ef");
  Push(102, "cd");
  EXPECT_EQ(sink_.text, "abcdef");
}

TEST_F(ReassemblerTest, OffloadedDirectionIsDecodedAsItComes) {
  for (std::uint32_t i = 0; i < 5; ++i) Push(100 + 2 * i, "ab", 0, 0, SegmentTrust::kUnproven);
  EXPECT_EQ(sink_.text, "ababababab");
  EXPECT_FALSE(stream_.holding());
}

TEST_F(ReassemblerTest, OtherContentOfDeliveredBytesIsAConflict) {
  Push(100, "abcd", 0, 0, SegmentTrust::kUnproven);
  Push(104, "efgh");
  Push(100, "abcdefgh");
  EXPECT_EQ(sink_.conflicts, 0);
  Push(104, "efXh");
  EXPECT_EQ(sink_.conflicts, 1);
  EXPECT_EQ(sink_.decoys_taken, 0);
  Push(100, "Xbcd");  // the copy that was right came second
  EXPECT_EQ(sink_.conflicts, 2);
  EXPECT_EQ(sink_.decoys_taken, 1);
  EXPECT_EQ(sink_.text, "abcdefgh");
}

TEST_F(ReassemblerTest, WindowHoldsTheLastBytesAcrossItsEnd) {
  std::string text(3 * Reassembler::kWindow, '.');
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>('a' + i % 23);
  stream_.Start(7);
  for (std::size_t at = 0; at < text.size(); at += 100) {
    Push(static_cast<std::uint32_t>(7 + at), std::string_view(text).substr(at, 100));
  }
  const std::uint32_t end = 7 + static_cast<std::uint32_t>(text.size());
  for (std::uint32_t back = 2; back <= Reassembler::kWindow; ++back) {
    std::string copy = text.substr(text.size() - back);
    Push(end - back, copy);
    ASSERT_EQ(sink_.conflicts, static_cast<int>(back) - 2) << back;
    copy[0] = '!';
    Push(end - back, copy);
    ASSERT_EQ(sink_.conflicts, static_cast<int>(back) - 1) << back;
  }
}

TEST_F(ReassemblerTest, KeepAliveIsNoConflict) {
  Push(100, "abc");
  stream_.Acknowledge(103, sink_);
  Push(102, std::string_view("\0", 1));
  EXPECT_EQ(sink_.conflicts, 0);
  Push(101, std::string_view("\0", 1));
  EXPECT_EQ(sink_.conflicts, 1);
}

TEST_F(ReassemblerTest, UncapturedBytesAreNotCompared) {
  Push(100, "abc", 0, 10);
  Push(103, "XXXXXXX");
  Push(100, "XXX");
  EXPECT_EQ(sink_.conflicts, 0);
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
      stream.Push({static_cast<std::uint32_t>(1000 + at), base::AsBytes(whole).subspan(at, size),
                   static_cast<std::uint32_t>(size), 0},
                  sink);
    }
    ASSERT_EQ(sink.text, whole) << seed;
  }
}

// Decoys among the pieces of a text, in any order, change nothing once some piece was right.
TEST_F(ReassemblerTest, RandomDecoysChangeNothing) {
  const std::string whole = "The quick brown fox jumps over the lazy dog, forty-two times a day.";
  const std::string junk(whole.size(), '#');
  for (unsigned seed = 0; seed < 500; ++seed) {
    std::mt19937 random(seed);
    Collector sink;
    Reassembler stream(0);
    stream.Start(1000);
    const auto push = [&](const std::string& from, std::size_t at, SegmentTrust trust) {
      const std::size_t size = std::min<std::size_t>(from.size() - at, 1 + random() % 12);
      stream.Push({static_cast<std::uint32_t>(1000 + at), base::AsBytes(from).subspan(at, size),
                   static_cast<std::uint32_t>(size), 0, trust},
                  sink);
      return at + size;
    };
    for (std::size_t at = 0; at < whole.size();) {
      if (random() % 2 == 0) {
        const std::size_t ahead = std::min(whole.size() - 1, at + random() % 20);
        push(junk, ahead, SegmentTrust::kDoubted);
        stream.Acknowledge(static_cast<std::uint32_t>(1000 + at), sink);
      }
      at = push(whole, at, SegmentTrust::kGood);
    }
    stream.Flush(sink);
    ASSERT_EQ(sink.text, whole) << seed;
    ASSERT_EQ(sink.decoys_taken, 0) << seed;
  }
}

}  // namespace
}  // namespace tapiary::capture
