// That a write returns when it is on the disk, and what happens when the disk refuses: SQLite's own
// fdatasync is replaced by one that counts, and fails when it is told to.
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <string_view>
#include <thread>
#include <vector>

#include "server/catalog/sqlite_catalog.h"
#include "tests/base/temp_folder.h"

namespace {

std::atomic<int> syncs_of_log = 0;
std::atomic<bool> log_fails = false;

bool IsLog(int fd) {
  std::array<char, 512> name{};
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  const ssize_t size = ::readlink(link.c_str(), name.data(), name.size());
  return size > 0 &&
         std::string_view(name.data(), static_cast<std::size_t>(size)).ends_with("-wal");
}

}  // namespace

extern "C" int fdatasync(int fd) {
  if (IsLog(fd)) {
    ++syncs_of_log;
    if (log_fails) {
      errno = EIO;
      return -1;
    }
  }
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

namespace tapiary::server {
namespace {

class DurableWritesTest : public testing::Test {
 protected:
  ~DurableWritesTest() override { log_fails = false; }
  base::Result<> Add(const std::string& text, bool shared = true) {
    const auto work = [&text](SqlWriter& writer) { return AddAudit(writer, "t", "add", text); };
    return shared ? catalog_->WriteShared(work) : catalog_->Write(work);
  }
  std::int64_t Rows() {
    std::int64_t rows = -1;
    EXPECT_TRUE(catalog_->Query("SELECT COUNT(*) FROM audit", {}, [&rows](const SqlRow& row) {
      rows = row.Int(0);
      return true;
    }));
    return rows;
  }

  base::TempFolder folder_;
  std::unique_ptr<Catalog> catalog_ =
      std::move(*OpenSqliteCatalog({.path = folder_.path() + "/catalog.db", .readers = 2}));
};

TEST_F(DurableWritesTest, EachIsSyncedBeforeItReturns) {
  for (const bool shared : {true, false}) {
    const int before = syncs_of_log;
    ASSERT_TRUE(Add("x", shared));
    EXPECT_GT(syncs_of_log, before);
  }
}

TEST_F(DurableWritesTest, ManyAtOnceShareSyncs) {
  const int before = syncs_of_log;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([this] {
      for (int j = 0; j < 50; ++j) EXPECT_TRUE(Add("x"));
    });
  }
  threads.clear();
  EXPECT_EQ(Rows(), 400);
  EXPECT_GT(syncs_of_log, before);
  EXPECT_LE(syncs_of_log, before + 400);
}

// A repeated upload is told that it is stored only once that is so: it finds the row of the first,
// which is committed and not synced.
TEST_F(DurableWritesTest, ARefusingDiskIsToldToAllUntilTheFileHasIt) {
  ASSERT_TRUE(Add("before"));
  log_fails = true;
  const auto failed = Add("lost, or not");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, base::ErrorCode::kUnavailable) << failed.error().message;
  EXPECT_FALSE(Add("the log cannot be synced, so it cannot be copied either"));
  const auto looks = catalog_->WriteShared([](SqlWriter& writer) {
    return writer.Query("SELECT 1 FROM audit WHERE detail = 'lost, or not'", {}, {});
  });
  EXPECT_FALSE(looks);
  log_fails = false;
  EXPECT_TRUE(Add("after"));
  EXPECT_EQ(Rows(), 3);
}

}  // namespace
}  // namespace tapiary::server
