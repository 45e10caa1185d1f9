#include "server/vault/object_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "base/text.h"
#include "tests/base/temp_folder.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kMiB = 1u << 20;

std::string Content(std::size_t size) {
  std::string content(size, '\0');
  std::uint32_t value = 1;
  for (char& c : content) c = static_cast<char>((value = value * 1664525 + 1013904223) >> 24);
  return content;
}

base::UniqueFd NewFile(const std::string& path) {
  return base::UniqueFd(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
}

base::Result<> AppendAll(ObjectFile& file, std::string_view content, std::size_t step) {
  for (std::size_t at = 0; at < content.size(); at += step) {
    TAPIARY_TRY(file.Append(base::AsBytes(content.substr(at, step))));
  }
  return {};
}

// A folder on a disk, where the page cache can be gone past, and one in memory.
class ObjectFileTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (::access(GetParam(), W_OK) != 0) GTEST_SKIP() << GetParam();
    path_ = std::string(GetParam()) + "/tapiary-object-file-" + std::to_string(::getpid());
  }
  void TearDown() override { ::unlink(path_.c_str()); }
  std::string path_;
};

// Sizes at and around the pieces and the sectors.
TEST_P(ObjectFileTest, WritesEverySizeWhole) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{4096}, kMiB - 1, kMiB,
                                 kMiB + 1, 2 * kMiB + 4096, 3 * kMiB + 4097, 5 * kMiB - 3}) {
    const std::string content = Content(size);
    for (const std::size_t step : {std::size_t{131'072}, 3 * kMiB}) {
      ObjectFile file(NewFile(path_));
      ASSERT_TRUE(AppendAll(file, content, step));
      EXPECT_EQ(file.size(), size);
      ASSERT_TRUE(file.Flush());
      EXPECT_EQ(file.size(), size);
      EXPECT_TRUE(*base::ReadFile(path_, size + 1) == content) << size;
    }
  }
}

TEST_P(ObjectFileTest, GoesOnBehindAFlushWhereverThatWas) {
  const std::string content = Content(6 * kMiB + 77);
  ObjectFile file(NewFile(path_));
  for (std::size_t at = 0; at < content.size(); at += 777'777) {
    ASSERT_TRUE(file.Append(base::AsBytes(std::string_view(content).substr(at, 777'777))));
    if (at % 2 == 0) {
      ASSERT_TRUE(file.Flush());
      EXPECT_TRUE(*base::ReadFile(path_, content.size() + 1) == content.substr(0, at + 777'777));
    }
  }
  ASSERT_TRUE(file.Flush());
  EXPECT_TRUE(*base::ReadFile(path_, content.size() + 1) == content);
}

TEST_P(ObjectFileTest, LargeOnesGoPastThePageCache) {
  ObjectFile file(NewFile(path_));
  ASSERT_TRUE(AppendAll(file, Content(2 * kMiB), kMiB));
  const bool direct = (::fcntl(file.fd(), F_GETFL) & O_DIRECT) != 0;
  ASSERT_TRUE(file.Flush());
  EXPECT_EQ(::fcntl(file.fd(), F_GETFL) & O_DIRECT, 0);  // whoever reads need not align
  ObjectFile small(NewFile(path_));
  ASSERT_TRUE(AppendAll(small, Content(kMiB - 1), kMiB));
  EXPECT_EQ(::fcntl(small.fd(), F_GETFL) & O_DIRECT, 0);
  RecordProperty("direct", direct ? 1 : 0);
}

INSTANTIATE_TEST_SUITE_P(Folders, ObjectFileTest, testing::Values("/var/tmp", "/dev/shm"));

// A disk that is full half-way through: by the limit of a process's file size.
TEST(ObjectFile, CO11_TellsOfAPieceThatTheDiskDidNotTake) {
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{2 * kMiB + 100, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  base::TempFolder folder;
  {
    ObjectFile file(NewFile(folder.path() + "/f"));
    base::Result<> done = AppendAll(file, Content(5 * kMiB), 100'000);
    if (done) done = file.Flush();
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, base::ErrorCode::kUnavailable) << done.error().message;
  }
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
}

}  // namespace
}  // namespace tapiary::server
