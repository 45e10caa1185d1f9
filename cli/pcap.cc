#include "cli/pcap.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "cli/pcap_query.h"

namespace tapiary::cli {

void ConfigurePcap(CLI::App& app, Run* run) {
  const auto options = std::make_shared<PcapOptions>();
  app.add_option("FILTER", options->filter, "which ones, in Wireshark's syntax (docs/filter.md)");
  app.add_option("--flow", options->flow, "the packets of the flow with this id");
  app.add_option("--sensor", options->sensor, "of this sensor alone");
  app.add_option("--last", options->last, "up to now: 15m, 24h, 7d; default 24h");
  app.add_option("--from", options->from, "RFC 3339, UTC without offset; instead of --last");
  app.add_option("--to", options->to, "the same");
  app.add_option("--clock", options->clock, "whose time counts: the collector's or the sensor's")
      ->check(CLI::IsMember({"received", "sensor"}));
  app.add_option("--format", options->format,
                 "pcapng, or pcap: one link type, no names of sensors, no word on what is missing")
      ->check(CLI::IsMember({"pcapng", "pcap"}))
      ->capture_default_str();
  app.add_flag("--microseconds", options->microseconds,
               "for programs that know no nanoseconds: pcap with times cut");
  app.add_option("-o,--output", options->output, "write to this file; default: standard output");
  app.add_flag("-f,--follow", options->follow, "what arrives from now, or --last, on");
  AddCollectorOptions(app, &options->collector);
  *run = [options]() -> base::Result<ExitCode> {
    TAPIARY_TRY(CheckPcapOptions(*options));
    TAPIARY_ASSIGN(CaptureOutput output, CaptureOutput::Open(options->output));
    return options->follow ? FollowPcap(*options, output) : DownloadPcap(*options, output);
  };
}

}  // namespace tapiary::cli
