#include "capture/ot/goose/report.h"

#include <gtest/gtest.h>

#include "capture/ot/goose/dataset.h"
#include "tests/capture/ot/goose/goose_frames.h"

namespace tapiary::capture::goose {
namespace {

using test::Detail;

TEST(GooseReport, TextsFromTheWireAreBounded) {
  const std::vector<std::uint8_t> text(129, 'x'), data(1400, 0x83);
  Message message;
  message.gocb_ref = message.dat_set = message.go_id = text;
  message.all_data = data;
  message.has_data = message.has_state = true;
  const ControlBlock block(1, text, 0);
  const Transaction event = EventOf(block, message, Event::kFirst, 5);
  EXPECT_EQ(event.time_ns, 5);
  EXPECT_EQ(event.code, 0x61);
  EXPECT_EQ(Detail(event, "gocb_ref").size(), 129u);
  EXPECT_LE(event.values.size(), Dataset::kMaxLeaves);
  EXPECT_TRUE(test::Flagged(event, "goose-data"));
}

TEST(GooseReport, SummarySaysWhatWasCounted) {
  ControlBlock block(0x3001, {}, 0);
  block.interval.packets = 3;
  block.interval.malformed = 2;
  block.interval.longest_ns = 7'000'000;
  const Transaction summary = SummaryOf(block, 9);
  EXPECT_EQ(summary.unit, 0x3001u);
  EXPECT_EQ(Detail(summary, "packets"), "3");
  EXPECT_EQ(Detail(summary, "longest_pause_ms"), "7");
  EXPECT_TRUE(test::Flagged(summary, "goose-malformed"));
  EXPECT_TRUE(SummaryOf(ControlBlock(1, {}, 0), 9).anomalies.empty());
}

}  // namespace
}  // namespace tapiary::capture::goose
