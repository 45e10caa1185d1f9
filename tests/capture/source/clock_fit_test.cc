#include "capture/source/clock_fit.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "base/clock.h"

namespace tapiary::capture::test {
namespace {

constexpr std::int64_t kStart = 1'790'000'000 * base::kNanosPerSecond;
constexpr double kHertz = 2.5e9;

// A counter of `hertz` that began 1000 s before kStart.
ClockSample At(double hertz, std::int64_t since_ns, std::int64_t wall_step_ns = 0) {
  return {static_cast<std::uint64_t>((1000.0 + static_cast<double>(since_ns) / 1e9) * hertz),
          kStart + since_ns + wall_step_ns};
}

TEST(ClockFit, IsNotReadyWithoutASampleAndARate) {
  ClockFit fit;
  EXPECT_FALSE(fit.ready());
  fit.Add(At(kHertz, 0));
  EXPECT_FALSE(fit.ready()) << "one sample of a clock of unknown rate";
  fit.Add(At(kHertz, base::kNanosPerMilli));
  EXPECT_TRUE(fit.ready());
  ClockFit known(kHertz);
  EXPECT_FALSE(known.ready());
  known.Add(At(kHertz, 0));
  EXPECT_TRUE(known.ready());
}

TEST(ClockFit, FollowsARateThatIsNotTheNominalOne) {
  const double real = kHertz * 1.000'080;  // 80 ppm off: 80 us a second
  ClockFit fit(kHertz);
  for (int second = 0; second <= 60; ++second) {
    fit.Add(At(real, second * base::kNanosPerSecond));
    const std::int64_t later = second * base::kNanosPerSecond + 900 * base::kNanosPerMilli;
    const std::int64_t error = fit.ToWall(At(real, later).ticks) - (kStart + later);
    EXPECT_LT(std::abs(error), second == 0 ? 100'000 : 1'000) << second;
  }
}

TEST(ClockFit, SamplesWithErrorsDoNotTurnTheRate) {
  ClockFit fit(kHertz);
  for (int second = 0; second <= 40; ++second) {
    ClockSample sample = At(kHertz, second * base::kNanosPerSecond);
    sample.wall_ns += second % 2 == 0 ? 5'000 : -5'000;
    fit.Add(sample);
  }
  EXPECT_NEAR(fit.ns_per_tick() * kHertz / 1e9, 1.0, 2e-6);
}

TEST(ClockFit, ASmallFirstSpanDoesNotReplaceTheNominalRate) {
  ClockFit fit(kHertz);
  fit.Add(At(kHertz, 0));
  ClockSample sample = At(kHertz, base::kNanosPerMilli);
  sample.wall_ns += 100'000;  // 10 % of the span
  fit.Add(sample);
  EXPECT_DOUBLE_EQ(fit.ns_per_tick(), 1e9 / kHertz);
}

TEST(ClockFit, AStepOfTheWallClockIsFollowedAtTheNextSample) {
  for (const std::int64_t step : {3600 * base::kNanosPerSecond, -3600 * base::kNanosPerSecond}) {
    ClockFit fit(kHertz);
    for (int second = 0; second < 5; ++second) fit.Add(At(kHertz, second * base::kNanosPerSecond));
    for (int second = 5; second < 30; ++second) {
      fit.Add(At(kHertz, second * base::kNanosPerSecond, step));
      const std::int64_t later = second * base::kNanosPerSecond + base::kNanosPerSecond / 2;
      EXPECT_LT(std::abs(fit.ToWall(At(kHertz, later).ticks) - (kStart + later + step)), 1000)
          << second;
    }
  }
}

// A NIC's clock may count TAI nanoseconds since 1970, 37 s ahead of UTC.
TEST(ClockFit, CAP13_AConstantOffsetOfTheAdapterGoes) {
  ClockFit fit;
  for (int second = 0; second < 10; ++second) {
    const std::int64_t now = kStart + second * base::kNanosPerSecond;
    fit.Add({static_cast<std::uint64_t>(now + 37 * base::kNanosPerSecond), now});
  }
  const std::int64_t later = kStart + 9 * base::kNanosPerSecond + 777'000'000;
  const auto ticks = static_cast<std::uint64_t>(later + 37 * base::kNanosPerSecond);
  EXPECT_NEAR(static_cast<double>(fit.ToWall(ticks) - later), 0, 100);
}

}  // namespace
}  // namespace tapiary::capture::test
