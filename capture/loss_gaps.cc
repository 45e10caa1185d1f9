#include "capture/loss_gaps.h"

#include "base/clock.h"

namespace tapiary::capture {

namespace {

constexpr std::int64_t kQuietNs = base::kNanosPerSecond;
constexpr std::int64_t kLongestNs = 10 * base::kNanosPerSecond;

}  // namespace

void LossGaps::Update(const std::vector<std::pair<std::string, std::uint64_t>>& lost,
                      const std::string& interface, std::int64_t now_ns, bool last,
                      std::vector<GapRecord>& out) {
  for (const auto& [reason, total] : lost) {
    Open& open = by_reason_[reason];
    if (total <= open.total) continue;
    if (open.items == 0) open.from_ns = updated_ns_ != 0 ? updated_ns_ : now_ns;
    open.items += total - open.total;
    open.total = total;
    open.to_ns = now_ns;
  }
  updated_ns_ = now_ns;
  for (auto& [reason, open] : by_reason_) {
    if (open.items == 0) continue;
    const bool over = now_ns - open.to_ns >= kQuietNs || now_ns - open.from_ns >= kLongestNs;
    if (!over && !last) continue;
    GapRecord gap;
    gap.kind = "packets";
    gap.interface = interface;
    gap.from_ns = open.from_ns;
    gap.to_ns = open.to_ns;
    gap.items = open.items;
    gap.reason = reason;
    out.push_back(std::move(gap));
    open.items = 0;
  }
}

}  // namespace tapiary::capture
