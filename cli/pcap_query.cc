#include "cli/pcap_query.h"

#include <fmt/core.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/capture_join.h"

namespace tapiary::cli {
namespace {

using base::ErrorCode;
using base::MakeError;

// A search through all that is stored may find nothing for long.
constexpr std::int64_t kStallNs = 900 * base::kNanosPerSecond;
constexpr int kMaxNotes = 20;

// As the filter language writes a text.
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f) {
      quoted += fmt::format("\\x{:02x}", byte);
    } else {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace

void MissingNotes::Tell(const std::string& line) {
  if (++lines_ <= kMaxNotes) fmt::print(stderr, "tapiary: {}\n", line);
  if (lines_ == kMaxNotes) fmt::print(stderr, "tapiary: more is missing, which is not told\n");
}

std::string CountPackets(std::uint64_t packets) {
  return fmt::format("{} packet{}", packets, packets == 1 ? "" : "s");
}

std::string PacketFilterText(const PcapOptions& options) {
  std::string text;
  for (const std::string& word : options.filter) text += (text.empty() ? "" : " ") + word;
  if (options.sensor.empty()) return text;
  const std::string sensor = "sensor == " + Quoted(options.sensor);
  return text.empty() ? sensor : "(" + text + ") && " + sensor;
}

base::Result<> CheckPcapOptions(const PcapOptions& options) {
  const bool window = !options.last.empty() || !options.from.empty() || !options.to.empty() ||
                      !options.clock.empty();
  const bool chosen = !PacketFilterText(options).empty();
  if (!options.flow.empty() && (window || chosen || options.follow)) {
    return MakeError(ErrorCode::kInvalid,
                     "--flow is all of one flow: without filter, sensor, time and --follow");
  }
  if (options.follow &&
      (!options.from.empty() || !options.to.empty() || options.clock == "sensor")) {
    return MakeError(ErrorCode::kInvalid,
                     "--follow goes by the collector's clock and from --last on");
  }
  if (options.microseconds && options.format != "pcap") {
    return MakeError(ErrorCode::kInvalid, "--microseconds is for --format pcap");
  }
  return {};
}

base::Result<> CheckSensorName(CollectorClient& client, const std::string& sensor) {
  if (sensor.empty()) return {};
  const auto known = client.Get("/api/v1/retention", {{"sensor", sensor}, {"limit", "1"}});
  if (known || known.error().code != base::ErrorCode::kNotFound) return {};
  return MakeError(base::ErrorCode::kNotFound,
                   "--sensor: the collector has no sensor '" + base::EscapeBytes(sensor) + "'");
}

base::Result<ExitCode> DownloadPcap(const PcapOptions& options, CaptureOutput& output) {
  TAPIARY_ASSIGN(const auto client, CollectorClient::Open(options.collector));
  using Form = CaptureJoin::Form;
  const Form form = options.format == "pcap" ? Form::kPcap
                    : output.is_file()       ? Form::kPcapng
                                             : Form::kOneSection;
  MissingNotes missing;
  CaptureJoin join(
      {.form = form}, [&](std::string_view bytes) { return output.Write(bytes); },
      [&](const std::string& line) { missing.Tell(line); });
  join.Begin();
  const bool flow = !options.flow.empty();
  const std::string path =
      flow ? "/api/v1/flows/" + EncodeSegment(options.flow) + "/pcap" : "/api/v1/pcap";
  const Parameters parameters = {{"filter", PacketFilterText(options)},
                                 {"last", options.last},
                                 {"from", options.from},
                                 {"to", options.to},
                                 {"clock", options.clock},
                                 {"format", options.format},
                                 {"resolution", options.microseconds ? "us" : ""}};
  const Transfer transfer{.sink = [&](std::string_view part) { return join.Add(part); },
                          .stopped = [] { return Interrupted(); },
                          .stall_ns = kStallNs,
                          .to_file = !options.output.empty()};
  const auto answer = client->Stream(path, parameters, transfer);
  if (output.reader_left()) return ExitCode::kOk;
  if (answer && !answer->fields_not_here.empty()) {
    fmt::print(stderr, "tapiary: flows have no {}: tests of it are false\n",
               answer->fields_not_here);
  }
  base::Result<> whole = answer ? join.End() : base::Result<>(answer.error());
  if (whole) whole = join.Finish();
  if (whole) whole = output.Close();
  if (!whole) {
    const base::Error& error = whole.error();
    if (join.packets() == 0 || !output.begun()) return error;
    // The collector has no way to say so once the file has begun.
    const char* const hint =
        form == Form::kPcap && !answer
            ? " (a pcap file has room for one link type and for no word on what is "
              "missing; pcapng has both)"
            : "";
    return MakeError(
        error.code == ErrorCode::kInvalid ? ErrorCode::kCorrupt : error.code,
        fmt::format("{}{}: this is a part, {}", error.message, hint, CountPackets(join.packets())));
  }
  if (!missing.any() && join.packets() > 0) return ExitCode::kOk;
  if (!missing.any()) {
    TAPIARY_TRY(CheckSensorName(*client, options.sensor));
    const bool day = options.last.empty() && options.from.empty();
    fmt::print(stderr, "tapiary: {}{}\n",
               flow ? "no packets of this flow have come yet" : "no packets of this time match",
               !flow && day ? " (24 h back; --last goes further)" : "");
    return ExitCode::kOk;
  }
  fmt::print(stderr, "tapiary: not all packets are there any more; here are {}\n",
             CountPackets(join.packets()));
  return ExitCode::kFailed;
}

}  // namespace tapiary::cli
