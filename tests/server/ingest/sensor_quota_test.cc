#include "server/ingest/sensor_quota.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

namespace tapiary::server {
namespace {

constexpr std::int64_t kSecond = base::kNanosPerSecond;

class SensorQuotaTest : public testing::Test {
 protected:
  SensorQuota Make(SensorLimits limits) {
    return SensorQuota(limits, [this] { return now_ns_; });
  }
  static Request From(std::int64_t sensor, std::optional<std::uint64_t> bytes) {
    Request request;
    request.identity.scope = Scope::kSensor;
    request.identity.sensor_id = sensor;
    request.content_length = bytes;
    return request;
  }
  // Seconds of Retry-After; 0 when admitted, -1 when refused without it.
  static int RetryAfter(const Pass& pass) {
    if (!pass.refusal) return 0;
    EXPECT_EQ(pass.refusal->status, 429);
    EXPECT_EQ(pass.refusal->content_type, "application/problem+json");
    for (const auto& [name, value] : pass.refusal->headers) {
      if (name == "Retry-After") return std::stoi(value);
    }
    return -1;
  }

  std::int64_t now_ns_ = 1000 * kSecond;
};

TEST_F(SensorQuotaTest, WithoutLimitsEverythingPasses) {
  SensorQuota quota = Make({});
  std::vector<Pass> held;
  for (int i = 0; i < 1000; ++i) {
    held.push_back(quota.Admit(From(1, 1ull << 40)));
    EXPECT_FALSE(held.back().refusal);
  }
}

TEST_F(SensorQuotaTest, TheLimitThatRefusesIsNamed) {
  const auto refused_by = [&](const SensorLimits& limits) {
    SensorQuota quota = Make(limits);
    std::vector<Pass> held;
    for (int i = 0; i < 50; ++i) {
      std::string_view limit;
      held.push_back(quota.Admit(From(1, 1000), &limit));
      if (!held.back().refusal) continue;
      EXPECT_NE(held.back().refusal->body.find(limit), std::string::npos);
      return std::string(limit);
    }
    return std::string();
  };
  EXPECT_EQ(refused_by({.bytes_per_s = 1000}), "limits.sensor.bytes");
  EXPECT_EQ(refused_by({.items_per_s = 1}), "limits.sensor.items");
  EXPECT_EQ(refused_by({.lasting_rows_per_day = 10}), "limits.sensor.lasting_rows");
  EXPECT_EQ(refused_by({.uploads = 1}), "limits.sensor.uploads");
}

TEST_F(SensorQuotaTest, HP04_BytesAreLimitedAndRetryAfterIsWhenItPasses) {
  SensorQuota quota = Make({.bytes_per_s = 1000});
  // A burst of 10 s and the one that crosses it.
  for (int i = 0; i < 11; ++i) EXPECT_EQ(RetryAfter(quota.Admit(From(1, 1000))), 0) << i;
  EXPECT_EQ(RetryAfter(quota.Admit(From(1, 1))), 1);
  EXPECT_EQ(RetryAfter(quota.Admit(From(2, 1))), 0);  // another's quota is untouched
  now_ns_ += kSecond;
  EXPECT_EQ(RetryAfter(quota.Admit(From(1, 60'000))), 0);  // larger than a burst: passes, is owed
  EXPECT_EQ(RetryAfter(quota.Admit(From(1, 0))), 60);
  now_ns_ += 59 * kSecond;
  EXPECT_EQ(RetryAfter(quota.Admit(From(1, 0))), 1);
  now_ns_ += kSecond;
  EXPECT_EQ(RetryAfter(quota.Admit(From(1, 0))), 0);
}

TEST_F(SensorQuotaTest, HP04_WhatWasNotAnnouncedIsPaidAsItComes) {
  SensorQuota quota = Make({.bytes_per_s = 1000});
  EXPECT_EQ(RetryAfter(quota.Admit(From(1, std::nullopt))), 0);
  quota.Charge(1, 15'000);
  EXPECT_EQ(RetryAfter(quota.Admit(From(1, std::nullopt))), 5);
}

TEST_F(SensorQuotaTest, HP04_ItemsAreLimited) {
  SensorQuota quota = Make({.items_per_s = 10});
  int passed = 0;
  while (RetryAfter(quota.Admit(From(1, 1))) == 0) ++passed;
  EXPECT_EQ(passed, 101);
  now_ns_ += 10 * kSecond;
  while (RetryAfter(quota.Admit(From(1, 1))) == 0) ++passed;
  EXPECT_NEAR(passed, 201, 1);
}

TEST_F(SensorQuotaTest, HP04_RowsThatStayAreLimitedByTheDay) {
  SensorQuota quota = Make({.lasting_rows_per_day = 24 * 3600});  // one a second
  EXPECT_EQ(RetryAfter(quota.Admit(From(1, 0))), 0);
  quota.ChargeLastingRows(1, 24 * 3600 - 1);
  EXPECT_EQ(RetryAfter(quota.Admit(From(1, 0))), 0);
  EXPECT_EQ(RetryAfter(quota.Admit(From(1, 0))), 1);
  EXPECT_EQ(RetryAfter(quota.Admit(From(2, 0))), 0);  // another's quota is untouched
  now_ns_ += 100 * kSecond;
  int passed = 0;
  while (RetryAfter(quota.Admit(From(1, 0))) == 0) ++passed;
  EXPECT_EQ(passed, 100);
  quota.ChargeLastingRows(1, UINT64_MAX);
  EXPECT_EQ(RetryAfter(quota.Admit(From(1, 0))), 3600);
  now_ns_ += 25 * 3600 * kSecond;
  EXPECT_EQ(RetryAfter(quota.Admit(From(1, 0))), 0);
}

TEST_F(SensorQuotaTest, HP04_OpenUploadsAreLimitedAndComeBack) {
  auto quota = std::make_unique<SensorQuota>(Make({.uploads = 2}));
  Pass first = quota->Admit(From(1, 1));
  const Pass second = quota->Admit(From(1, 1));
  EXPECT_EQ(RetryAfter(quota->Admit(From(1, 1))), 1);
  EXPECT_EQ(RetryAfter(quota->Admit(From(2, 1))), 0);
  first.hold.reset();
  const Pass third = quota->Admit(From(1, 1));
  EXPECT_EQ(RetryAfter(third), 0);
  EXPECT_EQ(RetryAfter(quota->Admit(From(1, 1))), 1);
  quota.reset();  // what is held may outlive it
}

TEST_F(SensorQuotaTest, RefusedRequestsCostNothing) {
  SensorQuota quota = Make({.bytes_per_s = 1000, .items_per_s = 1});
  for (int i = 0; i < 11; ++i) EXPECT_EQ(RetryAfter(quota.Admit(From(1, 0))), 0);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(RetryAfter(quota.Admit(From(1, 1'000'000))), 1);
  now_ns_ += kSecond;
  EXPECT_EQ(RetryAfter(quota.Admit(From(1, 0))), 0);
}

TEST_F(SensorQuotaTest, HostileLengthsOweAnHourAtMost) {
  SensorQuota quota = Make({.bytes_per_s = 1});
  EXPECT_EQ(RetryAfter(quota.Admit(From(1, UINT64_MAX))), 0);
  EXPECT_EQ(RetryAfter(quota.Admit(From(1, UINT64_MAX))), 3590);
}

TEST_F(SensorQuotaTest, ManySensorsAreForgottenButNoDebt) {
  SensorQuota quota = Make({.bytes_per_s = 10});
  EXPECT_EQ(RetryAfter(quota.Admit(From(-1, 100'000))), 0);
  for (int i = 0; i < 30'000; ++i) {
    EXPECT_EQ(RetryAfter(quota.Admit(From(i, 1))), 0);
    now_ns_ += kSecond / 10;
  }
  EXPECT_GT(RetryAfter(quota.Admit(From(-1, 1))), 0);
}

}  // namespace
}  // namespace tapiary::server
