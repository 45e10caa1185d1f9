#include "capture/ot/dnp3/transport.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/capture/ot/dnp3/frames.h"

namespace tapiary::capture::dnp3 {
namespace {

struct Sink final : FragmentSink {
  void OnFragment(const Fragment& fragment, std::int64_t, std::int64_t) override {
    texts.push_back(std::string(base::AsText(fragment.bytes)) + (fragment.cut ? "!" : ""));
    frames.push_back(fragment.frames);
  }
  void OnTransportFault(std::string_view anomaly) override { faults.emplace_back(anomaly); }
  std::vector<std::string> texts;
  std::vector<std::uint16_t> frames;
  std::vector<std::string> faults;
};

class Dnp3TransportTest : public ::testing::Test {
 protected:
  void Take(unsigned head, std::string_view text, std::uint16_t source = 1,
            bool from_client = true) {
    LinkHeader header;
    header.source = source;
    header.destination = 10;
    std::vector<std::uint8_t> data = {static_cast<std::uint8_t>(head)};
    data.insert(data.end(), text.begin(), text.end());
    transport_.Take(data, {&header, from_client, false, 0, 0}, sink_);
  }
  Transport transport_;
  Sink sink_;
};
using Texts = std::vector<std::string>;

TEST_F(Dnp3TransportTest, OT09_ThreeFramesMakeOneFragment) {
  Take(0x40 | 62, "ab");
  Take(63, "cd");
  Take(0x80 | 0, "ef");  // the sequence wraps
  EXPECT_EQ(sink_.texts, Texts{"abcdef"});
  EXPECT_EQ(sink_.frames, std::vector<std::uint16_t>{3});
  EXPECT_TRUE(sink_.faults.empty());
}

TEST_F(Dnp3TransportTest, OT09_ALostMiddleFrameIsOneAnomalyAndTheNextMessageIsFine) {
  Take(0x40, "ab");
  Take(2, "ef");
  Take(0x80 | 3, "gh");
  Take(0xc0 | 4, "next");
  EXPECT_EQ(sink_.texts, (Texts{"ab!", "next"}));
  EXPECT_EQ(sink_.faults, Texts{"dnp3-transport-sequence"});
}

TEST_F(Dnp3TransportTest, FinWithoutFir) {
  Take(0x80 | 3, "x");
  EXPECT_TRUE(sink_.texts.empty());
  EXPECT_EQ(sink_.faults, Texts{"dnp3-transport-no-start"});
}

TEST_F(Dnp3TransportTest, AddressesAndDirectionsAreApart) {
  Take(0x40, "a", 1);
  Take(0x40, "b", 2);
  Take(0x40, "c", 1, false);
  Take(0x81, "A", 1);
  Take(0x81, "B", 2);
  Take(0x81, "C", 1, false);
  EXPECT_EQ(sink_.texts, (Texts{"aA", "bB", "cC"}));
}

TEST_F(Dnp3TransportTest, OT13_OpenFragmentsAreBounded) {
  for (std::uint16_t i = 0; i < 100; ++i) Take(0x40, "a", i);
  EXPECT_EQ(sink_.texts.size(), 100u - Transport::kMaxOpen);
  transport_.Finish(sink_);
  EXPECT_EQ(sink_.texts.size(), 100u);
}

TEST_F(Dnp3TransportTest, OT07_AFragmentThatNeverEndsIsCutOnce) {
  const std::string segment(249, 'x');
  Take(0x40, segment);
  for (unsigned i = 1; i < 200; ++i) Take(i & 0x3f, segment);
  ASSERT_EQ(sink_.texts.size(), 1u);
  EXPECT_EQ(sink_.texts[0].size(), kMaxFragment + 1);
  EXPECT_EQ(sink_.faults, Texts{"dnp3-fragment-too-long"});
}

TEST_F(Dnp3TransportTest, LossClosesTheDirection) {
  Take(0x40, "a", 1);
  Take(0x40, "b", 1, false);
  transport_.Lose(true, sink_);
  Take(0x81, "rest", 1);
  Take(0x81, "B", 1, false);
  EXPECT_EQ(sink_.texts, (Texts{"a!", "bB"}));
  EXPECT_TRUE(sink_.faults.empty());
}

TEST(Dnp3Fragment, PackKeepsAll) {
  const std::vector<std::uint8_t> bytes = {1, 2, 3};
  Fragment fragment;
  fragment.source = 0x1234;
  fragment.destination = 0xfffd;
  fragment.frames = 300;
  fragment.link_only = true;
  fragment.cut = true;
  fragment.bytes = bytes;
  const std::vector<std::uint8_t> packed = Pack(fragment);
  const Fragment back = Unpack(packed);
  EXPECT_EQ(back.source, 0x1234);
  EXPECT_EQ(back.destination, 0xfffd);
  EXPECT_EQ(back.frames, 300);
  EXPECT_TRUE(back.link_only);
  EXPECT_TRUE(back.cut);
  EXPECT_FALSE(back.from_client);
  EXPECT_TRUE(std::ranges::equal(back.bytes, bytes));
}

}  // namespace
}  // namespace tapiary::capture::dnp3
