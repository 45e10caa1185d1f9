// `tapiary case [FILTER] -o FILE`: everything that a collector has about what a filter finds, as
// one archive that proves itself (docs/formats/case.md).
#pragma once

#include <string_view>

#include "cli/verb.h"

namespace tapiary::cli {

inline constexpr std::string_view kCaseExamples =
    "  tapiary case 'ip.addr == 203.0.113.7' --last 7d -o case-12.zip --note 'case 12'\n"
    "  tapiary verify case-12.zip              whoever has the archive, without the collector\n"
    "\n"
    "  How to name the collector: tapiary flows --help\n";

void ConfigureCase(CLI::App& app, Run* run);

}  // namespace tapiary::cli
