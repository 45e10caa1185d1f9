// The generic framer on a made-up protocol: 'S', length of the whole PDU, data.
#include "capture/ot/framer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace tapiary::capture {
namespace {

PduFront FrontOf(base::Bytes bytes, bool) {
  if (bytes[0] != 'S') return PduFront::Bad("s-sync");
  if (bytes.size() < 2) return PduFront::More();
  if (bytes[1] < 2) return PduFront::Bad("s-length");
  return PduFront::Of(bytes[1]);
}

constexpr Framing kRule = {.front = &FrontOf,
                           .plausible = nullptr,
                           .whole = nullptr,
                           .min_useful = 3,
                           .max_kept = 16,
                           .scan = false,
                           .fault_length = "s-length",
                           .fault_gap = "s-gap",
                           .fault_search = "s-lost"};

struct Sink final : PduSink {
  void OnPdu(const Pdu& pdu) override {
    text.append(reinterpret_cast<const char*>(pdu.bytes.data() + 2), pdu.bytes.size() - 2);
    text += pdu.cut ? "~ " : " ";
  }
  void OnFault(std::string_view anomaly) override { text += "!" + std::string(anomaly) + " "; }
  std::string text;
};

base::Bytes AsBytes(const std::string& text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
std::string Message(const std::string& data) {
  return std::string("S") + static_cast<char>(data.size() + 2) + data;
}

TEST(Framer, OT01_AnyCutGivesTheSame) {
  const std::string stream = Message("one") + Message("two22") + Message("x") + Message("four");
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    Framer framer(kRule, true);
    Sink sink;
    for (std::size_t at = 0; at < stream.size(); at += size) {
      framer.Feed(AsBytes(stream.substr(at, size)), 0, sink);
    }
    EXPECT_EQ(sink.text, "one two22 x four ") << size;
  }
}

TEST(Framer, OT07_LongPdusKeepTheirFrontAndAreSkipped) {
  const std::string stream = Message(std::string(200, 'a')) + Message("end");
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    Framer framer(kRule, true);
    Sink sink;
    for (std::size_t at = 0; at < stream.size(); at += size) {
      framer.Feed(AsBytes(stream.substr(at, size)), 0, sink);
    }
    EXPECT_EQ(sink.text, std::string(14, 'a') + "~ end ") << size;
  }
}

// While searching, a tail that could begin a PDU does not swallow a segment that is one.
TEST(Framer, OT04_AWholePduBeatsATailThatMayBeginOne) {
  for (const std::string& tail : {std::string("S"), std::string("S\x0cxy"), std::string("Sz")}) {
    Framer framer(kRule, true);
    Sink sink;
    framer.Feed(AsBytes(Message("one") + "junk"), 0, sink);
    framer.Feed(AsBytes(tail), 0, sink);
    framer.Feed(AsBytes(Message("two")), 0, sink);
    framer.Feed(AsBytes(Message("three")), 0, sink);
    EXPECT_EQ(sink.text, "one !s-sync !s-lost two three ") << tail;
  }
}

TEST(Framer, OT04_SearchesAtBordersOrEverywhere) {
  Framing scan = kRule;
  scan.scan = true;
  for (const bool everywhere : {false, true}) {
    Framer framer(everywhere ? scan : kRule, true);
    Sink sink;
    framer.Feed(AsBytes("zz" + Message("in")), 0, sink);
    framer.Feed(AsBytes(Message("next")), 0, sink);
    EXPECT_EQ(sink.text, everywhere ? "!s-sync in next " : "!s-sync next ");
  }
}

TEST(Framer, OT04_ScanFindsWhatBeganInTheSegmentBefore) {
  Framing scan = kRule;
  scan.scan = true;
  Framer framer(scan, true);
  Sink sink;
  const std::string bad = std::string("S") + '\x01';
  framer.Feed(AsBytes("S"), 0, sink);
  framer.Feed(AsBytes(bad.substr(1) + Message("a") + "S"), 1, sink);
  framer.Feed(AsBytes(Message("b").substr(1)), 2, sink);
  EXPECT_EQ(sink.text, "!s-length a b ");
}

TEST(Framer, OT04_GapInsideAPduSkipsItsRest) {
  Framer framer(kRule, true);
  Sink sink;
  framer.Feed(AsBytes(Message("abcdefgh").substr(0, 5)), 0, sink);
  framer.Gap(3, false, sink);
  framer.Feed(AsBytes("gh" + Message("next")), 0, sink);
  EXPECT_EQ(sink.text, "abc~ next ");
}

TEST(Framer, EndHandsOutWhatIsThere) {
  Framer framer(kRule, true);
  Sink sink;
  framer.Feed(AsBytes(Message("abcdefgh").substr(0, 5)), 0, sink);
  framer.Finish(sink);
  EXPECT_EQ(sink.text, "abc~ ");
}

}  // namespace
}  // namespace tapiary::capture
