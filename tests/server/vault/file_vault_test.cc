#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>

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

TEST_F(FileVaultTest, NoSpaceIsUnavailableAndLeavesNothing) {
  auto object = vault_->Create("x");
  ASSERT_TRUE(object);
  std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const struct rlimit small { 4096, before.rlim_max };
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  ASSERT_TRUE((*object)->Append(base::AsBytes(std::string(8192, 'x'))));
  const auto stored = (*object)->Commit();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_FALSE(stored);
  EXPECT_EQ(stored.error().code, base::ErrorCode::kUnavailable);
  object->reset();
  EXPECT_EQ(Files(), 0);
}

}  // namespace
}  // namespace tapiary::server
