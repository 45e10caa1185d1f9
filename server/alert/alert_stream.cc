#include "server/alert/alert_stream.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/clock.h"

namespace tapiary::server {
namespace {

constexpr std::int64_t kLate = 200;  // numbers that may still appear below the newest
constexpr std::int64_t kPortion = 500;

}  // namespace

AlertStream::AlertStream(const Catalog& catalog, std::atomic<int>& open,
                         const std::atomic<bool>& stopping, const Options& options)
    : catalog_(catalog),
      open_(open),
      stopping_(stopping),
      options_(options),
      end_ns_(base::SteadyNow() + options.life_ns) {}

AlertStream::~AlertStream() {
  --open_;
}

base::Result<std::unique_ptr<AlertStream>> AlertStream::Open(const Catalog& catalog,
                                                             std::optional<std::int64_t> last_id,
                                                             std::atomic<int>& open,
                                                             const std::atomic<bool>& stopping,
                                                             const Options& options) {
  if (++open > kMaxStreams) {
    --open;
    return base::MakeError(base::ErrorCode::kUnavailable,
                           "as many live streams as allowed are open; ask for the list instead");
  }
  std::unique_ptr<AlertStream> stream(new AlertStream(catalog, open, stopping, options));
  TAPIARY_TRY(stream->Begin(last_id));
  return stream;
}

base::Result<> AlertStream::Begin(std::optional<std::int64_t> last_id) {
  pending_ = "retry: 2000\n\n";  // also shows at once that the stream is there
  if (last_id) {
    last_id_ = std::max<std::int64_t>(*last_id, 0);
  } else {
    TAPIARY_TRY(catalog_.QuickQuery("SELECT COALESCE(MAX(id), 0) FROM alerts", {},
                                    [this](const SqlRow& row) {
                                      last_id_ = row.Int(0);
                                      return false;
                                    }));
  }
  AlertQuery query;
  query.above_id = last_id_ - kLate;
  query.below_id = last_id_ + 1;
  query.limit = kLate;
  TAPIARY_ASSIGN(const auto known, ListAlerts(catalog_, query));
  for (const Alert& alert : known) sent_.insert(alert.id);
  return {};
}

base::Result<> AlertStream::Look() {
  AlertQuery query;
  query.above_id = last_id_ - kLate;
  query.limit = kPortion;
  query.oldest_first = true;
  TAPIARY_ASSIGN(const auto alerts, ListAlerts(catalog_, query));
  for (const Alert& alert : alerts) {
    if (!sent_.insert(alert.id).second) continue;
    pending_ += fmt::format("id: {}\nevent: alert\ndata: {}\n\n", alert.id, AlertJson(alert));
    last_id_ = std::max(last_id_, alert.id);
  }
  sent_.erase(sent_.begin(), sent_.lower_bound(last_id_ - 2 * kLate));
  return {};
}

base::Result<std::size_t> AlertStream::Read(std::span<char> into) {
  while (pending_.empty()) {
    const std::int64_t now_ns = base::SteadyNow();
    if (stopping_ || now_ns >= end_ns_) return std::size_t{0};
    // A catalog that is away for a while is no reason to end the stream.
    (void)Look().has_value();
    if (!pending_.empty()) break;
    if (now_ns >= heartbeat_at_ns_) {
      pending_ = ": \n\n";
      break;
    }
    std::this_thread::sleep_for(std::chrono::nanoseconds(options_.poll_ns));
  }
  heartbeat_at_ns_ = base::SteadyNow() + options_.heartbeat_ns;
  const std::size_t size = pending_.copy(into.data(), into.size());
  pending_.erase(0, size);
  return size;
}

}  // namespace tapiary::server
