// What disks, power and killers do to a spool.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "tests/uplink/support/spool_fixture.h"
#include "uplink/spool/spool.h"

namespace tapiary::uplink {
namespace {

namespace fs = std::filesystem;
using ::testing::UnorderedElementsAre;

constexpr const char* kChildFolder = "TAPIARY_SPOOL_CHILD";

SpoolOptions OptionsAt(const std::string& path) {
  SpoolOptions options;
  options.path = path;
  options.retry_ns = 100 * base::kNanosPerMilli;
  return options;
}

std::uint64_t FolderBytes(const std::string& path) {
  std::uint64_t bytes = 0;
  std::error_code gone;  // RocksDB deletes files meanwhile
  for (const auto& entry : fs::recursive_directory_iterator(path, gone)) {
    const std::uintmax_t size = entry.is_regular_file(gone) ? entry.file_size(gone) : 0;
    if (!gone) bytes += size;
  }
  return bytes;
}

// The last file, by name, of the store with this extension.
fs::path StoreFile(const std::string& spool, const std::string& extension) {
  fs::path last;
  for (const auto& entry : fs::directory_iterator(spool + "/store")) {
    if (entry.path().extension() == extension && entry.file_size() > 0) {
      last = std::max(last, entry.path());
    }
  }
  return last;
}

StoredBlock BigBlock(std::uint64_t number, std::size_t bytes) {
  static const StoredBlock pattern = MakeStoredBlock(0, 0);
  StoredBlock block = pattern;
  block.number = number;
  block.frame.resize(bytes);
  for (std::size_t i = 0; i < bytes; i += 61) block.frame[i] = static_cast<char>(number + i);
  block.packets = 10;
  block.first_ns = static_cast<std::int64_t>(number) * 1000;
  block.last_ns = block.first_ns + 999;
  return block;
}

// Runs only in the process that the test below starts and kills.
TEST(SpoolChild, DISABLED_WritesUntilKilled) {
  auto spool = OpenSpool(OptionsAt(getenv(kChildFolder)));
  for (std::uint64_t i = 0;; ++i) {
    Round round;
    round.blocks = {MakeStoredBlock(0, i)};
    round.flows = {FlowsItem(1)};
    ASSERT_TRUE(spool->Write(round));
    const std::string line = std::to_string(i) + "\n";
    ASSERT_EQ(write(STDERR_FILENO, line.data(), line.size()), static_cast<ssize_t>(line.size()));
  }
}

// Starts the child and kills it after `rounds` acknowledged rounds; gives their number.
std::uint64_t RunAndKill(const std::string& path, std::uint64_t rounds) {
  int out[2];
  EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
  const pid_t child = fork();
  if (child == 0) {
    setenv(kChildFolder, path.c_str(), 1);
    dup2(out[1], STDERR_FILENO);
    dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
    execl("/proc/self/exe", "child", "--gtest_also_run_disabled_tests",
          "--gtest_filter=SpoolChild.*", nullptr);
    _exit(127);
  }
  close(out[1]);
  FILE* lines = fdopen(out[0], "r");
  std::uint64_t done = 0;
  char line[64];
  while (done < rounds && fgets(line, sizeof(line), lines) != nullptr) ++done;
  kill(child, SIGKILL);
  while (fgets(line, sizeof(line), lines) != nullptr) ++done;  // written before it died
  fclose(lines);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status));
  return done;
}

TEST(SpoolFault, Kill9LosesNoRoundThatWasWritten) {
  const TempFolder folder;
  const std::uint64_t rounds = RunAndKill(folder.path(), 300);
  ASSERT_GE(rounds, 300u);
  auto spool = OpenSpool(OptionsAt(folder.path()));
  const auto segment = spool->Next(Kind::kPackets).value();
  ASSERT_TRUE(segment);
  EXPECT_GE(segment->packets, 3 * rounds);
  EXPECT_LE(segment->packets, 3 * (rounds + 1));  // the round that it died in
  std::uint64_t flows = 0;
  while (const auto item = spool->Next(Kind::kFlows).value()) {
    ++flows;
    ASSERT_TRUE(spool->Acknowledge(*item));
  }
  EXPECT_EQ(flows, segment->packets / 3);
  const auto gaps = TakeGaps(*spool);
  ASSERT_EQ(gaps.size(), 2u);
  EXPECT_EQ(gaps[0].reason, "unclean-stop");
  EXPECT_LT(gaps[0].to_ns - gaps[0].from_ns, 30 * base::kNanosPerSecond);
}

class BrokenStore : public ::testing::Test {
 protected:
  // A store with two flows items and two segments, in tables as well as in a log.
  void SetUp() override {
    path_ = folder_.path() + "/spool";
    auto spool = OpenSpool(OptionsAt(path_));
    first_epoch_ = spool->epoch();
    Round round;
    round.flows = {FlowsItem(1)};
    for (std::uint64_t i = 0; i < 24; ++i) round.blocks.push_back(BigBlock(i, 1 << 20));
    ASSERT_TRUE(spool->Write(round));  // more than a write buffer: the next write makes a table
    round = {};
    round.flows = {FlowsItem(2)};
    ASSERT_TRUE(spool->Write(round));
    std::uintmax_t size = 0;  // the table is whole when it has stopped growing
    for (int i = 0; i < 200; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      const fs::path table = StoreFile(path_, ".sst");
      const std::uintmax_t now = table.empty() ? 0 : fs::file_size(table);
      if (now > 0 && now == size) break;
      size = now;
    }
  }
  void ExpectMovedAside() {
    const auto begin = std::chrono::steady_clock::now();
    auto spool = OpenSpool(OptionsAt(path_));
    ASSERT_TRUE(spool);
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
    EXPECT_GT(spool->epoch(), first_epoch_);
    std::size_t aside = 0;
    for (const auto& entry : fs::directory_iterator(path_)) {
      aside += entry.path().filename().string().starts_with("broken-") ? 1 : 0;
    }
    EXPECT_EQ(aside, 1u);
    const auto gaps = TakeGaps(*spool);
    ASSERT_EQ(gaps.size(), 3u);
    EXPECT_EQ(gaps[0].reason, "spool-corrupt");
    Round round;
    round.flows = {FlowsItem(3)};
    EXPECT_TRUE(spool->Write(round));
    EXPECT_EQ(spool->Next(Kind::kFlows).value()->place.epoch, spool->epoch());
  }
  TempFolder folder_;
  std::string path_;
  std::uint64_t first_epoch_ = 0;
};

TEST_F(BrokenStore, SP04_EmptyCurrent) {
  fs::resize_file(path_ + "/store/CURRENT", 0);
  ExpectMovedAside();
}

TEST_F(BrokenStore, SP04_NoCurrent) {
  fs::remove(path_ + "/store/CURRENT");
  ExpectMovedAside();
}

TEST_F(BrokenStore, SP04_NoManifest) {
  for (const auto& entry : fs::directory_iterator(path_ + "/store")) {
    if (entry.path().filename().string().starts_with("MANIFEST")) fs::remove(entry.path());
  }
  ExpectMovedAside();
}

TEST_F(BrokenStore, SP04_EmptyTable) {
  const fs::path table = StoreFile(path_, ".sst");
  ASSERT_FALSE(table.empty());
  fs::resize_file(table, 0);
  ExpectMovedAside();
}

TEST_F(BrokenStore, SP04_LogCutByEachOfItsLastBytes) {
  for (std::uintmax_t cut = 1; cut <= 64; ++cut) {
    const TempFolder copy;
    fs::copy(path_, copy.path(), fs::copy_options::recursive);
    const fs::path log = StoreFile(copy.path(), ".log");
    ASSERT_FALSE(log.empty());
    fs::resize_file(log, fs::file_size(log) - cut);
    auto spool = OpenSpool(OptionsAt(copy.path()));
    ASSERT_TRUE(spool) << cut;
    EXPECT_GT(spool->epoch(), first_epoch_);
    // The last write is cut, the one before it is there.
    const auto item = spool->Next(Kind::kFlows).value();
    ASSERT_TRUE(item) << cut;
    EXPECT_EQ(DecodeFlows(base::AsBytes(item->body))->flows.size(), 1u);
    EXPECT_EQ(spool->Next(Kind::kPackets).value()->packets, 160u);
  }
}

TEST_F(BrokenStore, DamagedTableCostsOnlyWhatIsInIt) {
  const fs::path table = StoreFile(path_, ".sst");
  std::fstream file(table, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(fs::file_size(table) / 2));
  file.write("damaged!", 8);
  file.close();
  auto spool = OpenSpool(OptionsAt(path_));
  ASSERT_TRUE(spool);
  std::uint64_t packets = 0;
  while (const auto item = spool->Next(Kind::kPackets).value()) {
    packets += item->packets;
    ASSERT_TRUE(spool->Acknowledge(*item));
  }
  std::uint64_t lost = 0;
  for (const auto& gap : TakeGaps(*spool)) {
    if (gap.reason == "spool-corrupt") lost += gap.items;
  }
  EXPECT_GT(lost, 0u);
  EXPECT_EQ(packets + lost, 240u);
}

TEST(SpoolFault, SP07_OverflowDropsOldestPacketsAndTellsEach) {
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
  std::int64_t end_ns = -1;
  for (const auto& gap : TakeGaps(*spool)) {
    EXPECT_EQ(gap.kind, "packets");
    EXPECT_EQ(gap.reason, "spool-full");
    EXPECT_EQ(gap.interface, "tap0");
    EXPECT_EQ(gap.from_ns, end_ns + 1);  // one range follows the other
    end_ns = gap.to_ns;
    dropped += gap.items;
  }
  EXPECT_EQ(kept + dropped, written);
  std::uint64_t kept_flows = 0;
  while (const auto item = spool->Next(Kind::kFlows).value()) {
    kept_flows += DecodeFlows(base::AsBytes(item->body))->flows.size();
    ASSERT_TRUE(spool->Acknowledge(*item));
  }
  EXPECT_EQ(kept_flows, flows);
}

TEST(SpoolFault, SP07_FlowsGoWhenNoPacketsAreLeft) {
  const TempFolder folder;
  SpoolOptions options = OptionsAt(folder.path());
  options.max_bytes = 8 << 20;
  auto spool = OpenSpool(options);
  const Encode large = [](std::uint64_t epoch, std::uint64_t seq) {
    FlowBatch batch{epoch, seq, std::vector<capture::FlowRecord>(100)};
    std::mt19937 random(static_cast<unsigned>(seq));
    for (auto& flow : batch.flows) {
      flow.service.resize(1000);
      for (char& c : flow.service) c = static_cast<char>(random());
    }
    return EncodeFlows(batch);
  };
  for (int i = 0; i < 200; ++i) {
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
  EXPECT_GT(flows, 5000u);
  EXPECT_EQ(flows + dropped, 20'000u);
}

TEST(SpoolFault, SP03_RarelyWrittenFamilyPinsNoLog) {
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

TEST(SpoolFault, SP05_DrainedSpoolGivesItsSpaceBack) {
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

TEST(SpoolFault, SP02_FullDiskRecoversWithoutRestart) {
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
    std::ofstream(ballast) << std::string(60 << 20, 'b');  // takes what is left
    int tries = 0;
    while (write() && tries < 100) ++tries;
    ASSERT_LT(tries, 100);
    EXPECT_FALSE(spool->status().writable);
    EXPECT_FALSE(spool->status().trouble.empty());
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    EXPECT_FALSE(write());

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
