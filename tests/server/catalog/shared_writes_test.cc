// Writes that share transactions, on both databases: each is as durable and as separate from the
// others as if it had one for itself.
#include <fmt/core.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <set>
#include <thread>

#include "server/catalog/catalog.h"
#include "tests/base/temp_folder.h"
#include "tests/support/catalog.h"

namespace tapiary::server {
namespace {

constexpr int kThreads = 8;

class SharedWrites : public testing::Test {
 protected:
  std::unique_ptr<Catalog> Open() {
    auto catalog = Catalog::Open(test::TestCatalog(folder_.path() + "/catalog.db"));
    EXPECT_TRUE(catalog) << catalog.error().message;
    return catalog ? std::move(*catalog) : nullptr;
  }
  // Two rows that belong together.
  static base::Result<> AddPair(SqlWriter& writer, const std::string& name) {
    const std::vector<SqlValue> values{name, std::int64_t{1}};
    TAPIARY_TRY(writer.Execute("INSERT INTO sensors (name, created_ns) VALUES (?, ?)", values));
    return AddAudit(writer, name, "added", "");
  }
  static std::set<std::string> Texts(const Catalog& catalog, const std::string& sql) {
    std::set<std::string> texts;
    const auto read = catalog.Query(sql, {}, [&](const SqlRow& row) {
      texts.emplace(row.Text(0));
      return true;
    });
    EXPECT_TRUE(read) << read.error().message;
    return texts;
  }
  using Shared = base::Result<> (Catalog::*)(const std::function<base::Result<>(SqlWriter&)>&);
  // Runs work(number) on kThreads threads while the only writer is held, so that all wait for it.
  template <class Work>
  static std::map<int, base::Result<>> Together(Catalog& catalog, const Work& work,
                                                Shared how = &Catalog::WriteShared) {
    std::map<int, base::Result<>> results;
    for (int i = 0; i < kThreads; ++i) results[i] = {};
    std::atomic<int> begun = 0;
    std::vector<std::jthread> threads;
    const auto held = catalog.Write([&](SqlWriter&) -> base::Result<> {
      for (int i = 0; i < kThreads; ++i) {
        threads.emplace_back([&, i] {
          ++begun;
          results[i] = (catalog.*how)([&](SqlWriter& writer) { return work(writer, i); });
        });
      }
      while (begun < kThreads) std::this_thread::yield();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      return {};
    });
    EXPECT_TRUE(held);
    threads.clear();
    return results;
  }
  base::TempFolder folder_;
};

TEST_F(SharedWrites, OneThatFailsTakesNothingElseAlong) {
  const auto catalog = Open();
  const auto results = Together(*catalog, [](SqlWriter& writer, int i) -> base::Result<> {
    TAPIARY_TRY(AddPair(writer, fmt::format("s{}", i)));
    if (i % 3 == 0) return base::MakeError(base::ErrorCode::kCorrupt, "bad item");
    if (i % 3 == 1) return AddPair(writer, fmt::format("s{}", i));  // its name is taken
    return {};
  });
  for (const auto& [i, result] : results) {
    if (i % 3 == 2) {
      EXPECT_TRUE(result) << i;
      continue;
    }
    ASSERT_FALSE(result) << i;
    EXPECT_EQ(result.error().code,
              i % 3 == 0 ? base::ErrorCode::kCorrupt : base::ErrorCode::kExists);
  }
  EXPECT_EQ(Texts(*catalog, "SELECT name FROM sensors"), (std::set<std::string>{"s2", "s5"}));
  EXPECT_EQ(Texts(*catalog, "SELECT actor FROM audit"), (std::set<std::string>{"s2", "s5"}));
}

TEST_F(SharedWrites, RepeatableOneThatFailsTakesNothingElseAlong) {
  const auto catalog = Open();
  const auto work = [](SqlWriter& writer, int i) -> base::Result<> {
    TAPIARY_TRY(AddPair(writer, fmt::format("s{}", i)));
    if (i % 4 == 0) return base::MakeError(base::ErrorCode::kCorrupt, "bad item");
    if (i % 4 == 1) return AddPair(writer, fmt::format("s{}", i));  // its name is taken
    return {};
  };
  const auto results = Together(*catalog, work, &Catalog::WriteRepeatable);
  for (const auto& [i, result] : results) EXPECT_EQ(result.has_value(), i % 4 > 1) << i;
  const std::set<std::string> good{"s2", "s3", "s6", "s7"};
  EXPECT_EQ(Texts(*catalog, "SELECT name FROM sensors"), good);
  EXPECT_EQ(Texts(*catalog, "SELECT actor FROM audit"), good);
}

// Work that must not be done twice is not, whatever shares its transaction.
TEST_F(SharedWrites, OnlyRepeatableWorkIsDoneTwice) {
  const auto catalog = Open();
  std::array<int, kThreads> runs{};
  std::atomic<int> mixed = 0;
  const auto work = [&](SqlWriter& writer, int i) -> base::Result<> {
    ++runs[static_cast<std::size_t>(i)];
    TAPIARY_TRY(AddPair(writer, fmt::format("s{}", i)));
    if (i % 4 == 3) return base::MakeError(base::ErrorCode::kCorrupt, "bad item");
    return {};
  };
  std::vector<std::jthread> threads;
  const auto held = catalog->Write([&](SqlWriter&) -> base::Result<> {
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] {
        const auto one = [&](SqlWriter& writer) { return work(writer, i); };
        ++mixed;
        const auto done = i % 2 == 0 ? catalog->WriteShared(one) : catalog->WriteRepeatable(one);
        EXPECT_EQ(done.has_value(), i % 4 != 3) << i;
      });
    }
    while (mixed < kThreads) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    return {};
  });
  EXPECT_TRUE(held);
  threads.clear();
  for (int i = 0; i < kThreads; i += 2) EXPECT_EQ(runs[static_cast<std::size_t>(i)], 1) << i;
  EXPECT_EQ(Texts(*catalog, "SELECT name FROM sensors"),
            (std::set<std::string>{"s0", "s1", "s2", "s4", "s5", "s6"}));
}

TEST_F(SharedWrites, AttemptsWithinThemAreTheirOwn) {
  const auto catalog = Open();
  const auto results = Together(*catalog, [](SqlWriter& writer, int i) -> base::Result<> {
    const std::string name = fmt::format("s{}", i);
    TAPIARY_TRY(AddPair(writer, name));
    const auto again = writer.Attempt([&] { return AddPair(writer, name); });
    return again ? base::MakeError(base::ErrorCode::kInternal, "added twice") : base::Result<>();
  });
  for (const auto& [i, result] : results) EXPECT_TRUE(result) << result.error().message;
  EXPECT_EQ(Texts(*catalog, "SELECT name FROM sensors").size(), std::size_t{kThreads});
}

// What others see is there; what fails is gone for them too.
TEST_F(SharedWrites, OneIsSeenByThoseAfterIt) {
  const auto catalog = Open();
  const auto results = Together(*catalog, [](SqlWriter& writer, int) {
    return writer.Attempt([&] { return AddPair(writer, "the same"); });
  });
  int stored = 0;
  for (const auto& [i, result] : results) stored += result ? 1 : 0;
  EXPECT_EQ(stored, 1);
}

// SQLite only: PostgreSQL groups by itself.
TEST_F(SharedWrites, SqliteDoesThoseThatWaitInOneTransaction) {
  if (test::OnPostgres()) GTEST_SKIP() << "PostgreSQL groups by itself";
  const auto catalog = Open();
  std::size_t fewest = kThreads;
  for (int round = 0; round < 20 && fewest == kThreads; ++round) {  // the scheduler has a say
    std::set<std::thread::id> seen;
    (void)Together(*catalog, [&](SqlWriter& writer, int i) {
      seen.insert(std::this_thread::get_id());  // one at a time
      return AddPair(writer, fmt::format("{}-{}", round, i));
    });
    fewest = std::min(fewest, seen.size());
  }
  EXPECT_LT(fewest, std::size_t{kThreads});
}

// The child writes the name of each pair that was acknowledged, until it is killed.
void WriteUntilKilled(Catalog& catalog, int out) {
  std::vector<std::jthread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&catalog, out, t] {
      for (int i = 0;; ++i) {
        const std::string name = fmt::format("{}-{}", t, i);
        const auto done = catalog.WriteShared([&](SqlWriter& writer) -> base::Result<> {
          const std::vector<SqlValue> values{name, std::int64_t{1}};
          TAPIARY_TRY(
              writer.Execute("INSERT INTO sensors (name, created_ns) VALUES (?, ?)", values));
          TAPIARY_TRY(AddAudit(writer, name, "added", ""));
          if (i % 5 == 4) return base::MakeError(base::ErrorCode::kCorrupt, "bad item");
          return {};
        });
        const std::string line = name + "\n";
        if (done && ::write(out, line.data(), line.size()) < 0) return;
      }
    });
  }
}

TEST_F(SharedWrites, CO15_KilledInTheMiddleEverythingAcknowledgedIsThere) {
  (void)Open();  // the tables are there
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::close(ends[0]);
    const auto catalog = Open();
    if (catalog) WriteUntilKilled(*catalog, ends[1]);
    ::_exit(1);
  }
  ::close(ends[1]);
  std::string told;
  char piece[4096];
  ssize_t count = 0;
  bool killed = false;
  while ((count = ::read(ends[0], piece, sizeof piece)) > 0) {
    told.append(piece, static_cast<std::size_t>(count));
    if (!killed && std::count(told.begin(), told.end(), '\n') > 200) {
      ::kill(child, SIGKILL);
      killed = true;
    }
  }
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  ASSERT_TRUE(killed) << "the child ended by itself";

  const auto catalog = Open();
  const auto halves = Texts(*catalog,
                            "SELECT COALESCE(s.name, a.actor) FROM sensors s FULL JOIN audit a "
                            "ON a.actor = s.name WHERE s.id IS NULL OR a.id IS NULL");
  EXPECT_TRUE(halves.empty()) << *halves.begin();
  const auto names = Texts(*catalog, "SELECT name FROM sensors");
  for (std::size_t at = 0; at < told.size();) {
    const std::size_t end = told.find('\n', at);
    ASSERT_NE(end, std::string::npos);
    EXPECT_TRUE(names.contains(told.substr(at, end - at))) << told.substr(at, end - at);
    at = end + 1;
  }
  for (const std::string& name : names)
    EXPECT_NE(std::stoi(name.substr(name.find('-') + 1)) % 5, 4);
}

}  // namespace
}  // namespace tapiary::server
