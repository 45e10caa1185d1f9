// The collectors that the user's files name: collector.yaml, and collectors/NAME.yaml beside it,
// each with the keys of collector_options.h. One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/collector_options.h"

namespace tapiary::cli {

struct CollectorFile {
  std::string name{};  // "" for collector.yaml; else letters, digits, '.', '-', '_'
  CollectorOptions options{};
};

inline constexpr std::size_t kMaxCollectorFiles = 100;

// Those that can be read, by name; the first is what verbs take without options. Others are named
// in *troubles, a line each. Of more than kMaxCollectorFiles the rest is left out, and told.
std::vector<CollectorFile> ReadCollectorFiles(std::vector<std::string>* troubles);

}  // namespace tapiary::cli
