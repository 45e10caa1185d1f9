#include "capture/ot/budget.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <set>

namespace tapiary::capture {
namespace {

TEST(OtBudget, CountsWhatItsSeatsHold) {
  OtBudget budget(100);
  OtBudget::Seat a;
  a.Report(50);  // not seated: nobody's
  a.Enter(budget, 1);
  {
    OtBudget::Seat b;
    b.Enter(budget, 2);
    a.Report(60);
    b.Report(41);
    EXPECT_TRUE(budget.over());
    EXPECT_EQ(budget.share(), 50u);
    b.Report(1);
    EXPECT_FALSE(budget.over());
    EXPECT_EQ(budget.held(), 61u);
  }
  EXPECT_EQ(budget.held(), 60u);
  EXPECT_EQ(budget.share(), 100u);
  EXPECT_EQ(budget.peak(), 101u);
  a.Leave();
  EXPECT_EQ(budget.held(), 0u);
}

TEST(OtBudget, FindsEachThatHoldsMoreThanItsShare) {
  constexpr std::uint32_t kSeats = 500;
  OtBudget budget(kSeats * 10);
  std::array<OtBudget::Seat, kSeats> seats;
  for (std::uint32_t i = 0; i < kSeats; ++i) {
    seats[i].Enter(budget, i);
    seats[i].Report(i % 97 == 0 ? 2000 : 1);
  }
  std::set<std::uint32_t> found;
  for (std::size_t call = 0; call < 2 * kSeats / OtBudget::kLook; ++call) {
    if (const auto flow = budget.NextOverShare()) found.insert(*flow);
  }
  EXPECT_EQ(found, (std::set<std::uint32_t>{0, 97, 194, 291, 388, 485}));
}

TEST(OtBudget, SeatsMayLeaveInAnyOrder) {
  OtBudget budget(10);
  std::vector<std::unique_ptr<OtBudget::Seat>> seats;
  for (std::uint32_t i = 0; i < 20; ++i) {
    seats.push_back(std::make_unique<OtBudget::Seat>());
    seats.back()->Enter(budget, i);
    seats.back()->Report(i);
  }
  for (const std::size_t gone : {0u, 18u, 7u, 7u, 0u}) {
    seats.erase(seats.begin() + static_cast<std::ptrdiff_t>(gone));
  }
  std::size_t sum = 0;
  for (const auto& seat : seats) sum += seat->held();
  EXPECT_EQ(budget.held(), sum);
  seats.clear();
  EXPECT_EQ(budget.held(), 0u);
  EXPECT_FALSE(budget.NextOverShare().has_value());
}

}  // namespace
}  // namespace tapiary::capture
