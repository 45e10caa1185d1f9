#include "uplink/spool/spool.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <chrono>

#include "tests/uplink/support/spool_fixture.h"

namespace tapiary::uplink {
namespace {

using base::ErrorCode;
using ::testing::HasSubstr;

class SpoolTest : public ::testing::Test {
 protected:
  SpoolOptions Options() {
    SpoolOptions options;
    options.path = folder_.path() + "/spool";
    options.now = [this] { return now_ns_; };
    return options;
  }
  TempFolder folder_;
  std::int64_t now_ns_ = 1'700'000'000 * base::kNanosPerSecond;
};

TEST_F(SpoolTest, ItemsComeOutInOrderAndOnce) {
  auto spool = OpenSpool(Options());
  Round round;
  round.flows = {FlowsItem(1), FlowsItem(2)};
  round.facts = {FactsItem("read")};
  ASSERT_TRUE(spool->Write(round));
  EXPECT_TRUE(spool->Has(Kind::kFlows));
  EXPECT_FALSE(spool->Has(Kind::kPackets));

  const auto first = spool->Next(Kind::kFlows).value();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->place, (Place{spool->epoch(), 0}));
  EXPECT_EQ(first->stored_ns, now_ns_);
  EXPECT_EQ(DecodeFlows(base::AsBytes(first->body))->seq, 0u);
  EXPECT_EQ(spool->Next(Kind::kFlows).value()->place, first->place);  // until acknowledged
  ASSERT_TRUE(spool->Acknowledge(*first));
  ASSERT_TRUE(spool->Acknowledge(*first));  // twice does nothing
  const auto second = spool->Next(Kind::kFlows).value();
  ASSERT_TRUE(second);
  EXPECT_EQ(DecodeFlows(base::AsBytes(second->body))->flows.size(), 2u);
  ASSERT_TRUE(spool->Acknowledge(*second));
  EXPECT_FALSE(spool->Next(Kind::kFlows).value());
  EXPECT_TRUE(spool->Next(Kind::kFacts).value());
}

TEST_F(SpoolTest, SegmentBodyIsReadable) {
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

TEST_F(SpoolTest, SegmentsCloseBySizeAgeAndHole) {
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

TEST_F(SpoolTest, SlowStreamHoldsNoOtherBack) {
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

TEST_F(SpoolTest, EpochGrowsAndCleanStopLeavesNoGap) {
  auto spool = OpenSpool(Options());
  const std::uint64_t first = spool->epoch();
  EXPECT_EQ(first, static_cast<std::uint64_t>(now_ns_ / base::kNanosPerMilli));
  Round round;
  round.flows = {FlowsItem(1)};
  round.blocks = {MakeStoredBlock(0, 0)};
  ASSERT_TRUE(spool->Write(round));
  ASSERT_TRUE(spool->Close());
  EXPECT_FALSE(spool->Write(round));
  spool.reset();

  now_ns_ -= 3600 * base::kNanosPerSecond;  // the clock went back
  spool = OpenSpool(Options());
  EXPECT_EQ(spool->epoch(), first + 1);
  EXPECT_FALSE(spool->Has(Kind::kFacts));
  EXPECT_EQ(spool->Next(Kind::kFlows).value()->place.epoch, first);
  EXPECT_EQ(spool->Next(Kind::kPackets).value()->place.epoch, first);
}

TEST_F(SpoolTest, UncleanStopIsTold) {
  auto spool = OpenSpool(Options());
  const std::uint64_t first = spool->epoch();
  now_ns_ += 10 * base::kNanosPerSecond;
  Round round;
  round.blocks = {MakeStoredBlock(0, 0), MakeStoredBlock(0, 1)};
  ASSERT_TRUE(spool->Write(round));
  const std::int64_t last_ns = now_ns_;
  spool.reset();  // no Close

  now_ns_ += 30 * base::kNanosPerSecond;
  spool = OpenSpool(Options());
  const auto item = spool->Next(Kind::kPackets).value();
  ASSERT_TRUE(item);  // the segment was closed with what is there
  EXPECT_EQ(item->place, (Place{first, 0}));
  EXPECT_EQ(item->packets, 6u);
  const auto gaps = TakeGaps(*spool);
  ASSERT_EQ(gaps.size(), 2u);
  EXPECT_EQ(gaps[0].kind, "packets");
  EXPECT_EQ(gaps[0].reason, "unclean-stop");
  EXPECT_EQ(gaps[0].from_ns, last_ns - base::kNanosPerSecond);
  EXPECT_EQ(gaps[0].to_ns, now_ns_);
  EXPECT_EQ(gaps[1].kind, "flows");
}

TEST_F(SpoolTest, ReplacePutsOthersAtTheEnd) {
  auto spool = OpenSpool(Options());
  Round round;
  round.flows = {FlowsItem(2), FlowsItem(3)};
  ASSERT_TRUE(spool->Write(round));
  const auto item = spool->Next(Kind::kFlows).value();
  ASSERT_TRUE(spool->Replace(*item, {FlowsItem(10), FlowsItem(11)}));
  std::vector<std::size_t> sizes;
  while (const auto next = spool->Next(Kind::kFlows).value()) {
    const auto batch = DecodeFlows(base::AsBytes(next->body));
    EXPECT_EQ(batch->seq, next->place.seq);
    sizes.push_back(batch->flows.size());
    ASSERT_TRUE(spool->Acknowledge(*next));
  }
  EXPECT_EQ(sizes, (std::vector<std::size_t>{3, 10, 11}));
  EXPECT_EQ(spool->status().live_bytes, 0u);
}

TEST_F(SpoolTest, QuarantineKeepsACopyAndTellsIt) {
  auto spool = OpenSpool(Options());
  Round round;
  round.blocks = {MakeStoredBlock(0, 0)};
  round.close_segments = true;
  ASSERT_TRUE(spool->Write(round));
  const auto item = spool->Next(Kind::kPackets).value();
  ASSERT_TRUE(spool->Quarantine(*item, {"packets", "tap0", 1, 2, 3, 4, "conflict"}));
  EXPECT_FALSE(spool->Has(Kind::kPackets));
  const auto gaps = TakeGaps(*spool);
  ASSERT_EQ(gaps.size(), 1u);
  EXPECT_EQ(gaps[0].reason, "conflict");
  EXPECT_EQ(std::filesystem::file_size(folder_.path() + "/spool/quarantine/packets-" +
                                       std::to_string(spool->epoch()) + "-0"),
            item->body.size());
}

TEST_F(SpoolTest, SecondProcessIsRefused) {
  auto spool = OpenSpool(Options());
  const auto second = Spool::Open(Options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kExists);
}

TEST_F(SpoolTest, CAP14_UnusableFolderIsNamedWithTheUser) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to become someone else";
  std::filesystem::create_directory(folder_.path() + "/spool");
  std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
  ASSERT_EQ(seteuid(65534), 0);
  const auto opened = Spool::Open(Options());
  ASSERT_EQ(seteuid(0), 0);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::kPermission);
  EXPECT_THAT(opened.error().message, HasSubstr(folder_.path()));
  EXPECT_THAT(opened.error().message, HasSubstr("65534"));
}

double NextMillis(Spool& spool, Kind kind) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(spool.Next(kind));
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  return took.count();
}

TEST_F(SpoolTest, SP01_NextStaysFastAfterAMillionItems) {
  constexpr int kItems = 1'000'000;
  constexpr int kPerRound = 5000;
  auto spool = OpenSpool(Options());
  const Encode small = [](std::uint64_t, std::uint64_t seq) {
    return "item " + std::to_string(seq);
  };
  Round round;
  round.flows.assign(kPerRound, small);
  double first_ms = -1;
  for (int done = 0; done < kItems; done += kPerRound) {
    ASSERT_TRUE(spool->Write(round));
    if (first_ms < 0) first_ms = NextMillis(*spool, Kind::kFlows);
    for (int i = 0; i < kPerRound; ++i) {
      const auto item = spool->Next(Kind::kFlows).value();
      ASSERT_TRUE(item);
      ASSERT_TRUE(spool->Acknowledge(*item));
    }
  }
  EXPECT_FALSE(spool->Has(Kind::kFlows));
  round.flows = {small};
  ASSERT_TRUE(spool->Write(round));
  EXPECT_LT(NextMillis(*spool, Kind::kFlows), 5);
  EXPECT_EQ(spool->Next(Kind::kFlows).value()->place.seq, std::uint64_t{kItems});
  ASSERT_TRUE(spool->Close());
  spool.reset();
  spool = OpenSpool(Options());
  EXPECT_LT(NextMillis(*spool, Kind::kFlows), 5);
  EXPECT_EQ(spool->Next(Kind::kFlows).value()->place.seq, std::uint64_t{kItems});
  std::printf("first next %.3f ms, last %.3f ms\n", first_ms, NextMillis(*spool, Kind::kFlows));
}

}  // namespace
}  // namespace tapiary::uplink
