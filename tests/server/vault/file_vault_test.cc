#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/text.h"
#include "server/vault/vault.h"
#include "tests/base/temp_folder.h"

namespace tapiary::server {
namespace {

class FileVaultTest : public testing::Test {
 protected:
  void SetUp() override { Open(); }
  void Open() {
    vault_.reset();
    auto vault = OpenFileVault(path_);
    ASSERT_TRUE(vault) << vault.error().message;
    vault_ = std::move(*vault);
  }
  // Everything below the folder but the lock.
  [[nodiscard]] int Files() const {
    int files = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(path_)) {
      files += entry.is_regular_file() && entry.path().filename() != "lock" ? 1 : 0;
    }
    return files;
  }
  std::string Store(std::string_view hint, std::string_view content) {
    auto object = vault_->Create(hint);
    EXPECT_TRUE(object);
    EXPECT_TRUE((*object)->Append(base::AsBytes(content)));
    const auto name = (*object)->Commit();
    EXPECT_TRUE(name);
    return name ? *name : "";
  }
  base::TempFolder folder_;
  std::string path_ = folder_.path() + "/deep/vault";
  std::unique_ptr<Vault> vault_;
};

TEST_F(FileVaultTest, StoresReadsAndDeletes) {
  const std::string name = Store("plant-a", "0123456789");
  EXPECT_EQ(*vault_->Size(name), 10u);
  EXPECT_EQ(*vault_->ReadRange(name, 3, 4), "3456");
  EXPECT_EQ(vault_->ReadRange(name, 8, 3).error().code, base::ErrorCode::kCorrupt);
  EXPECT_TRUE(vault_->Delete(name));
  EXPECT_TRUE(vault_->Delete(name));
  EXPECT_EQ(vault_->Size(name).error().code, base::ErrorCode::kNotFound);
  EXPECT_EQ(Files(), 0);
}

// How many of the file's pages are in memory.
std::size_t PagesInMemory(const std::string& path, std::size_t size) {
  const base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  void* const map = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd.get(), 0);
  EXPECT_NE(map, MAP_FAILED);
  std::vector<unsigned char> pages((size + 4095) / 4096);
  EXPECT_EQ(::mincore(map, size, pages.data()), 0);
  ::munmap(map, size);
  return static_cast<std::size_t>(
      std::ranges::count_if(pages, [](unsigned char page) { return (page & 1) != 0; }));
}

TEST_F(FileVaultTest, WhatWillBeReadIsFetchedMeanwhile) {
  constexpr std::size_t kSize = 8u << 20;
  constexpr std::size_t kRange = 512u << 10;
  const std::string name = Store("plant-a", std::string(kSize, 'x'));
  const std::string path = path_ + "/" + name;
  const base::UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_EQ(::posix_fadvise(fd.get(), 0, 0, POSIX_FADV_DONTNEED), 0);
  const std::size_t before = PagesInMemory(path, kSize);
  if (before > 0) GTEST_SKIP() << "a file system that keeps files in memory";
  vault_->WillRead(name, 1u << 20, kRange);
  for (int i = 0; i < 500 && PagesInMemory(path, kSize) < kRange / 4096; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_GE(PagesInMemory(path, kSize), kRange / 4096);
  EXPECT_LT(PagesInMemory(path, kSize), kSize / 4096);
  vault_->WillRead(name, 2 * kSize, kRange);
  vault_->WillRead("ab/" + std::string(32, 'a'), 0, kRange);
  vault_->WillRead("../../etc/passwd", 0, kRange);
}

TEST_F(FileVaultTest, CO15_NothingVisibleBeforeCommitAndNothingLeftWithout) {
  {
    auto object = vault_->Create("x");
    ASSERT_TRUE((*object)->Append(base::AsBytes("half")));
    EXPECT_EQ((*object)->size(), 4u);
    EXPECT_EQ(*(*object)->ReadRange(1, 2), "al");
    EXPECT_EQ(Files(), 1);  // the temporary one
  }
  EXPECT_EQ(Files(), 0);
}

TEST_F(FileVaultTest, CO15_LeftoversGoAtTheNextStartButNotWhileAnotherWrites) {
  auto object = vault_->Create("x");
  ASSERT_TRUE((*object)->Append(base::AsBytes("half")));
  {
    const auto second = OpenFileVault(path_);
    ASSERT_TRUE(second);
    EXPECT_EQ(Files(), 1);
  }
  // Killed: nobody holds the lock any more, and the object never came to its end.
  Open();
  EXPECT_EQ(Files(), 0);
}

TEST_F(FileVaultTest, CO06_NamesAreMadeHereWhateverTheHint) {
  const std::string wild[] = {
      "../../etc/passwd",    "/abs",     "a\\b", std::string("n\0l", 3), "%2e%2e",
      std::string(300, 'a'), "cr\r\nlf", ""};
  for (const std::string& hint : wild) {
    const std::string name = Store(hint, "x");
    EXPECT_TRUE(vault_->Size(name)) << name;
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-/"), std::string::npos)
        << name;
    EXPECT_LT(name.size(), 80u);
  }
  EXPECT_EQ(Files(), 8);
}

TEST_F(FileVaultTest, CO06_OtherNamesAreInvalid) {
  const std::string good = Store("x", "y");
  std::string wild[] = {"",          "../x",        "/etc/passwd", "tmp/lock",
                        good + "/x", good + "/../", "..",          good.substr(0, 20),
                        good + "."};
  for (const std::string& name : wild) {
    EXPECT_EQ(vault_->Size(name).error().code, base::ErrorCode::kInvalid) << name;
    EXPECT_EQ(vault_->Delete(name).error().code, base::ErrorCode::kInvalid) << name;
    EXPECT_EQ(vault_->ReadRange(name, 0, 1).error().code, base::ErrorCode::kInvalid) << name;
  }
  std::string other = good;
  other[0] = other[0] == 'a' ? 'b' : 'a';  // the folder must be that of the digits
  EXPECT_EQ(vault_->Size(other).error().code, base::ErrorCode::kInvalid);
}

TEST_F(FileVaultTest, FilesAreForTheOwnerOnly) {
  const std::string name = Store("x", "y");
  struct stat status {};
  ASSERT_EQ(::stat((path_ + "/" + name).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

// Folders are made at the start; one that is missing does not cost the object.
TEST_F(FileVaultTest, AFolderThatIsGoneIsMadeAgain) {
  int removed = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path_)) {
    if (entry.path().filename() != "tmp") removed += std::filesystem::remove(entry.path()) ? 1 : 0;
  }
  EXPECT_EQ(removed, 256);
  const std::string name = Store("x", "y");
  EXPECT_EQ(*vault_->ReadRange(name, 0, 1), "y");
}

TEST_F(FileVaultTest, NoSpaceIsUnavailableAndLeavesNothing) {
  auto object = vault_->Create("x");
  ASSERT_TRUE(object);
  std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const struct rlimit small { 4096, before.rlim_max };
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto taken = (*object)->Append(base::AsBytes(std::string(8192, 'x')));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code, base::ErrorCode::kUnavailable);
  object->reset();
  EXPECT_EQ(Files(), 0);
}

}  // namespace
}  // namespace tapiary::server
