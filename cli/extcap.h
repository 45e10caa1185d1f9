// `tapiary extcap`: collectors as interfaces of Wireshark, by its extcap protocol (extcap(4), and
// "Extcap" in Wireshark's Developer's Guide). Wireshark runs it under the name tapiary-extcap.
//
// An interface is a collector of the user's files (collector_files.h). Asked for interfaces, link
// types or options it never goes to the network: Wireshark asks at each start. One thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/collector_files.h"
#include "cli/pcap_query.h"
#include "cli/verb.h"

namespace tapiary::cli {

inline constexpr std::string_view kExtcapExamples =
    "  ln -s \"$(command -v tapiary)\" ~/.config/wireshark/extcap/tapiary-extcap   Wireshark 4.0\n"
    "  tapiary extcap --extcap-interfaces            what Wireshark is told\n"
    "  tshark -D                                     collectors are among the interfaces\n"
    "  tshark -i tapiary -f 'tcp.port == 502'        what arrives, until Ctrl-C\n"
    "\n"
    "  Which collectors, and how: docs/wireshark.md\n";

void ConfigureExtcap(CLI::App& app, Run* run);

struct ExtcapOptions {
  bool interfaces = false;
  bool link_types = false;
  bool config = false;
  bool capture = false;
  std::string interface {};
  std::string version{};         // Wireshark's
  std::string capture_filter{};  // in our language
  std::string fifo{};
  std::string filter{};
  std::string sensor{};
  std::string last{};
  bool once = false;
  std::vector<std::string> unused{};
  bool unused_flag = false;
};

// What Wireshark reads on standard output.
std::string ExtcapInterfaces(const std::vector<CollectorFile>& files);
std::string ExtcapLinkTypes(const std::string& interface);
std::string ExtcapConfig();
// Why the filter cannot be used, or nothing.
std::string ExtcapFilterProblem(const ExtcapOptions& options);
// What a capture asks for. kNotFound without such an interface.
base::Result<PcapOptions> ExtcapQuery(const ExtcapOptions& options,
                                      const std::vector<CollectorFile>& files);

}  // namespace tapiary::cli
