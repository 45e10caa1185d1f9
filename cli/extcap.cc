#include "cli/extcap.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/text.h"
#include "server/query/filter.h"

namespace tapiary::cli {
namespace {

constexpr std::string_view kPrefix = "tapiary";
// What we give is pcapng that says its link types itself; a user link type stands for "any".
constexpr int kAnyLinkType = 147;

std::string InterfaceOf(const CollectorFile& file) {
  return file.name.empty() ? std::string(kPrefix) : fmt::format("{}-{}", kPrefix, file.name);
}

// Braces end a value, and a line ends all.
std::string Shown(std::string_view text) {
  std::string shown = base::EscapeBytes(text);
  for (char& c : shown) {
    if (c == '{' || c == '}') c = '_';
  }
  return shown;
}

std::string Both(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty()) return a + b;
  return fmt::format("({}) && ({})", a, b);
}

base::Result<ExitCode> Capture(const ExtcapOptions& options,
                               const std::vector<CollectorFile>& files) {
  TAPIARY_ASSIGN(const PcapOptions query, ExtcapQuery(options, files));
  auto output = CaptureOutput::Open(query.output);
  if (!output) {
    if (Interrupted()) return ExitCode::kOk;
    return output.error();
  }
  auto done = options.once ? DownloadPcap(query, *output) : FollowPcap(query, *output);
  if (!done && output->ended()) return ExitCode::kOk;
  return done;
}

base::Result<ExitCode> RunExtcap(const ExtcapOptions& options) {
  std::vector<std::string> troubles;
  const std::vector<CollectorFile> files = ReadCollectorFiles(&troubles);
  if (options.interfaces) {
    fmt::print("{}", ExtcapInterfaces(files));
    for (const std::string& trouble : troubles) fmt::print(stderr, "tapiary: {}\n", trouble);
    return ExitCode::kOk;
  }
  if (options.link_types) {
    fmt::print("{}", ExtcapLinkTypes(options.interface));
    return ExitCode::kOk;
  }
  if (options.config) {
    fmt::print("{}", ExtcapConfig());
    return ExitCode::kOk;
  }
  if (options.capture) return Capture(options, files);
  if (options.interface.empty()) {
    return base::MakeError(base::ErrorCode::kInvalid,
                           "this is a plugin of Wireshark: see tapiary extcap --help");
  }
  // With neither, Wireshark asks whether the filter is one: what is said is why not.
  fmt::print("{}", ExtcapFilterProblem(options));
  return ExitCode::kOk;
}

}  // namespace

std::string ExtcapInterfaces(const std::vector<CollectorFile>& files) {
  std::string text = fmt::format("extcap {{version={}}}{{display=Tapiary}}\n", TAPIARY_VERSION);
  for (const CollectorFile& file : files) {
    text += fmt::format("interface {{value={}}}{{display=Tapiary{}{}, {}}}\n", InterfaceOf(file),
                        file.name.empty() ? "" : " ", file.name, Shown(file.options.url));
  }
  return text;
}

std::string ExtcapLinkTypes(const std::string& interface) {
  return fmt::format("dlt {{number={}}}{{name={}}}{{display=As the sensors captured}}\n",
                     kAnyLinkType, Shown(interface));
}

std::string ExtcapConfig() {
  return "arg {number=0}{call=--filter}{display=Filter}{type=string}"
         "{tooltip=Which packets, such as ip.addr == 10.0.0.0/8 && tcp.port == 502}\n"
         "arg {number=1}{call=--sensor}{display=Sensor}{type=string}"
         "{tooltip=Of this sensor alone}\n"
         "arg {number=2}{call=--last}{display=Begin ago}{type=string}"
         "{tooltip=Begin so long ago, such as 15m or 24h; empty means now}\n"
         "arg {number=3}{call=--once}{display=Only what is there}{type=boolflag}{default=false}"
         "{tooltip=End when all that the collector has came, and take filters on flows too}\n";
}

std::string ExtcapFilterProblem(const ExtcapOptions& options) {
  server::FilterError error;
  for (const std::string& text : {options.filter, options.capture_filter}) {
    const auto filter = server::Filter::Parse(text, &error);
    if (!filter) return error.ToString() + "\n";
    if (!options.once && !filter->packets_suffice()) {
      return "a live capture takes fields that packets have, such as ip.addr or tcp.port\n";
    }
  }
  return {};
}

base::Result<PcapOptions> ExtcapQuery(const ExtcapOptions& options,
                                      const std::vector<CollectorFile>& files) {
  if (options.fifo.empty()) {
    return base::MakeError(base::ErrorCode::kInvalid, "--capture goes with --fifo");
  }
  for (const CollectorFile& file : files) {
    if (InterfaceOf(file) != options.interface) continue;
    PcapOptions query{.collector = file.options,
                      .sensor = options.sensor,
                      .last = options.last,
                      .output = options.fifo,
                      .follow = !options.once};
    const std::string filter = Both(options.filter, options.capture_filter);
    if (!filter.empty()) query.filter = {filter};
    return query;
  }
  return base::MakeError(base::ErrorCode::kNotFound, "no collector " +
                                                         base::EscapeBytes(options.interface) +
                                                         ": see docs/wireshark.md for its file");
}

void ConfigureExtcap(CLI::App& app, Run* run) {
  const auto options = std::make_shared<ExtcapOptions>();
  app.add_flag("--extcap-interfaces", options->interfaces, "list the collectors");
  app.add_flag("--extcap-dlts", options->link_types, "list link types");
  app.add_flag("--extcap-config", options->config, "list the options of a capture");
  app.add_flag("--capture", options->capture, "capture into --fifo");
  app.add_option("--extcap-interface", options->interface, "tapiary or tapiary-NAME");
  app.add_option("--extcap-version", options->version, "Wireshark's version");
  app.add_option("--extcap-capture-filter", options->capture_filter,
                 "the capture filter, in the syntax of docs/filter.md");
  app.add_option("--fifo", options->fifo, "where Wireshark reads");
  app.add_option("--filter", options->filter, "the same as the capture filter; both must match");
  app.add_option("--sensor", options->sensor, "of this sensor alone");
  app.add_option("--last", options->last, "begin so long ago; default now");
  app.add_flag("--once", options->once, "what there is, by default of 24h, and no tail");
  // Of later versions of Wireshark, which need no answer.
  for (const char* const later :
       {"--extcap-reload-option", "--extcap-config-option-name", "--extcap-config-option-value",
        "--extcap-control-in", "--extcap-control-out", "--log-level", "--log-file"}) {
    app.add_option(later, options->unused)->group("");
  }
  app.add_flag("--extcap-cleanup-postkill", options->unused_flag)->group("");
  *run = [options] { return RunExtcap(*options); };
}

}  // namespace tapiary::cli
