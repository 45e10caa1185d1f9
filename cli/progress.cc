#include "cli/progress.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cstdio>

#include "base/clock.h"
#include "base/text.h"

namespace tapiary::cli {
namespace {

constexpr std::int64_t kSilentNs = 2 * base::kNanosPerSecond;
constexpr std::int64_t kStepNs = base::kNanosPerSecond / 5;

}  // namespace

Progress::Progress(bool to_file)
    : wanted_(isatty(STDERR_FILENO) == 1 && (to_file || isatty(STDOUT_FILENO) == 0)),
      begin_ns_(base::SteadyNow()),
      next_ns_(begin_ns_ + kSilentNs) {}

void Progress::Show(std::uint64_t bytes) {
  if (!wanted_) return;
  const std::int64_t now_ns = base::SteadyNow();
  if (now_ns < next_ns_) return;
  next_ns_ = now_ns + kStepNs;
  shown_ = true;
  const double seconds =
      static_cast<double>(now_ns - begin_ns_) / static_cast<double>(base::kNanosPerSecond);
  fmt::print(stderr, "\r{}, {}/s   ", base::FormatSize(bytes),
             base::FormatSize(static_cast<std::uint64_t>(static_cast<double>(bytes) / seconds)));
}

void Progress::Clear() {
  if (shown_) fmt::print(stderr, "\r{:40}\r", "");
  shown_ = false;
}

}  // namespace tapiary::cli
