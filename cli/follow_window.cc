#include "cli/follow_window.h"

#include <algorithm>
#include <functional>

#include "base/clock.h"

namespace tapiary::cli {
namespace {

constexpr std::int64_t kBackNs = 10 * base::kNanosPerSecond;

}  // namespace

std::string FollowWindow::From() const {
  if (newest_ns_ == INT64_MIN) return {};
  return base::FormatTime(newest_ns_ - kBackNs);
}

std::vector<FollowWindow::Line> FollowWindow::Take(std::vector<Line> lines) {
  std::reverse(lines.begin(), lines.end());  // the API gives the newest first
  std::stable_sort(lines.begin(), lines.end(),
                   [](const Line& a, const Line& b) { return a.received_ns < b.received_ns; });
  std::vector<Line> fresh;
  for (Line& line : lines) {
    newest_ns_ = std::max(newest_ns_, line.received_ns);
    if (!shown_.emplace(line.received_ns, std::hash<std::string>()(line.text)).second) continue;
    fresh.push_back(std::move(line));
  }
  if (newest_ns_ != INT64_MIN) {
    shown_.erase(shown_.begin(), shown_.lower_bound({newest_ns_ - 2 * kBackNs, 0}));
  }
  return fresh;
}

}  // namespace tapiary::cli
