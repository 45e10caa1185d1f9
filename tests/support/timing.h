// Time limits that hold on a busy machine without being wider.
//
// What must be quick is tried up to three times and the shortest try counts: load costs a try its
// time, a fault costs all of them. What needs the processor only is measured in its time. What must
// come at all is waited for patiently: it costs nothing when it comes soon. Any thread.
#pragma once

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <thread>

namespace tapiary::timing {

// Processor time of this process, ns.
inline std::int64_t CpuNow() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// How long `action` takes, ns.
template <class Action>
std::int64_t Measure(Action action) {
  const auto begin = std::chrono::steady_clock::now();
  action();
  return std::chrono::nanoseconds(std::chrono::steady_clock::now() - begin).count();
}

// The shortest of up to three tries, ns: none is made after one that is below the limit. A try
// returns how long it took.
template <class Try>
std::int64_t Shortest(std::int64_t limit_ns, Try attempt) {
  std::int64_t best = INT64_MAX;
  for (int i = 0; i < 3 && best >= limit_ns; ++i) {
    best = std::min(best, static_cast<std::int64_t>(attempt()));
  }
  return best;
}

// False when it does not come within a minute.
template <class Condition>
bool Comes(Condition condition) {
  for (int i = 0; i < 6000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return condition();
}

}  // namespace tapiary::timing
