// What every vault does, on files and on a real S3 server.
#include <gtest/gtest.h>

#include <atomic>
#include <ostream>
#include <thread>
#include <vector>

#include "tests/server/vault/vault_fixture.h"

namespace tapiary::server {
namespace {

enum class Kind { kFiles, kBucket };
void PrintTo(Kind kind, std::ostream* out) {
  *out << (kind == Kind::kFiles ? "files" : "bucket");
}

class VaultTest : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (GetParam() == Kind::kBucket && S3Settings().empty()) {
      GTEST_SKIP() << "TAPIARY_TEST_S3 names no S3 server's settings";
    }
    if (GetParam() == Kind::kBucket) options_ = TestS3Options(folder_.path() + "/scratch");
    vault_ = Open(kTestTag);
    ASSERT_TRUE(vault_);
  }
  std::unique_ptr<Vault> Open(const std::string& tag) {
    options_.tag = tag;
    auto vault = GetParam() == Kind::kFiles ? OpenFileVault(folder_.path() + "/vault", tag)
                                            : OpenS3Vault(options_);
    EXPECT_TRUE(vault) << vault.error().message;
    return vault ? std::move(*vault) : nullptr;
  }

  base::TempFolder folder_;
  S3Options options_;
  std::unique_ptr<Vault> vault_;
};

TEST_P(VaultTest, StoresReadsRangesAndDeletes) {
  const std::string name = StoreIn(*vault_, "plant-a", "0123456789");
  EXPECT_EQ(*vault_->Size(name), 10u);
  EXPECT_EQ(*vault_->ReadRange(name, 0, 10), "0123456789");
  EXPECT_EQ(*vault_->ReadRange(name, 3, 4), "3456");
  EXPECT_EQ(*vault_->ReadRange(name, 9, 1), "9");
  EXPECT_EQ(*vault_->ReadRange(name, 4, 0), "");
  for (const auto& [offset, size] :
       {std::pair<std::uint64_t, std::size_t>{8, 3}, {10, 1}, {99, 5}}) {
    const auto read = vault_->ReadRange(name, offset, size);
    ASSERT_FALSE(read) << offset;
    EXPECT_EQ(read.error().code, base::ErrorCode::kCorrupt) << read.error().message;
  }
  EXPECT_EQ(vault_->ReadRange(name, 0, 2u << 30).error().code, base::ErrorCode::kTooLarge);
  EXPECT_TRUE(vault_->Delete(name));
  EXPECT_TRUE(vault_->Delete(name));
  EXPECT_EQ(vault_->Size(name).error().code, base::ErrorCode::kNotFound);
  EXPECT_EQ(vault_->ReadRange(name, 0, 1).error().code, base::ErrorCode::kNotFound);
  EXPECT_EQ(vault_->ReadRange(name, 0, 0).error().code, base::ErrorCode::kNotFound);
}

TEST_P(VaultTest, TakesAnEmptyObject) {
  const std::string name = StoreIn(*vault_, "empty", "");
  EXPECT_EQ(*vault_->Size(name), 0u);
  EXPECT_EQ(vault_->ReadRange(name, 0, 1).error().code, base::ErrorCode::kCorrupt);
}

TEST_P(VaultTest, CO15_NothingVisibleBeforeCommitAndNothingLeftWithout) {
  {
    auto object = vault_->Create("x");
    ASSERT_TRUE(object);
    ASSERT_TRUE((*object)->Append(base::AsBytes("ha")));
    ASSERT_TRUE((*object)->Append(base::AsBytes("lf")));
    EXPECT_EQ((*object)->size(), 4u);
    EXPECT_EQ(*(*object)->ReadRange(1, 2), "al");
    EXPECT_EQ((*object)->ReadRange(3, 2).error().code, base::ErrorCode::kCorrupt);
    EXPECT_TRUE(ObjectsOf(*vault_).empty());
  }
  EXPECT_TRUE(ObjectsOf(*vault_).empty());
  EXPECT_EQ(*vault_->RemoveLeftovers(0), 0u);
}

// Sizes at and around the parts of a multipart upload.
TEST_P(VaultTest, CO15_LargeObjectsComeBackAsTheyWent) {
  for (const std::size_t size :
       {kTestPart - 1, kTestPart, kTestPart + 1, 2 * kTestPart, 3 * kTestPart + 12345}) {
    const std::string content = Pattern(size);
    auto object = vault_->Create("big");
    ASSERT_TRUE(object);
    for (std::size_t at = 0; at < size; at += 700'001) {
      ASSERT_TRUE((*object)->Append(base::AsBytes(std::string_view(content).substr(at, 700'001))));
    }
    EXPECT_TRUE(ObjectsOf(*vault_).empty());
    const auto name = (*object)->Commit();
    ASSERT_TRUE(name) << name.error().message;
    EXPECT_EQ(*vault_->Size(*name), size);
    EXPECT_TRUE(*vault_->ReadRange(*name, 0, size) == content);
    const std::uint64_t middle = std::min<std::uint64_t>(kTestPart - 10, size - 20);
    EXPECT_EQ(*vault_->ReadRange(*name, middle, 20), content.substr(middle, 20));
    EXPECT_TRUE(vault_->Delete(*name));
  }
  EXPECT_EQ(*vault_->RemoveLeftovers(0), 0u);
}

TEST_P(VaultTest, CO06_NamesAreMadeHereWhateverTheHint) {
  const std::string wild[] = {"../../etc/passwd",
                              "/abs",
                              std::string("n\0l", 3),
                              "%2e%2e",
                              std::string(300, 'a'),
                              "cr\r\nlf",
                              "\xff\xfe",
                              ""};
  for (const std::string& hint : wild) {
    const std::string name = StoreIn(*vault_, hint, "x");
    EXPECT_TRUE(IsObjectName(name)) << name;
    EXPECT_TRUE(HasTag(name, kTestTag)) << name;
    EXPECT_EQ(*vault_->ReadRange(name, 0, 1), "x");
  }
  EXPECT_EQ(ObjectsOf(*vault_).size(), std::size(wild));
}

TEST_P(VaultTest, CO06_OtherNamesAreInvalid) {
  const std::string good = StoreIn(*vault_, "x", "y");
  std::string other = good;
  other[0] = other[0] == 'a' ? 'b' : 'a';  // the folder must be that of the digits
  for (const std::string& name :
       {std::string(), std::string("../x"), std::string("/etc/passwd"), std::string("tmp/lock"),
        std::string("probe"), good + "/x", good + "/../", good.substr(0, 20), good + ".",
        good + "?uploads", other}) {
    EXPECT_EQ(vault_->Size(name).error().code, base::ErrorCode::kInvalid) << name;
    EXPECT_EQ(vault_->Delete(name).error().code, base::ErrorCode::kInvalid) << name;
    EXPECT_EQ(vault_->ReadRange(name, 0, 1).error().code, base::ErrorCode::kInvalid) << name;
  }
  EXPECT_EQ(*vault_->Size(good), 1u);
}

TEST_P(VaultTest, ListsWhatIsThereWithAgeAndSize) {
  std::map<std::string, std::size_t> stored;
  for (std::size_t size = 1; size <= 12; ++size) {
    stored[StoreIn(*vault_, "n" + std::to_string(size), std::string(size, 'x'))] = size;
  }
  EXPECT_TRUE(vault_->Check());  // leaves nothing that is listed
  const auto listed = ObjectsOf(*vault_);
  ASSERT_EQ(listed.size(), stored.size());
  for (const auto& [name, size] : stored) {
    const auto found = listed.find(name);
    ASSERT_NE(found, listed.end());
    EXPECT_EQ(found->second.bytes, size);
    EXPECT_GT(found->second.age_ns, -2'000'000'000);
    EXPECT_LT(found->second.age_ns, 60'000'000'000);
  }
  int seen = 0;
  EXPECT_TRUE(vault_->ForEach([&seen](const ObjectInfo&) { return ++seen < 3; }));
  EXPECT_EQ(seen, 3);
}

TEST_P(VaultTest, ManyThreadsWriteReadAndDelete) {
  constexpr int kThreads = 8;
  std::vector<std::thread> threads;
  std::atomic<int> good{0};
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 8; ++i) {
        const std::string content = Pattern(1000 + static_cast<std::size_t>(t * 977 + i),
                                            static_cast<std::uint32_t>(t * 100 + i));
        const std::string name = StoreIn(*vault_, "t" + std::to_string(t), content);
        const auto read = vault_->ReadRange(name, 0, content.size());
        const bool deleted = i % 2 == 0 || vault_->Delete(name).has_value();
        if (read && *read == content && deleted) ++good;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(good, kThreads * 8);
  EXPECT_EQ(ObjectsOf(*vault_).size(), kThreads * 4u);
}

TEST_P(VaultTest, TwoVaultsOnOneStoreSeeEachOthersObjects) {
  const auto second = Open("");
  const std::string name = StoreIn(*second, "b", "from b");
  EXPECT_EQ(*vault_->ReadRange(name, 5, 1), "b");
  EXPECT_FALSE(HasTag(name, kTestTag));
  EXPECT_TRUE(vault_->Delete(name));
  EXPECT_EQ(second->Size(name).error().code, base::ErrorCode::kNotFound);
}

INSTANTIATE_TEST_SUITE_P(Files, VaultTest, testing::Values(Kind::kFiles));
INSTANTIATE_TEST_SUITE_P(S3, VaultTest, testing::Values(Kind::kBucket));

}  // namespace
}  // namespace tapiary::server
