#include "uplink/spool/segment_queue.h"

#include <gtest/gtest.h>

#include "tests/uplink/support/spool_fixture.h"

namespace tapiary::uplink {
namespace {

class SegmentQueueTest : public SpoolTest {};

TEST_F(SegmentQueueTest, SegmentBodyIsReadable) {
  auto spool = OpenSpool(Options());
  Round round;
  for (std::uint64_t i = 7; i < 12; ++i) {
    round.blocks.push_back(MakeStoredBlock(257, i, 4, 100, static_cast<std::int64_t>(1000 * i)));
  }
  ASSERT_TRUE(spool->Write(round));
  EXPECT_FALSE(spool->Has(Kind::kPackets));  // still open
  round = {};
  round.close_segments = true;
  ASSERT_TRUE(spool->Write(round));
  const auto item = spool->Next(Kind::kPackets).value();
  ASSERT_TRUE(item);
  EXPECT_EQ(item->packets, 20u);
  EXPECT_EQ(item->interface, "tap257");
  const auto read = [&item](std::uint64_t offset, std::size_t size) -> base::Result<std::string> {
    return item->body.substr(offset, size);
  };
  const auto index = capture::ReadSegmentIndex(item->body.size(), read);
  ASSERT_TRUE(index) << index.error().ToString();
  EXPECT_EQ(index->stream, 257u);
  EXPECT_EQ(index->first_block, 7u);
  ASSERT_EQ(index->blocks.size(), 5u);
  EXPECT_EQ(index->packets(), 20u);
  EXPECT_EQ(item->first_ns, index->first_ns());
  EXPECT_EQ(item->last_ns, index->last_ns());
  for (const auto& entry : index->blocks) EXPECT_TRUE(capture::ReadBlock(entry, read));
  ASSERT_TRUE(spool->Acknowledge(*item));
  EXPECT_FALSE(spool->Has(Kind::kPackets));
  EXPECT_EQ(spool->status().live_bytes, 0u);
}

TEST_F(SegmentQueueTest, SegmentsCloseBySizeAgeAndHole) {
  SpoolOptions options = Options();
  options.segment_bytes = 2000;
  options.segment_age_ns = 2 * base::kNanosPerSecond;
  auto spool = OpenSpool(options);
  Round round;
  round.blocks = {MakeStoredBlock(0, 0, 10, 90), MakeStoredBlock(0, 1, 10, 90),
                  MakeStoredBlock(0, 2, 10, 90)};
  ASSERT_TRUE(spool->Write(round));
  EXPECT_EQ(spool->status().segments_waiting, 2u);  // each is above half the size
  now_ns_ += 2 * base::kNanosPerSecond - 1;
  ASSERT_TRUE(spool->Write({}));
  EXPECT_EQ(spool->status().segments_waiting, 2u);
  now_ns_ += 1;
  ASSERT_TRUE(spool->Write({}));
  EXPECT_EQ(spool->status().segments_waiting, 3u);

  round.blocks = {MakeStoredBlock(0, 3), MakeStoredBlock(0, 5)};  // 4 was lost
  ASSERT_TRUE(spool->Write(round));
  EXPECT_EQ(spool->status().segments_waiting, 4u);
}

TEST_F(SegmentQueueTest, SegmentsCloseSoonerForAWhile) {
  SpoolOptions options = Options();
  options.segment_age_ns = 60 * base::kNanosPerSecond;
  auto spool = OpenSpool(options);
  Round round;
  const auto closed_after = [&](std::uint64_t number, std::int64_t wait_ns) {
    const std::size_t before = spool->status().segments_waiting;
    round.blocks = {MakeStoredBlock(0, number)};
    EXPECT_TRUE(spool->Write(round));
    now_ns_ += wait_ns;
    EXPECT_TRUE(spool->Write({}));
    return spool->status().segments_waiting > before;
  };
  spool->HurrySegments(2 * base::kNanosPerSecond, 15 * base::kNanosPerSecond);
  EXPECT_FALSE(closed_after(0, base::kNanosPerSecond));
  EXPECT_TRUE(closed_after(1, base::kNanosPerSecond));
  EXPECT_TRUE(closed_after(2, 2 * base::kNanosPerSecond));
  EXPECT_FALSE(closed_after(3, 30 * base::kNanosPerSecond));  // nobody follows any more
  now_ns_ += 30 * base::kNanosPerSecond;
  EXPECT_TRUE(closed_after(4, 60 * base::kNanosPerSecond));
  // Never later than the options say, nor for longer when the clock is set back.
  spool->HurrySegments(100 * base::kNanosPerSecond, 15 * base::kNanosPerSecond);
  EXPECT_TRUE(closed_after(5, 60 * base::kNanosPerSecond));
  spool->HurrySegments(2 * base::kNanosPerSecond, 15 * base::kNanosPerSecond);
  now_ns_ -= 100 * base::kNanosPerSecond;
  EXPECT_FALSE(closed_after(6, 3 * base::kNanosPerSecond));
}

TEST_F(SegmentQueueTest, SlowStreamHoldsNoOtherBack) {
  SpoolOptions options = Options();
  options.segment_bytes = 1000;
  auto spool = OpenSpool(options);
  Round round;
  round.blocks = {MakeStoredBlock(0, 0)};  // stays open
  ASSERT_TRUE(spool->Write(round));
  for (std::uint64_t i = 0; i < 20; ++i) {
    round.blocks = {MakeStoredBlock(256, i, 10, 100)};
    ASSERT_TRUE(spool->Write(round));
    const auto item = spool->Next(Kind::kPackets).value();
    ASSERT_TRUE(item) << i;
    EXPECT_EQ(item->interface, "tap256");
    ASSERT_TRUE(spool->Acknowledge(*item));
  }
  ASSERT_TRUE(spool->Close());
  spool.reset();
  spool = OpenSpool(options);
  const auto item = spool->Next(Kind::kPackets).value();
  ASSERT_TRUE(item);
  EXPECT_EQ(item->interface, "tap0");
  EXPECT_EQ(item->place.seq, 0u);
  ASSERT_TRUE(spool->Acknowledge(*item));
  EXPECT_FALSE(spool->Has(Kind::kPackets));
}

// Small rounds go through the log, large ones in as files; streams take turns.
TEST_F(SegmentQueueTest, SP06_BulkAndSmallRoundsMakeOneSegmentEach) {
  SpoolOptions options = Options();
  options.segment_bytes = 64 << 20;
  auto spool = OpenSpool(options);
  const std::size_t sizes[] = {1000, 3 << 20, 3 << 20, 2000, 4 << 20, 500};
  std::string expected[2];
  for (std::uint64_t i = 0; i < std::size(sizes); ++i) {
    Round round;
    for (std::uint32_t stream = 0; stream < 2; ++stream) {
      StoredBlock block = BigBlock(i, sizes[i]);
      block.stream = stream;
      block.frame[1] = static_cast<char>(stream);
      expected[stream] += block.frame;
      round.blocks.push_back(std::move(block));
    }
    round.close_segments = i + 1 == std::size(sizes);
    ASSERT_TRUE(spool->Write(round));
  }
  for (const std::string& frames : expected) {
    const auto item = spool->Next(Kind::kPackets).value();
    ASSERT_TRUE(item);
    EXPECT_EQ(item->packets, 10 * std::size(sizes));
    EXPECT_TRUE(item->body.starts_with(frames));
    ASSERT_TRUE(spool->Acknowledge(*item));
  }
  EXPECT_FALSE(spool->Has(Kind::kPackets));
}

}  // namespace
}  // namespace tapiary::uplink
