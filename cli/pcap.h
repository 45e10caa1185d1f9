// `tapiary pcap [FILTER]`: packets that a collector has, as one capture file, or as they arrive.
#pragma once

#include <string_view>

#include "cli/verb.h"

namespace tapiary::cli {

inline constexpr std::string_view kPcapExamples =
    "  tapiary pcap 'modbus.func_code in {5,6,15,16}' --last 7d -o writes.pcapng\n"
    "  tapiary pcap 'ip.addr == 203.0.113.7' | wireshark -k -i -\n"
    "  tapiary pcap --flow plant-a.42.1067 | tshark -r -           one flow, by its id\n"
    "  tapiary pcap --sensor plant-a 'tcp.port == 502' --follow | wireshark -k -i -\n"
    "  tapiary pcap udp --format pcap | tcpdump -r -\n"
    "\n"
    "  How to name the collector: tapiary flows --help\n";

void ConfigurePcap(CLI::App& app, Run* run);

}  // namespace tapiary::cli
