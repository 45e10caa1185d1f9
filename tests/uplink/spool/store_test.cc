// Space on disk and full disks.
#include "uplink/spool/store.h"

#include <gmock/gmock.h>
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
  for (std::uint64_t i = 0; i < 2048; ++i) {
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
  for (std::uint64_t i = 0; i < 1024; ++i) {
    Round round;
    round.blocks = {BigBlock(i, 1 << 20)};
    round.close_segments = i == 1023;
    ASSERT_TRUE(spool->Write(round));
  }
  while (spool->Has(Kind::kPackets)) {
    ASSERT_TRUE(spool->Acknowledge(*spool->Next(Kind::kPackets).value()));
  }
  std::uint64_t bytes = spool->status().disk_bytes;
  for (int i = 0; i < 600 && bytes > 164u << 20; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    bytes = spool->status().disk_bytes;
  }
  std::printf("on disk after draining: %.1f MiB\n", static_cast<double>(bytes) / (1 << 20));
  EXPECT_LE(bytes, 164u << 20);
}

// A file system of 64 MiB, and a file that takes what is left of it.
class FullDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    if (mount("tapiary", disk_.path().c_str(), "tmpfs", 0, "size=64m") != 0) {
      GTEST_SKIP() << "cannot mount a tmpfs here";
    }
    path_ = disk_.path() + "/spool";
  }
  void TearDown() override {
    spool_.reset();
    umount2(disk_.path().c_str(), MNT_DETACH);
  }
  [[nodiscard]] std::string ballast() const { return disk_.path() + "/ballast"; }
  void Fill() const { std::ofstream(ballast()) << std::string(64 << 20, 'b'); }
  // Writes the next block; counts it when it is taken.
  bool WriteBlock() {
    Round round;
    round.blocks = {BigBlock(blocks_, 1 << 20)};
    const auto result = spool_->Write(round);
    if (result) ++blocks_;
    return result.has_value();
  }
  TempFolder disk_;
  std::string path_;
  std::unique_ptr<Spool> spool_;
  std::uint64_t blocks_ = 0;
};

TEST_F(FullDisk, SP02_RecoversWithoutRestartAndIsDrainedMeanwhile) {
  spool_ = OpenSpool(OptionsAt(path_));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(WriteBlock());
  Round round;
  round.flows = {FlowsItem(1)};
  ASSERT_TRUE(spool_->Write(round));
  Fill();
  int tries = 0;
  while (WriteBlock() && tries < 100) ++tries;
  ASSERT_LT(tries, 100);
  EXPECT_FALSE(spool_->status().writable);
  EXPECT_FALSE(spool_->status().trouble.empty());
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_FALSE(WriteBlock());
  // Delivery goes on, else a disk that the spool itself filled would stay full.
  const auto item = spool_->Next(Kind::kFlows).value();
  ASSERT_TRUE(item);
  EXPECT_TRUE(spool_->Acknowledge(*item));
  EXPECT_FALSE(spool_->Has(Kind::kFlows));

  fs::remove(ballast());
  const auto begin = std::chrono::steady_clock::now();
  while (!WriteBlock() && std::chrono::steady_clock::now() - begin < std::chrono::seconds(15)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(15));
  EXPECT_TRUE(spool_->status().writable) << spool_->status().trouble;
  round = {};
  round.close_segments = true;
  ASSERT_TRUE(spool_->Write(round));
  std::uint64_t packets = 0;
  while (const auto segment = spool_->Next(Kind::kPackets).value()) {
    packets += segment->packets;
    ASSERT_TRUE(spool_->Acknowledge(*segment));
  }
  EXPECT_EQ(packets, 10 * blocks_);  // nothing lost, nothing twice
}

TEST_F(FullDisk, SP02_StartOnAFullDiskDoesNotAbort) {
  spool_ = OpenSpool(OptionsAt(path_));
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(WriteBlock());
  ASSERT_TRUE(spool_->Close());
  spool_.reset();
  Fill();
  spool_ = OpenSpool(OptionsAt(path_));
  ASSERT_TRUE(spool_);
  EXPECT_FALSE(spool_->status().writable);
  fs::remove(ballast());
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_TRUE(WriteBlock());
  EXPECT_TRUE(spool_->status().writable);
}

TEST_F(FullDisk, SP02_UncleanStopIsToldOnceAfterManyTries) {
  spool_ = OpenSpool(OptionsAt(path_));
  ASSERT_TRUE(WriteBlock());
  spool_.reset();  // no Close
  Fill();
  // The store opens, but its first write would reach into the reserve.
  fs::resize_file(ballast(), fs::file_size(ballast()) - (5 << 20));
  spool_ = OpenSpool(OptionsAt(path_));
  ASSERT_TRUE(spool_);
  EXPECT_THAT(spool_->status().trouble, ::testing::HasSubstr("in reserve"));
  for (int i = 0; i < 4; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    EXPECT_FALSE(WriteBlock());
  }
  fs::remove(ballast());
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  ASSERT_TRUE(WriteBlock());
  EXPECT_EQ(TakeGaps(*spool_).size(), 2u);  // packets and flows
}

}  // namespace
}  // namespace tapiary::uplink
