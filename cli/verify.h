// `tapiary verify`: is everything here that the sensors made, and as they made it? Reads the
// collector's catalog and vault on its own host; the collector may be running. Or: is a case's
// archive as it was made? See server/evidence/verify.h and verify_case.h.
#pragma once

#include <string_view>

#include "cli/verb.h"
#include "server/evidence/verify_case.h"

namespace tapiary::cli {

inline constexpr std::string_view kVerifyExamples =
    "  tapiary verify --config /etc/tapiary/collector.yaml   all sensors, every stored byte\n"
    "  tapiary verify --sensor plant-a --format json         one sensor, for a program\n"
    "  tapiary verify case-12.zip --key 3b6a27bc...          a case, without a collector\n"
    "  tapiary verify --quick                                no look into packets, only sizes\n";

void ConfigureVerify(CLI::App& app, Run* run);

// On stderr, where a case's packets were not all there when it was made.
void TellMissingParts(const server::CaseCounts& counts);

}  // namespace tapiary::cli
