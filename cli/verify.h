// `tapiary verify`: is everything here that the sensors made, and as they made it? Reads the
// collector's catalog and vault on its own host; the collector may be running. See
// server/evidence/verify.h.
#pragma once

#include <string_view>

#include "cli/verb.h"

namespace tapiary::cli {

inline constexpr std::string_view kVerifyExamples =
    "  tapiary verify --config /etc/tapiary/collector.yaml   all sensors, every stored byte\n"
    "  tapiary verify --sensor plant-a --format json         one sensor, for a program\n"
    "  tapiary verify --quick                                no look into packets, only sizes\n";

void ConfigureVerify(CLI::App& app, Run* run);

}  // namespace tapiary::cli
