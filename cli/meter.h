// `tapiary meter`: runs the sensor's own pipeline on capture files, without spool or collector, and
// prints flows, transactions or a summary. Field names: docs/fields.md. Single-threaded.
#pragma once

#include <string_view>

#include "cli/verb.h"

namespace tapiary::cli {

inline constexpr std::string_view kMeterExamples =
    "  tapiary meter plant.pcapng\n"
    "  tapiary meter --output transactions --format ndjson *.pcap.gz | jq 'select(.command)'\n"
    "  tapiary meter --output summary --filter 'tcp port 502' plant.pcap\n"
    "  tcpdump -w - -i eth0 | tapiary meter --format ndjson -\n";

void ConfigureMeter(CLI::App& app, Run* run);

}  // namespace tapiary::cli
