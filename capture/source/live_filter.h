// LiveFilter: a capture filter that may change while sources capture. Whoever sets it gives text
// that compiles; sources look at its number a few times a second, and compile it themselves, as
// they alone know their link type. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

namespace tapiary::capture {

class LiveFilter {
 public:
  explicit LiveFilter(std::string text) : text_(std::move(text)) {}

  void Set(std::string text) {
    const std::lock_guard lock(mutex_);
    text_ = std::move(text);
    number_.fetch_add(1, std::memory_order_release);
  }
  // Another one after each Set; 0 until then.
  [[nodiscard]] std::uint64_t number() const { return number_.load(std::memory_order_acquire); }
  [[nodiscard]] std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  mutable std::mutex mutex_;
  std::string text_;
  std::atomic<std::uint64_t> number_ = 0;
};

}  // namespace tapiary::capture
