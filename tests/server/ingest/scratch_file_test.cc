#include "server/ingest/scratch_file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/text.h"
#include "tests/base/temp_folder.h"

namespace tapiary::server {
namespace {

TEST(ScratchFile, CanBeReadByPathAndHasNoName) {
  const base::TempFolder folder;
  auto file = ScratchFile::Make(folder.path());
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->Append(base::AsBytes("hello")));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  EXPECT_EQ(*base::ReadFile(file->path(), 100), "hello");
}

TEST(ScratchFile, SmallOnesNeedNoFolder) {
  for (const std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{5}, std::uint64_t{1} << 20}) {
    auto file = ScratchFile::Make("/nonexistent/tapiary", bytes);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->Append(base::AsBytes("hel")));
    ASSERT_TRUE(file->Append(base::AsBytes("lo")));
    EXPECT_EQ(*base::ReadFile(file->path(), 100), "hello");
  }
  EXPECT_FALSE(ScratchFile::Make("/nonexistent/tapiary", (std::uint64_t{1} << 20) + 1));
}

TEST(ScratchFile, MissingFolderIsUnavailable) {
  const auto file = ScratchFile::Make("/nonexistent/tapiary");
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().code, base::ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace tapiary::server
