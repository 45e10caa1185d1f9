#include "cli/case.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "base/clock.h"
#include "base/text.h"
#include "cli/capture_output.h"
#include "cli/collector_client.h"
#include "cli/pcap_query.h"
#include "cli/verify.h"
#include "server/evidence/verify_case.h"

namespace tapiary::cli {
namespace {

// Behind a long list the next byte may be far.
constexpr std::int64_t kStallNs = 900 * base::kNanosPerSecond;

struct Options {
  PcapOptions packets;  // filter, sensor, window, collector, output
  std::string note;
};

// What came is checked at once: a case that is not whole is no case.
base::Result<ExitCode> Check(const std::string& path) {
  server::VerifyVisitor visitor;
  visitor.finding = [](const server::Finding& finding) {
    fmt::print(stderr, "tapiary: {}: {} {}\n", finding.item, ToString(finding.code), finding.text);
  };
  TAPIARY_ASSIGN(const auto counts, server::VerifyCase(path, {}, visitor));
  fmt::print(stderr, "{}: {} members, {}; signed by the collector's key {}\n", path, counts.members,
             base::FormatSize(counts.bytes), counts.key);
  TellMissingParts(counts);
  return counts.findings == 0 && counts.missing_parts == 0 ? ExitCode::kOk : ExitCode::kFailed;
}

base::Result<ExitCode> Download(const Options& options) {
  const PcapOptions& packets = options.packets;
  if (packets.output.empty() || packets.output == "-") {
    return base::MakeError(base::ErrorCode::kInvalid, "-o FILE: where to write the archive");
  }
  const std::string part = packets.output + ".part";
  TAPIARY_ASSIGN(CaptureOutput output, CaptureOutput::Open(part));
  TAPIARY_ASSIGN(const auto client, CollectorClient::Open(packets.collector));
  TAPIARY_TRY(CheckSensorName(*client, packets.sensor));
  const Parameters parameters = {{"filter", PacketFilterText(packets)},
                                 {"last", packets.last},
                                 {"from", packets.from},
                                 {"to", packets.to},
                                 {"clock", packets.clock},
                                 {"note", options.note}};
  const Transfer transfer{.sink = [&](std::string_view bytes) { return output.Write(bytes); },
                          .stopped = [] { return Interrupted(); },
                          .stall_ns = kStallNs,
                          .to_file = true};
  const auto answer = client->Stream("/api/v1/case", parameters, transfer);
  base::Result<> whole = answer ? output.Close() : base::Result<>(answer.error());
  if (whole && std::rename(part.c_str(), packets.output.c_str()) != 0) {
    whole = base::MakeError(base::ErrorCode::kIo, packets.output + ": cannot be written");
  }
  if (!whole) {
    std::remove(part.c_str());
    return whole.error();
  }
  return Check(packets.output);
}

}  // namespace

void ConfigureCase(CLI::App& app, Run* run) {
  const auto options = std::make_shared<Options>();
  PcapOptions& packets = options->packets;
  app.add_option("FILTER", packets.filter, "about what, in Wireshark's syntax (docs/filter.md)");
  app.add_option("--sensor", packets.sensor, "of this sensor alone");
  app.add_option("--last", packets.last, "up to now: 15m, 24h, 7d; default 24h");
  app.add_option("--from", packets.from, "RFC 3339, UTC without offset; instead of --last");
  app.add_option("--to", packets.to, "the same");
  app.add_option("--clock", packets.clock, "whose time counts: the collector's or the sensor's")
      ->check(CLI::IsMember({"received", "sensor"}));
  app.add_option("--note", options->note, "goes into the manifest");
  app.add_option("-o,--output", packets.output, "write to this file")->required();
  AddCollectorOptions(app, &packets.collector);
  *run = [options] { return Download(*options); };
}

}  // namespace tapiary::cli
