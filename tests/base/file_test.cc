#include "base/file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

#include "base/text.h"
#include "tests/base/temp_folder.h"

namespace tapiary::base {
namespace {

unsigned ModeOf(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

bool IsOpen(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0;
}

TEST(UniqueFd, ClosesOnceAndMoves) {
  int raw = -1;
  {
    UniqueFd first(::open("/dev/null", O_RDONLY));
    raw = first.get();
    UniqueFd second(std::move(first));
    EXPECT_FALSE(first.valid());  // NOLINT(bugprone-use-after-move)
    EXPECT_EQ(second.get(), raw);
    EXPECT_TRUE(IsOpen(raw));
    UniqueFd third;
    third = std::move(second);
    EXPECT_EQ(third.get(), raw);
  }
  EXPECT_FALSE(IsOpen(raw));
}

TEST(ReadFile, ReadsUpToTheLimitAndNotOneMore) {
  const TempFolder folder;
  const std::string content(100'000, 'x');
  const std::string path = folder.File("f", content);
  EXPECT_EQ(ReadFile(path, 100'000).value(), content);
  const auto too_large = ReadFile(path, 99'999);
  ASSERT_FALSE(too_large);
  EXPECT_EQ(too_large.error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(ReadFile(folder.File("empty", ""), 0).value(), "");
}

TEST(ReadFile, EndlessFileStopsAtTheLimit) {
  EXPECT_EQ(ReadFile("/dev/zero", 1'000'000).error().code, ErrorCode::kTooLarge);
}

TEST(ReadFile, NamesWhatIsMissing) {
  const auto missing = ReadFile("/nowhere/at/all", 10);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(missing.error().message, "cannot open /nowhere/at/all: No such file or directory");
  EXPECT_EQ(ReadFile("/tmp", 10).error().code, ErrorCode::kIo);
}

TEST(WriteFileDurably, ReplacesWithModeAndLeavesNoTemporary) {
  const TempFolder folder;
  const std::string path = folder.File("f", "old");
  folder.File("f.tmp", "left behind by a crash, and longer than the new text");
  const mode_t old_mask = ::umask(077);
  const auto written = WriteFileDurably(path, AsBytes("new"), 0640);
  ::umask(old_mask);
  ASSERT_TRUE(written) << written.error().ToString();
  EXPECT_EQ(ReadFile(path, 100).value(), "new");
  EXPECT_EQ(ModeOf(path), 0640u);
  EXPECT_FALSE(std::filesystem::exists(path + ".tmp"));
}

TEST(WriteFileDurably, DoesNotFollowALinkAtTheTemporaryName) {
  const TempFolder folder;
  const std::string victim = folder.File("victim", "mine");
  std::filesystem::create_symlink(victim, folder.path() + "/f.tmp");
  EXPECT_FALSE(WriteFileDurably(folder.path() + "/f", AsBytes("new"), 0600));
  EXPECT_EQ(ReadFile(victim, 100).value(), "mine");
}

TEST(WriteFileDurably, FailureKeepsTheOldFile) {
  const TempFolder folder;
  const std::string path = folder.File("f", "old");
  // Files of this process may not grow: stands in for a full disk.
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  struct rlimit tiny = before;
  tiny.rlim_cur = 4096;
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tiny), 0);
  const auto written = WriteFileDurably(path, AsBytes(std::string(10'000, 'n')), 0600);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, ErrorCode::kIo);
  EXPECT_EQ(ReadFile(path, 100).value(), "old");
  EXPECT_FALSE(std::filesystem::exists(path + ".tmp"));
}

TEST(WriteAll, ReportsAClosedPipe) {
  const auto old_handler = std::signal(SIGPIPE, SIG_IGN);
  int ends[2] = {-1, -1};
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  const UniqueFd writer(ends[1]);
  const auto written = WriteAll(writer.get(), AsBytes("x"), "the pipe");
  std::signal(SIGPIPE, old_handler);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "cannot write the pipe: Broken pipe");
}

TEST(MakeFolders, MakesParentsAndIsFineTwice) {
  const TempFolder folder;
  const std::string path = folder.path() + "/a/b/c";
  ASSERT_TRUE(MakeFolders(path, 0700));
  EXPECT_EQ(ModeOf(path), 0700u);
  EXPECT_TRUE(MakeFolders(path + "/", 0700));
  EXPECT_TRUE(SyncFolder(path));
  EXPECT_TRUE(MakeFolders("/", 0700));
}

TEST(MakeFolders, RefusesAFileInTheWay) {
  const TempFolder folder;
  const std::string file = folder.File("f", "");
  EXPECT_FALSE(MakeFolders(file, 0700));
  EXPECT_FALSE(MakeFolders(file + "/below", 0700));
  EXPECT_EQ(MakeFolders("", 0700).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(SyncFolder(folder.path() + "/none").error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace tapiary::base
