// The live stream of alerts: server-sent events (WHATWG HTML, "Server-sent events").
//
// Each stream holds one handler thread while it lives, so there are few, and each ends after some
// minutes; browsers come again by themselves and say which event they saw last. One thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "server/alert/alert.h"
#include "server/catalog/catalog.h"
#include "server/http/handler.h"

namespace tapiary::server {

inline constexpr int kMaxStreams = 12;

class AlertStream : public BodySource {
 public:
  struct Options {
    std::int64_t poll_ns = 300'000'000;
    std::int64_t heartbeat_ns = 5'000'000'000;
    std::int64_t life_ns = 600'000'000'000;
  };
  // Alerts after `last_id` (0: all), or without it from now on. Null when there are kMaxStreams
  // already; `open` counts them. All must outlive it.
  static base::Result<std::unique_ptr<AlertStream>> Open(const Catalog& catalog,
                                                         std::optional<std::int64_t> last_id,
                                                         std::atomic<int>& open,
                                                         const std::atomic<bool>& stopping,
                                                         const Options& options);
  ~AlertStream() override;
  base::Result<std::size_t> Read(std::span<char> into) override;

 private:
  AlertStream(const Catalog& catalog, std::atomic<int>& open, const std::atomic<bool>& stopping,
              const Options& options);
  base::Result<> Begin(std::optional<std::int64_t> last_id);
  base::Result<> Look();

  const Catalog& catalog_;
  std::atomic<int>& open_;
  const std::atomic<bool>& stopping_;
  const Options options_;
  const std::int64_t end_ns_;  // steady clock
  std::int64_t heartbeat_at_ns_ = 0;
  std::int64_t last_id_ = 0;
  std::set<std::int64_t> sent_;  // of the last numbers: several collectors commit out of order
  std::string pending_;
};

}  // namespace tapiary::server
