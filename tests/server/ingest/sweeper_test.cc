#include "server/ingest/sweeper.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <vector>

#include "server/vault/object_name.h"
#include "tests/base/temp_folder.h"

namespace tapiary::server {
namespace {

class SweeperTest : public testing::Test {
 protected:
  void SetUp() override {
    catalog_ = std::move(*Catalog::Open({.path = folder_.path() + "/catalog.db"}));
    tag_ = *CatalogTag(*catalog_);
    vault_ = std::move(*OpenFileVault(folder_.path() + "/vault", tag_));
    ASSERT_TRUE(catalog_->Write([](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(writer.Execute(
          "INSERT INTO sensors (id, name, created_ns) VALUES (1, 'plant-a', 1)", {}));
      TAPIARY_TRY(writer.Execute(
          "INSERT INTO items (id, sensor_id, kind, epoch, seq, digest, bytes, received_ns) "
          "VALUES (1, 1, 'segments', 1, 1, x'00', 1, 1)",
          {}));
      return {};
    }));
  }
  std::string Store(Vault& vault) {
    auto object = vault.Create("plant-a");
    EXPECT_TRUE((*object)->Append({&kByte, 1}));
    return *(*object)->Commit();
  }
  void AddRow(const std::string& object) {
    const std::vector<SqlValue> values{++rows_, object};
    ASSERT_TRUE(catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(writer.Execute(
          "INSERT INTO segments (item_id, sensor_id, epoch, stream, first_block, block_count, "
          "interface, first_ns, last_ns, packets, bytes, object) "
          "VALUES (1, 1, 1, 0, ?, 1, 'eth0', 1, 1, 1, 1, ?)",
          values));
      return {};
    }));
  }
  base::Result<SweepReport> Sweep(std::int64_t age_ns = 0) {
    return SweepOrphans(*catalog_, *vault_, tag_, age_ns, stop_);
  }

  static constexpr std::uint8_t kByte = 1;
  base::TempFolder folder_;
  std::string tag_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Vault> vault_;
  std::int64_t rows_ = 0;
  std::atomic<bool> stop_{false};
};

TEST_F(SweeperTest, TheTagStaysAndIsOneForEveryCollector) {
  EXPECT_EQ(tag_.size(), kTagHex);
  EXPECT_EQ(*CatalogTag(*catalog_), tag_);
  const auto other = std::move(*Catalog::Open({.path = folder_.path() + "/catalog.db"}));
  EXPECT_EQ(*CatalogTag(*other), tag_);
  const auto stranger = std::move(*Catalog::Open({.path = folder_.path() + "/other.db"}));
  EXPECT_NE(*CatalogTag(*stranger), tag_);
}

TEST_F(SweeperTest, OldObjectsWithoutARowGo) {
  std::vector<std::string> known;
  for (int i = 0; i < 30; ++i) {
    known.push_back(Store(*vault_));
    AddRow(known.back());
  }
  const std::string orphan = Store(*vault_);
  EXPECT_EQ(Sweep(60'000'000'000)->orphans, 0u);  // too young
  const auto report = Sweep();
  ASSERT_TRUE(report) << report.error().message;
  EXPECT_EQ(report->objects, 31u);
  EXPECT_EQ(report->orphans, 1u);
  EXPECT_EQ(vault_->Size(orphan).error().code, base::ErrorCode::kNotFound);
  for (const std::string& name : known) EXPECT_TRUE(vault_->Size(name));
  EXPECT_EQ(Sweep()->orphans, 0u);
}

TEST_F(SweeperTest, ObjectsOfOthersStay) {
  const auto other = std::move(*OpenFileVault(folder_.path() + "/vault", "00000000"));
  const auto older = std::move(*OpenFileVault(folder_.path() + "/vault"));  // of no tag
  const std::string a = Store(*other);
  const std::string b = Store(*older);
  EXPECT_EQ(Sweep()->objects, 0u);
  EXPECT_TRUE(vault_->Size(a));
  EXPECT_TRUE(vault_->Size(b));
}

TEST_F(SweeperTest, UnfinishedWritesGoByAge) {
  auto pending = vault_->Create("plant-a");
  ASSERT_TRUE((*pending)->Append({&kByte, 1}));
  EXPECT_EQ(Sweep(60'000'000'000)->leftovers, 0u);
  EXPECT_TRUE((*pending)->Commit());
}

// A catalog restored from an old backup knows little of what is there.
TEST_F(SweeperTest, ManyUnknownObjectsAreNotTheTraceOfACrash) {
  for (int i = 0; i < 1001; ++i) Store(*vault_);
  const auto report = Sweep();
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().code, base::ErrorCode::kConflict);
  int left = 0;
  EXPECT_TRUE(vault_->ForEach([&left](const ObjectInfo&) { return ++left > 0; }));
  EXPECT_EQ(left, 1001);
}

TEST_F(SweeperTest, StopsAtOnceAndRemovesNothing) {
  const std::string orphan = Store(*vault_);
  stop_ = true;
  EXPECT_FALSE(Sweep());
  EXPECT_TRUE(vault_->Size(orphan));
}

TEST_F(SweeperTest, RunsByItself) {
  const std::string orphan = Store(*vault_);
  const Sweeper sweeper(*catalog_, *vault_, tag_, 0);
  for (int i = 0; i < 100 && vault_->Size(orphan); ++i) ::usleep(50'000);
  EXPECT_FALSE(vault_->Size(orphan));
}

}  // namespace
}  // namespace tapiary::server
