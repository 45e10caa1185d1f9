// Overflow of a spool.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "tests/uplink/support/spool_fixture.h"

namespace tapiary::uplink {
namespace {

namespace fs = std::filesystem;

std::uint64_t FolderBytes(const std::string& path) {
  std::uint64_t bytes = 0;
  std::error_code gone;  // RocksDB deletes files meanwhile
  for (const auto& entry : fs::recursive_directory_iterator(path, gone)) {
    const std::uintmax_t size = entry.is_regular_file(gone) ? entry.file_size(gone) : 0;
    if (!gone) bytes += size;
  }
  return bytes;
}

// Of those in the folder. Files are closed a little after they are given up.
bool HoldsNoDeletedFile(const std::string& folder) {
  for (int i = 0; i < 50; ++i) {
    std::size_t held = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      const std::string to = std::filesystem::read_symlink(entry.path(), gone).string();
      held += to.starts_with(folder) && to.ends_with(" (deleted)") ? 1 : 0;
    }
    if (held == 0) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return false;
}

TEST(SpoolBudget, SP07_OverflowDropsOldestPacketsAndTellsEach) {
  const TempFolder folder;
  SpoolOptions options = OptionsAt(folder.path());
  options.max_bytes = 50 << 20;
  options.segment_bytes = 2 << 20;
  auto spool = OpenSpool(options);
  std::uint64_t written = 0;
  std::uint64_t flows = 0;
  std::uint64_t largest = 0;
  for (std::uint64_t i = 0; i < 400; ++i) {
    Round round;
    round.blocks = {BigBlock(i, 512 << 10)};
    round.flows = {FlowsItem(5, std::string(2000, 'x'))};
    ASSERT_TRUE(spool->Write(round));
    written += 10;
    flows += 5;
    largest = std::max(largest, FolderBytes(folder.path()));
  }
  Round round;
  round.close_segments = true;
  ASSERT_TRUE(spool->Write(round));
  std::printf("largest on disk: %.1f MiB\n", static_cast<double>(largest) / (1 << 20));
  EXPECT_LE(largest, 50u << 20);

  std::uint64_t kept = 0;
  std::int64_t newest_ns = 0;
  while (const auto item = spool->Next(Kind::kPackets).value()) {
    kept += item->packets;
    newest_ns = item->last_ns;
    ASSERT_TRUE(spool->Acknowledge(*item));
  }
  EXPECT_EQ(newest_ns, 399'999);
  EXPECT_GT(kept, written / 6);
  std::uint64_t dropped = 0;
  std::uint64_t dropped_bytes = 0;
  std::int64_t end_ns = -1;
  for (const auto& gap : TakeGaps(*spool)) {
    EXPECT_EQ(gap.kind, "packets");
    EXPECT_EQ(gap.reason, "spool-full");
    EXPECT_EQ(gap.interface, "tap0");
    EXPECT_EQ(gap.from_ns, end_ns + 1);  // one range follows the other
    end_ns = gap.to_ns;
    dropped += gap.items;
    dropped_bytes += gap.bytes;
  }
  EXPECT_EQ(kept + dropped, written);
  EXPECT_EQ(dropped_bytes, dropped / 10 * (512u << 10));
  EXPECT_TRUE(HoldsNoDeletedFile(folder.path()));
  std::uint64_t kept_flows = 0;
  while (const auto item = spool->Next(Kind::kFlows).value()) {
    kept_flows += DecodeFlows(base::AsBytes(item->body))->flows.size();
    ASSERT_TRUE(spool->Acknowledge(*item));
  }
  EXPECT_EQ(kept_flows, flows);
}

TEST(SpoolBudget, DeliveredItemsLeaveTheDiskWhenAllIsQuiet) {
  const TempFolder folder;
  SpoolOptions options = OptionsAt(folder.path());
  options.max_bytes = std::int64_t{8} << 30;  // far from any limit
  auto spool = OpenSpool(options);
  Round round;
  const Encode item = [](std::uint64_t epoch, std::uint64_t seq, const Seal*) {
    return std::string(8 << 10, static_cast<char>(epoch + seq));
  };
  round.flows.assign(4096, item);
  ASSERT_TRUE(spool->Write(round));
  while (const auto next = spool->Next(Kind::kFlows).value()) {
    ASSERT_TRUE(spool->Acknowledge(*next));
  }
  ASSERT_GT(spool->status().disk_bytes, 32u << 20);
  ASSERT_TRUE(spool->Write({}));
  EXPECT_LT(spool->status().disk_bytes, 16u << 20);
  // What waits is still there, and nothing that was delivered comes again.
  round.flows.assign(1, item);
  ASSERT_TRUE(spool->Write(round));
  const auto last = spool->Next(Kind::kFlows).value();
  ASSERT_TRUE(last);
  EXPECT_EQ(last->place.seq, 4096u);
}

TEST(SpoolBudget, SP07_FlowsGoWhenNoPacketsAreLeft) {
  const TempFolder folder;
  SpoolOptions options = OptionsAt(folder.path());
  options.max_bytes = 24 << 20;
  auto spool = OpenSpool(options);
  const Encode large = [](std::uint64_t epoch, std::uint64_t seq, const Seal*) {
    FlowBatch batch{epoch, seq, std::vector<capture::FlowRecord>(100)};
    std::mt19937 random(static_cast<unsigned>(seq));
    for (auto& flow : batch.flows) {
      flow.service.resize(1000);
      for (char& c : flow.service) c = static_cast<char>(random());
    }
    return EncodeFlows(batch);
  };
  for (int i = 0; i < 600; ++i) {
    Round round;
    round.flows = {large};
    ASSERT_TRUE(spool->Write(round));
  }
  std::uint64_t flows = 0;
  std::uint64_t dropped = 0;
  while (const auto item = spool->Next(Kind::kFlows).value()) {
    flows += DecodeFlows(base::AsBytes(item->body))->flows.size();
    ASSERT_TRUE(spool->Acknowledge(*item));
  }
  for (const auto& gap : TakeGaps(*spool)) {
    EXPECT_EQ(gap.kind, "flows");
    dropped += gap.items;
  }
  EXPECT_GT(dropped, 0u);
  // Some 1,020 bytes each: half of the budget, whatever a compaction writes meanwhile, less what is
  // dropped beyond need.
  EXPECT_GT(flows, 11'500u);
  EXPECT_EQ(flows + dropped, 60'000u);
}

}  // namespace
}  // namespace tapiary::uplink
