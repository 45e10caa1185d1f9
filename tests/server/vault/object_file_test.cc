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

class ObjectFileTest : public testing::Test {
 protected:
  base::TempFolder folder_;
  const std::string path_ = folder_.path() + "/f";
};

// Sizes at and around where the disk is told to begin and to keep.
TEST_F(ObjectFileTest, WritesEverySizeWhole) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, kMiB / 4 - 1, kMiB / 4, kMiB + 1,
                                 4 * kMiB, 4 * kMiB + 1, 13 * kMiB - 3}) {
    const std::string content = Content(size);
    for (const std::size_t step : {std::size_t{131'072}, 3 * kMiB}) {
      ObjectFile file(NewFile(path_));
      ASSERT_TRUE(AppendAll(file, content, step));
      EXPECT_EQ(file.size(), size);
      EXPECT_TRUE(*base::ReadFile(path_, size + 1) == content) << size;
      EXPECT_TRUE(file.Sync());
    }
  }
}

// What takes all bytes and keeps none: writing them back fails, which is told only once.
TEST(ObjectFile, CO15_TellsOfADiskThatDidNotKeepWhatItTook) {
  const std::string content = Content(kMiB);
  ObjectFile small(base::UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)));
  ASSERT_TRUE(AppendAll(small, content, kMiB));
  EXPECT_EQ(small.Sync().error().code, base::ErrorCode::kUnavailable);

  ObjectFile large(base::UniqueFd(::open("/dev/null", O_RDWR | O_CLOEXEC)));
  base::Result<> done;
  int begun = 0;
  for (; begun < 10'000 && done; ++begun) done = AppendAll(large, content, kMiB);
  ASSERT_FALSE(done);  // before the end, by the sync beside
  EXPECT_GE(begun, 8);
  EXPECT_EQ(done.error().code, base::ErrorCode::kUnavailable) << done.error().message;
}

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
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, base::ErrorCode::kUnavailable) << done.error().message;
  }
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
}

}  // namespace
}  // namespace tapiary::server
