#include "server/audit/access_log.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/clock.h"
#include "tests/server/audit/fixture.h"

namespace tapiary::server::test {
namespace {

using Texts = std::vector<std::string>;

constexpr std::int64_t kSecond = base::kNanosPerSecond;

TEST_F(AuditTest, APollOfThePageIsOneRowInTenMinutes) {
  AccessLog log(*catalog_, {});
  const std::int64_t start_ns = base::WallNow() - 300 * kSecond;
  for (int i = 0; i < 240; ++i) {  // each 5 s, for 20 minutes
    log.Note(Search("/api/v1/flows?last=1h", start_ns + i * 5 * kSecond));
    if (i % 12 == 11) {
      ASSERT_TRUE(log.Flush());
    }
  }
  log.Note(Search("/api/v1/flows?last=1h", start_ns, "bob"));
  ASSERT_TRUE(log.Flush());
  EXPECT_EQ(Rows(), Texts({"ann search /api/v1/flows?last=1h 200 1200 x120 ",
                           "ann search /api/v1/flows?last=1h 200 1200 x120 ",
                           "bob search /api/v1/flows?last=1h 200 10 x1 "}));
}

TEST_F(AuditTest, WhatIsWrittenInTheBackgroundIsThereSoonAndAtTheEnd) {
  {
    AccessLog log(*catalog_, {});
    log.Note(Search("first"));
    for (int i = 0; i < 100 && Rows().empty(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    EXPECT_EQ(Rows().size(), 1U);
    log.Note(Search("second"));
    log.Note(Search("first"));
  }
  EXPECT_EQ(Rows(), Texts({"ann search first 200 20 x2 ", "ann search second 200 10 x1 "}));
}

TEST_F(AuditTest, AProgramThatAsksALotFillsNothing) {
  AccessLog log(*catalog_, {.rows_per_minute = 5});
  const std::int64_t minute_ns = base::WallNow() / (60 * kSecond) * (60 * kSecond);
  for (int i = 0; i < 1000; ++i) log.Note(Search(fmt::format("query {}", i), minute_ns + i));
  log.Note(Search("query", minute_ns, "bob"));
  ASSERT_TRUE(log.Flush());
  const Texts rows = Rows();
  ASSERT_EQ(rows.size(), 7U);  // 5, the sum, and bob's
  EXPECT_EQ(std::count(rows.begin(), rows.end(),
                       "ann search more than 5 a minute; not kept one by one 200 9950 x995 "),
            1);
}

TEST_F(AuditTest, MemoryIsBoundedAndWhatFindsNoPlaceIsTold) {
  AccessLog log(*catalog_, {.rows_per_minute = 1000, .entries = 10});
  const std::int64_t now_ns = base::WallNow();
  // So quick that nothing is written meanwhile: the thread wakes each second. Should it wake just
  // here, fewer are lost, and the sum stays.
  for (int i = 0; i < 50; ++i) log.Note(Search(fmt::format("query {}", i), now_ns));
  ASSERT_TRUE(log.Flush());
  std::int64_t lost = 0;
  Texts rows = Rows();
  ASSERT_FALSE(rows.empty());
  for (const std::string& row : rows) {
    if (row.find("audit-gap") == row.npos) continue;
    lost += std::stoll(row.substr(row.find("gap ") + 4));
    EXPECT_NE(row.find("searches are not in the audit"), row.npos) << row;
  }
  EXPECT_GT(lost, 0);
  EXPECT_EQ(std::count_if(rows.begin(), rows.end(),
                          [](const auto& row) { return row.starts_with("ann"); }) +
                lost,
            50);
}

TEST_F(AuditTest, ADownloadsRowIsThereBeforeItsFirstByteAndGetsItsEnd) {
  AccessLog log(*catalog_, {});
  Access access = Search("/api/v1/pcap?filter=arp");
  access.action = "download";
  access.bytes = 0;
  const auto first = log.Begin(access);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(Rows(), Texts({"ann download /api/v1/pcap?filter=arp 200 0 x1 "}));
  const auto second = log.Begin(access);
  ASSERT_TRUE(second);
  EXPECT_NE(*first, *second);
  log.End(*first, 12345, "whole");
  ASSERT_TRUE(log.Flush());
  EXPECT_EQ(Rows(), Texts({"ann download /api/v1/pcap?filter=arp 200 12345 x1 whole",
                           "ann download /api/v1/pcap?filter=arp 200 0 x1 "}));
}

TEST_F(AuditTest, HostileTextIsCutAndEscaped) {
  AccessLog log(*catalog_, {});
  log.Note(Search("\x1b[31m" + std::string(20'000, 'x')));
  log.Note(Search(std::string("nul\0here", 8) + "\xff"));
  ASSERT_TRUE(log.Flush());
  const Texts rows = Rows();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_LT(rows[0].size() + rows[1].size(), 4300U);
  for (const std::string& row : rows) {
    EXPECT_EQ(row.find_first_of(std::string("\x1b\0", 2)), row.npos);
  }
}

}  // namespace
}  // namespace tapiary::server::test
