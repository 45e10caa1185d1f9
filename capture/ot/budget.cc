#include "capture/ot/budget.h"

#include <algorithm>

namespace tapiary::capture {

void OtBudget::Seat::Enter(OtBudget& budget, std::uint32_t flow) {
  Leave();
  budget_ = &budget;
  flow_ = flow;
  place_ = budget.seats_.size();
  budget.seats_.push_back(this);
}

void OtBudget::Seat::Report(std::size_t held) {
  if (budget_ == nullptr) return;
  budget_->held_ += held - held_;  // unsigned: less works as well
  held_ = held;
  budget_->peak_ = std::max(budget_->peak_, budget_->held_);
}

void OtBudget::Seat::Leave() {
  if (budget_ == nullptr) return;
  Report(0);
  std::vector<Seat*>& seats = budget_->seats_;
  seats[place_] = seats.back();
  seats[place_]->place_ = place_;
  seats.pop_back();
  budget_ = nullptr;
}

std::optional<std::uint32_t> OtBudget::NextOverShare() {
  const std::size_t limit = share();
  for (std::size_t looked = 0; looked < std::min(kLook, seats_.size()); ++looked) {
    if (++hand_ >= seats_.size()) hand_ = 0;
    if (seats_[hand_]->held_ > limit) return seats_[hand_]->flow_;
  }
  return std::nullopt;
}

}  // namespace tapiary::capture
