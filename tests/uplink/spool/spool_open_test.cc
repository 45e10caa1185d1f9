// Starting a spool: epochs, unclean stops, kill -9, broken stores.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "tests/uplink/support/spool_fixture.h"

namespace tapiary::uplink {
namespace {

namespace fs = std::filesystem;
using base::ErrorCode;
using ::testing::HasSubstr;

constexpr const char* kChildFolder = "TAPIARY_SPOOL_CHILD";
constexpr const char* kChildBulk = "TAPIARY_SPOOL_CHILD_BULK";

class SpoolOpen : public SpoolTest {};

TEST_F(SpoolOpen, EpochGrowsAndCleanStopLeavesNoGap) {
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

TEST_F(SpoolOpen, UncleanStopIsTold) {
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

TEST_F(SpoolOpen, SecondProcessIsRefused) {
  auto spool = OpenSpool(Options());
  const auto second = Spool::Open(Options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kExists);
}

TEST_F(SpoolOpen, CAP14_UnusableFolderIsNamedWithTheUser) {
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

// What was possible at the start is still possible after segments and tables have been replaced.
TEST(SpoolUser, CAP14_ThreeRotationsAsAnotherUser) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to become someone else";
  const TempFolder folder;
  ASSERT_EQ(chown(folder.path().c_str(), 65534, 65534), 0);
  const pid_t child = fork();
  if (child == 0) {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(2);
    auto spool = OpenSpool(OptionsAt(folder.path()));
    for (std::uint64_t i = 0; i < 3; ++i) {
      Round round;
      for (std::uint64_t k = 0; k < 6; ++k) round.blocks.push_back(BigBlock(6 * i + k, 4 << 20));
      round.close_segments = true;
      if (!spool->Write(round)) _exit(3);
      const auto segment = spool->Next(Kind::kPackets);
      if (!segment || !*segment || !spool->Acknowledge(**segment)) _exit(4);
    }
    _exit(spool->Close() ? 0 : 5);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

// Runs only in the process that the test below starts and kills.
TEST(SpoolChild, DISABLED_WritesUntilKilled) {
  auto spool = OpenSpool(OptionsAt(getenv(kChildFolder)));
  for (std::uint64_t i = 0;; ++i) {
    Round round;
    round.blocks = {MakeStoredBlock(0, i)};
    if (getenv(kChildBulk) != nullptr) {
      round.blocks = {BigBlock(3 * i, 2 << 20), BigBlock(3 * i + 1, 2 << 20),
                      BigBlock(3 * i + 2, 2 << 20)};
    }
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

TEST(SpoolKill, Kill9LosesNoRoundThatWasWritten) {
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

// Rounds of 6 MiB, which go in as files: a round is there whole or not at all.
TEST(SpoolKill, SP06_KillInABulkRoundLeavesNoHalf) {
  const TempFolder folder;
  ASSERT_EQ(setenv(kChildBulk, "1", 1), 0);
  const std::uint64_t rounds = RunAndKill(folder.path(), 12);
  unsetenv(kChildBulk);
  ASSERT_GE(rounds, 12u);
  auto spool = OpenSpool(OptionsAt(folder.path()));
  EXPECT_FALSE(fs::exists(folder.path() + "/store/ingest"));
  std::uint64_t packets = 0;
  while (const auto segment = spool->Next(Kind::kPackets).value()) {
    packets += segment->packets;
    ASSERT_TRUE(spool->Acknowledge(*segment));
  }
  EXPECT_EQ(packets % 30, 0u);
  EXPECT_GE(packets, 30 * rounds);
  EXPECT_LE(packets, 30 * (rounds + 1));   // the round that it died in
  EXPECT_EQ(TakeGaps(*spool).size(), 2u);  // unclean-stop, no broken item
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

}  // namespace
}  // namespace tapiary::uplink
