// Answers of a collector joined to one file: whole records, one section, nothing doubled.
#include "cli/capture_join.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/cli/capture_bytes.h"

namespace tapiary::cli {
namespace {

using base::ErrorCode;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Form = CaptureJoin::Form;

class CaptureJoinTest : public testing::Test {
 protected:
  CaptureJoin Make(CaptureJoin::Options options) {
    return CaptureJoin(
        options,
        [this](std::string_view bytes) {
          out_ += bytes;
          return base::Result<>();
        },
        [this](const std::string& line) { notes_.push_back(line); });
  }
  static base::Result<> Feed(CaptureJoin& join, const std::string& answer, std::size_t part) {
    for (std::size_t at = 0; at < answer.size(); at += part) {
      TAPIARY_TRY(join.Add(std::string_view(answer).substr(at, part)));
    }
    return join.End();
  }
  std::string out_;
  std::vector<std::string> notes_;
};

TEST_F(CaptureJoinTest, AFileIsWhatCameWhateverTheParts) {
  const std::string file = CaptureBytes()
                               .Section()
                               .Interface("a:x")
                               .Packet(0, "one")
                               .Interface("b:y")
                               .Packet(1, "second")
                               .Counts(0)
                               .Section()
                               .Interface("b:y")
                               .Packet(0, "third")
                               .str();
  for (const std::size_t part : {1, 2, 7, 64, 100'000}) {
    out_.clear();
    CaptureJoin join = Make({.form = Form::kPcapng});
    join.Begin();
    const auto done = Feed(join, file, part);
    ASSERT_TRUE(done) << done.error().message;
    EXPECT_EQ(out_, file);
    EXPECT_EQ(join.packets(), 3u);
  }
}

TEST_F(CaptureJoinTest, InOneSectionInterfacesKeepTheirPackets) {
  CaptureJoin join = Make({.form = Form::kOneSection});
  join.Begin();
  ASSERT_TRUE(Feed(join,
                   CaptureBytes()
                       .Section()
                       .Interface("a:x")
                       .Packet(0, "one")
                       .Section("MISSING: block 3\nand 2 more\n")
                       .Interface("b:y")
                       .Interface("a:x")
                       .Packet(0, "two")
                       .Packet(1, "three")
                       .Counts(1)
                       .str(),
                   5));
  EXPECT_EQ(out_, CaptureBytes()
                      .Section()
                      .Interface("a:x")
                      .Packet(0, "one")
                      .Interface("b:y")
                      .Packet(1, "two")
                      .Packet(0, "three")
                      .Counts(0)
                      .str());
  EXPECT_THAT(notes_, ElementsAre("MISSING: block 3", "and 2 more"));
}

TEST_F(CaptureJoinTest, ATailGoesOnAndLeavesCountsOut) {
  CaptureJoin join = Make({.form = Form::kOneSection, .live = true});
  const auto answer = [](const std::string& text) {
    return CaptureBytes().Section().Interface("a:x").Packet(0, text).Counts(0).str();
  };
  for (const char* text : {"one", "two"}) {
    join.Begin();
    ASSERT_TRUE(Feed(join, answer(text), 50));
  }
  join.Begin();
  ASSERT_TRUE(Feed(join, CaptureBytes().Section().str(), 50));
  EXPECT_EQ(out_,
            CaptureBytes().Section().Interface("a:x").Packet(0, "one").Packet(0, "two").str());
}

// Cut at each place, then asked for again, as often as it takes.
TEST_F(CaptureJoinTest, AnAnswerThatBrokeOffIsNotDoubled) {
  CaptureBytes bytes;
  bytes.Section().Interface("a:x").Interface("b:y");
  for (int i = 0; i < 20; ++i) {
    bytes.Packet(static_cast<std::uint32_t>(i % 2), std::string(static_cast<std::size_t>(i), 'p'));
  }
  const std::string whole = bytes.str();
  for (std::size_t cut = 0; cut < whole.size(); cut += 3) {
    out_.clear();
    CaptureJoin join = Make({.form = Form::kOneSection, .live = true});
    join.Begin();
    ASSERT_TRUE(join.Add(whole.substr(0, cut)));
    join.Begin(true);
    ASSERT_TRUE(join.Add(whole.substr(0, cut / 2)));
    join.Begin(true);
    const auto done = Feed(join, whole, 64);
    ASSERT_TRUE(done) << cut << done.error().message;
    ASSERT_EQ(out_, whole) << cut;
    EXPECT_EQ(join.packets(), 20u);
  }
}

TEST_F(CaptureJoinTest, AnotherAnswerThanBeforeIsToldNotMixed) {
  const auto answer = [](const std::string& first) {
    return CaptureBytes().Section().Interface("a").Packet(0, first).Packet(0, "b").str();
  };
  CaptureJoin join = Make({.form = Form::kOneSection, .live = true});
  join.Begin();
  ASSERT_TRUE(join.Add(answer("a")));
  join.Begin(true);
  auto done = Feed(join, answer("x"), 1000);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kConflict);
  join.Begin(true);
  done = Feed(join, CaptureBytes().Section().Interface("a").Packet(0, "a").str(), 1000);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kConflict);
}

TEST_F(CaptureJoinTest, PcapOfATailHasOneHeaderOfTheFirstPacketsLinkType) {
  CaptureJoin join = Make({.form = Form::kPcap, .live = true});
  join.Begin();
  ASSERT_TRUE(Feed(join, CaptureBytes().PcapHeader(1).str(), 3));
  EXPECT_EQ(out_, "");
  for (const char* text : {"one", "two"}) {
    join.Begin();
    ASSERT_TRUE(Feed(join, CaptureBytes().PcapHeader(101).Record(text).str(), 3));
  }
  join.Begin();
  ASSERT_TRUE(Feed(join, CaptureBytes().PcapHeader(1).str(), 3));
  EXPECT_EQ(out_, CaptureBytes().PcapHeader(101).Record("one").Record("two").str());
  join.Begin();
  const auto done = Feed(join, CaptureBytes().PcapHeader(1).Record("three").str(), 3);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kUnsupported);
}

TEST_F(CaptureJoinTest, PcapWithoutPacketsIsAFile) {
  for (const bool live : {false, true}) {
    out_.clear();
    CaptureJoin join = Make({.form = Form::kPcap, .live = live});
    join.Begin();
    ASSERT_TRUE(Feed(join, CaptureBytes().PcapHeader().str(), 9));
    ASSERT_TRUE(join.Finish());
    EXPECT_EQ(out_, CaptureBytes().PcapHeader().str());
  }
}

TEST_F(CaptureJoinTest, NotesFromOutsideAreEscaped) {
  CaptureJoin join = Make({.form = Form::kOneSection});
  join.Begin();
  ASSERT_TRUE(
      Feed(join,
           CaptureBytes()
               .Section("asked for MISSING: things\nMISSING: \x1b[31m of sensor \xff\nother")
               .str(),
           100));
  EXPECT_THAT(notes_, ElementsAre("MISSING: \\x1b[31m of sensor \\xff"));
}

TEST_F(CaptureJoinTest, WhatIsNoCaptureIsRefused) {
  const std::string section = CaptureBytes().Section().str();
  const std::string cases[] = {
      "<html>not found</html>",
      CaptureBytes().Word(0x0a0d0d0a).Word(28).Word(0x4d3c2b1a).Word(0).str(),  // big-endian
      CaptureBytes().Word(0x0a0d0d0a).Word(0xfffffffc).Word(0x1a2b3c4d).str(),
      CaptureBytes().Interface("without section").str(),
      section + CaptureBytes().Packet(0, "without interface").str(),
      section + CaptureBytes().Word(6).Word(16).Word(0).Word(16).str(),
      section + CaptureBytes().Word(5).Word(12).Word(12).str(),
      section + CaptureBytes().Word(9).Word(13).Word(0).str(),
      section + CaptureBytes().Word(9).Word(12).Word(16).str(),
      section + CaptureBytes().Word(9).str(),
      "",
  };
  for (const std::string& bytes : cases) {
    CaptureJoin join = Make({.form = Form::kOneSection});
    join.Begin();
    const auto done = Feed(join, bytes, 1000);
    ASSERT_FALSE(done) << base::EscapeBytes(bytes);
    EXPECT_EQ(done.error().code, ErrorCode::kCorrupt);
  }
  CaptureJoin join = Make({.form = Form::kPcap});
  join.Begin();
  EXPECT_FALSE(Feed(join, section, 1000));
  join.Begin();
  EXPECT_FALSE(
      Feed(join, CaptureBytes().PcapHeader().Word(1).Word(1).Word(0x7fffffff).Word(1).str(), 9));
}

// Interfaces without end must not fill the memory.
TEST_F(CaptureJoinTest, InterfacesAreBounded) {
  CaptureJoin join = Make({.form = Form::kOneSection});
  join.Begin();
  ASSERT_TRUE(join.Add(CaptureBytes().Section().str()));
  base::Result<> done;
  int i = 0;
  for (; i < 200'000 && done; ++i) {
    done = join.Add(CaptureBytes().Interface("i" + std::to_string(i)).str());
  }
  ASSERT_FALSE(done);
  EXPECT_LE(i, (1 << 16) + 1);
  EXPECT_THAT(done.error().message, HasSubstr("interfaces"));
}

// Bytes changed at random end in an error or a file, never out of bounds.
TEST_F(CaptureJoinTest, SurvivesRandomChanges) {
  const std::string file = CaptureBytes()
                               .Section("MISSING: x")
                               .Interface("a:x")
                               .Packet(0, "one")
                               .Counts(0)
                               .Section()
                               .Interface("b")
                               .Packet(0, "two")
                               .str();
  std::mt19937 random(7);  // NOLINT: the same each time
  for (int round = 0; round < 20'000; ++round) {
    std::string bad = file;
    for (int i = 0; i < 3; ++i) bad[random() % bad.size()] = static_cast<char>(random());
    for (const Form form : {Form::kPcapng, Form::kOneSection, Form::kPcap}) {
      out_.clear();
      CaptureJoin join = Make({.form = form});
      join.Begin();
      (void)Feed(join, bad, 1 + random() % 90).has_value();
      ASSERT_LE(out_.size(), bad.size());
    }
  }
}

}  // namespace
}  // namespace tapiary::cli
