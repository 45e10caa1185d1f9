// OtBudget: how much memory the OT sessions of one tracker may hold together.
//
// Each session is bounded, but thousands of flows at their bounds are not small: requests that
// nobody answers, PDUs that never end, segments behind holes. A session has a seat here and reports
// what it holds; when all hold more than the limit, those that hold more than their share (limit /
// sessions) give up what they wait for, named. By then some session does, so flows that hold little
// lose nothing to those that hold much. Finding one takes a look at kLook seats a call, so the
// limit may be passed by what comes meanwhile. Not counted: the fixed part of a session (some 2
// KiB), which the number of sessions bounds. No allocation but for seats. One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace tapiary::capture {

class OtBudget {
 public:
  static constexpr std::size_t kLook = 32;

  class Seat {
   public:
    Seat() = default;
    ~Seat() { Leave(); }
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;
    // `budget` must outlive the seat; `flow` is handed back by NextOverShare.
    void Enter(OtBudget& budget, std::uint32_t flow);
    void Report(std::size_t held);
    void Leave();
    [[nodiscard]] std::size_t held() const { return held_; }

   private:
    friend class OtBudget;
    OtBudget* budget_ = nullptr;
    std::size_t place_ = 0;  // in seats_
    std::size_t held_ = 0;
    std::uint32_t flow_ = 0;
  };

  explicit OtBudget(std::size_t limit) : limit_(limit) {}
  OtBudget(const OtBudget&) = delete;
  OtBudget& operator=(const OtBudget&) = delete;

  [[nodiscard]] std::size_t held() const { return held_; }
  [[nodiscard]] std::size_t peak() const { return peak_; }
  [[nodiscard]] bool over() const { return held_ > limit_; }
  [[nodiscard]] std::size_t share() const { return limit_ / (seats_.empty() ? 1 : seats_.size()); }
  // The flow of one that holds more than its share; each call goes on where the one before ended.
  std::optional<std::uint32_t> NextOverShare();

 private:
  std::size_t limit_;
  std::size_t held_ = 0;
  std::size_t peak_ = 0;
  std::size_t hand_ = 0;
  std::vector<Seat*> seats_;
};

}  // namespace tapiary::capture
