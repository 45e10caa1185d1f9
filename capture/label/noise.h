// The noise filter: which flows belong to known, uninteresting traffic. They are labelled, never
// hidden; only a rule that says so keeps their packets from being stored, and those are counted.
//
// Asked once a flow, when it is made. The longest prefix of the originator's address wins, then of
// the responder's; an entry that has expired, or whose rule does not want the flow, gives way to
// the next shorter one. Immutable once made: workers and meters share one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/label/noise_list.h"
#include "capture/label/noise_rule.h"
#include "capture/records.h"

namespace tapiary::capture {

// What a match says of the flow.
struct NoiseMark {
  std::string name;
  bool store = true;
};

// One flow, as far as its first packet tells.
struct NoiseQuery {
  IpAddress orig, resp;
  std::uint8_t proto = 0;
  std::uint16_t resp_port = 0;
  std::int64_t time_ns = 0;
};

class NoiseFilter {
 public:
  // Rules as in noise_rule.h; an error names the rule, or file and line. Earlier rules win where
  // prefixes are equal.
  static base::Result<std::shared_ptr<const NoiseFilter>> Load(
      const std::vector<std::string>& rules);
  NoiseFilter();
  ~NoiseFilter();
  NoiseFilter(const NoiseFilter&) = delete;
  NoiseFilter& operator=(const NoiseFilter&) = delete;

  void Add(const NoiseRule& rule, const std::vector<NoiseEntry>& entries);
  [[nodiscard]] std::size_t entries() const;
  // Null when nothing matches; else valid as long as the filter.
  [[nodiscard]] const NoiseMark* Match(const NoiseQuery& query) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapiary::capture
