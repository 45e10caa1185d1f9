// Space on disk and full disks.
#include "uplink/spool/store.h"

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "tests/uplink/support/spool_fixture.h"

namespace tapiary::uplink {
namespace {

namespace fs = std::filesystem;

TEST(Store, ScansReadsAndBatchesAreOrdered) {
  const TempFolder folder;
  auto opened = Store::Open(folder.path(), 64 << 20);
  ASSERT_TRUE(opened) << opened.error().ToString();
  Store& store = **opened;
  StoreBatch batch(store);
  for (const char* key : {"c", "a", "b", "e"}) batch.Put(Family::kFlows, key, key);
  batch.Put(Family::kFacts, "d", "other family");
  EXPECT_GT(batch.bytes(), 0u);
  ASSERT_TRUE(store.Write(batch, true));
  std::string seen;
  const auto visit = [&seen](std::string_view key, std::string_view) {
    seen += key;
    return key != "c";
  };
  ASSERT_TRUE(store.Scan(Family::kFlows, "b", {}, visit));
  EXPECT_EQ(seen, "bc");
  seen.clear();
  ASSERT_TRUE(store.Scan(Family::kFlows, "a", "c", visit));
  EXPECT_EQ(seen, "ab");
  EXPECT_EQ(store.Last(Family::kFlows, "a").value()->first, "e");
  EXPECT_EQ(store.Last(Family::kFlows, "f").value(), std::nullopt);
  EXPECT_EQ(store.Get(Family::kFlows, "b").value(), "b");
  EXPECT_EQ(store.Get(Family::kFlows, "d").value(), std::nullopt);
  EXPECT_TRUE(store.Recover());  // harmless when nothing failed
  EXPECT_GT(store.DiskBytes(), 0u);
}

TEST(Store, SP03_RarelyWrittenFamilyPinsNoLog) {
  const TempFolder folder;
  SpoolOptions options = OptionsAt(folder.path());
  options.segment_bytes = 4 << 20;
  auto spool = OpenSpool(options);
  Round round;
  round.flows = {FlowsItem(1)};  // once, and never taken
  ASSERT_TRUE(spool->Write(round));
  std::uint64_t largest = 0;
  for (std::uint64_t i = 0; i < 512; ++i) {
    round = {};
    round.blocks = {BigBlock(i, 1 << 20)};
    ASSERT_TRUE(spool->Write(round));
    while (spool->Has(Kind::kPackets)) {
      ASSERT_TRUE(spool->Acknowledge(*spool->Next(Kind::kPackets).value()));
    }
    largest = std::max(largest, spool->status().disk_bytes);
  }
  std::printf("largest on disk: %.1f MiB\n", static_cast<double>(largest) / (1 << 20));
  EXPECT_LT(largest, 256u << 20);
  spool.reset();
  const auto begin = std::chrono::steady_clock::now();
  spool = OpenSpool(options);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  EXPECT_TRUE(spool->Has(Kind::kFlows));
}

TEST(Store, SP05_DrainedSpoolGivesItsSpaceBack) {
  const TempFolder folder;
  SpoolOptions options = OptionsAt(folder.path());
  auto spool = OpenSpool(options);
  for (std::uint64_t i = 0; i < 300; ++i) {
    Round round;
    round.blocks = {BigBlock(i, 1 << 20)};
    round.close_segments = i == 299;
    ASSERT_TRUE(spool->Write(round));
  }
  while (spool->Has(Kind::kPackets)) {
    ASSERT_TRUE(spool->Acknowledge(*spool->Next(Kind::kPackets).value()));
  }
  std::uint64_t bytes = spool->status().disk_bytes;
  for (int i = 0; i < 100 && bytes > 164u << 20; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    bytes = spool->status().disk_bytes;
  }
  std::printf("on disk after draining: %.1f MiB\n", static_cast<double>(bytes) / (1 << 20));
  EXPECT_LE(bytes, 164u << 20);
}

TEST(Store, SP02_FullDiskRecoversWithoutRestart) {
  const TempFolder mount_point;
  if (mount("tapiary", mount_point.path().c_str(), "tmpfs", 0, "size=64m") != 0) {
    GTEST_SKIP() << "cannot mount a tmpfs here";
  }
  const std::string path = mount_point.path() + "/spool";
  const std::string ballast = mount_point.path() + "/ballast";
  {
    auto spool = OpenSpool(OptionsAt(path));
    std::uint64_t number = 0;
    const auto write = [&] {
      Round round;
      round.blocks = {BigBlock(number, 1 << 20)};
      const auto result = spool->Write(round);
      if (result) ++number;
      return result;
    };
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(write());
    Round flows;
    flows.flows = {FlowsItem(1)};
    ASSERT_TRUE(spool->Write(flows));
    std::ofstream(ballast) << std::string(60 << 20, 'b');  // takes what is left
    int tries = 0;
    while (write() && tries < 100) ++tries;
    ASSERT_LT(tries, 100);
    EXPECT_FALSE(spool->status().writable);
    EXPECT_FALSE(spool->status().trouble.empty());
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    EXPECT_FALSE(write());
    // Delivery goes on, else a disk that the spool itself filled would stay full.
    Round close;
    close.close_segments = true;
    EXPECT_FALSE(spool->Write(close));
    EXPECT_EQ(spool->Next(Kind::kFlows).value()->place.seq, 0u);
    EXPECT_TRUE(spool->Acknowledge(*spool->Next(Kind::kFlows).value()));
    EXPECT_FALSE(spool->Has(Kind::kFlows));

    fs::remove(ballast);
    const auto begin = std::chrono::steady_clock::now();
    while (!write() && std::chrono::steady_clock::now() - begin < std::chrono::seconds(15)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    ASSERT_TRUE(write()) << spool->status().trouble;
    EXPECT_TRUE(spool->status().writable);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15));
    Round round;
    round.close_segments = true;
    ASSERT_TRUE(spool->Write(round));
    std::uint64_t packets = 0;
    while (const auto item = spool->Next(Kind::kPackets).value()) {
      packets += item->packets;
      ASSERT_TRUE(spool->Acknowledge(*item));
    }
    EXPECT_EQ(packets, 10 * number);  // nothing lost, nothing twice
    ASSERT_TRUE(spool->Close());
  }
  std::ofstream(ballast) << std::string(64 << 20, 'b');
  {
    auto spool = OpenSpool(OptionsAt(path));  // does not abort
    ASSERT_TRUE(spool);
    EXPECT_FALSE(spool->status().writable);
    fs::remove(ballast);
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    Round round;
    round.flows = {FlowsItem(1)};
    EXPECT_TRUE(spool->Write(round));
    EXPECT_TRUE(spool->status().writable);
  }
  EXPECT_EQ(umount2(mount_point.path().c_str(), MNT_DETACH), 0);
}

}  // namespace
}  // namespace tapiary::uplink
