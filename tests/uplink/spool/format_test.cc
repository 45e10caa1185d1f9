#include "uplink/spool/format.h"

#include <gtest/gtest.h>

#include "tests/uplink/support/spool_fixture.h"

namespace tapiary::uplink {
namespace {

TEST(SpoolFormat, KeysSortAsDelivered) {
  const Place places[] = {{1, 2}, {1, 255}, {1, 256}, {2, 0}, {UINT64_MAX, UINT64_MAX}};
  for (std::size_t i = 0; i + 1 < std::size(places); ++i) {
    EXPECT_LT(PlaceKey(places[i]), PlaceKey(places[i + 1]));
    EXPECT_LT(BlockKey(places[i], UINT32_MAX), BlockKey(places[i + 1], 0));
    EXPECT_LT(SegmentKey(places[i]), std::string(kSegmentEnd));
  }
  EXPECT_EQ(ParsePlace(BlockKey({7, 8}, 9)).value(), (Place{7, 8}));
  EXPECT_FALSE(ParsePlace("short"));
}

TEST(SpoolFormat, ValuesComeBack) {
  EXPECT_EQ(ParseNumber(NumberValue(UINT64_MAX)).value(), UINT64_MAX);
  const Head head = ParseHead(HeadValue({{1, 2}, 3})).value();
  EXPECT_EQ(head.place, (Place{1, 2}));
  EXPECT_EQ(head.before, 3u);
  std::string_view body;
  const std::string item = ItemValue({-5, 6}, "body");
  EXPECT_EQ(ParseItem(item, &body)->stored_ns, -5);
  EXPECT_EQ(body, "body");
  StoredBlock block;
  block.number = 1;
  block.packets = 2;
  block.raw_bytes = 3;
  block.first_ns = INT64_MIN;
  block.last_ns = INT64_MAX;
  block.frame = "frame";
  const std::string value = BlockValue(block);
  std::string_view frame;
  const BlockHeader header = ParseBlock(value, &frame).value();
  EXPECT_EQ(header.first_ns, INT64_MIN);
  EXPECT_EQ(header.last_ns, INT64_MAX);
  EXPECT_EQ(header.raw_bytes, 3u);
  EXPECT_EQ(frame, "frame");
  SegmentRow row;
  row.closed = true;
  row.stream = 257;
  row.interface = "tap0";
  row.opened_ns = 9;
  row.Add(header, 5);
  const SegmentRow back = ParseSegment(SegmentValue(row)).value();
  EXPECT_TRUE(back.closed);
  EXPECT_EQ(back.stream, 257u);
  EXPECT_EQ(back.blocks, 1u);
  EXPECT_EQ(back.stored_bytes, 5u);
  EXPECT_EQ(back.packets, 2u);
  EXPECT_EQ(back.interface, "tap0");
}

TEST(SpoolFormat, CutValuesAreCorrupt) {
  const std::string item = ItemValue({1, 2}, "");
  const std::string block = BlockValue(StoredBlock{});
  const std::string row = SegmentValue(SegmentRow{});
  for (std::size_t size = 0; size < item.size(); ++size) {
    EXPECT_FALSE(ParseItem(item.substr(0, size), nullptr));
  }
  for (std::size_t size = 0; size < block.size(); ++size) {
    EXPECT_FALSE(ParseBlock(block.substr(0, size), nullptr));
  }
  for (std::size_t size = 0; size < row.size(); ++size) {
    EXPECT_FALSE(ParseSegment(row.substr(0, size)));
  }
  EXPECT_FALSE(ParseItem("\x02" + item.substr(1), nullptr));  // another version
}

}  // namespace
}  // namespace tapiary::uplink
