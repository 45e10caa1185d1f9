#include "cli/meter.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "capture/label/noise.h"
#include "capture/meter.h"
#include "capture/source/bpf.h"
#include "capture/source/packet_source.h"
#include "cli/meter_output.h"
#include "cli/table.h"

namespace tapiary::cli {
namespace {

constexpr std::uint16_t kEthernet = 1;  // the link type of a check that has no file yet

struct Options {
  std::vector<std::string> files;
  std::string filter;
  MeterOutput output = MeterOutput::kFlows;
  Format format = Format::kTable;
  std::string idle_timeout = "300s";
  std::string active_timeout = "0s";
  std::uint64_t max_flows = 1'000'000;
  std::uint64_t max_ot_memory = capture::MeterOptions{}.max_ot_bytes;
  bool drop_duplicates = false;
  bool no_labels = false;
  std::vector<std::string> noise;
};

struct FileRun {
  MeterPrinter& printer;
  MeterSummary summary;
};

void Take(capture::Meter& meter, capture::RecordBatch& records, FileRun& run) {
  records.flows.clear();
  records.transactions.clear();
  records.gaps.clear();
  meter.Drain(records);
  run.printer.Add(records);
  for (const capture::FlowRecord& flow : records.flows) {
    if (flow.last) ++run.summary.services[flow.service];
  }
}

// The error without the file's name, which `tapiary: FILE:` says already: sources name it in front
// ("FILE: not a pcap", "FILE is a folder") or after the failing call ("open FILE: ...").
std::string WithoutName(std::string message, const std::string& file) {
  const std::string shown = file == "-" ? "standard input" : file;
  if (message.starts_with(file + ": ")) return message.substr(file.size() + 2);
  if (message.starts_with(shown + " is ")) return message.substr(shown.size() + 1);
  const std::size_t at = message.find(" " + shown + ": ");
  const bool after_call = at != std::string::npos && at == message.find(' ');
  if (after_call) message.erase(at, shown.size() + 1);
  return message;
}

// Meters one file to its end. An error is one of opening or reading; what came before it is out.
base::Result<> MeterPackets(capture::PacketSource& source, const capture::MeterOptions& options,
                            FileRun& run) {
  TAPIARY_TRY(source.Open());
  capture::Meter meter(options);
  capture::PacketBatch batch;
  capture::RecordBatch records;
  std::array<capture::FlowHandle, capture::kBatchSize> handles;
  base::Result<> result;
  for (bool more = true; more;) {
    const base::Result<capture::NextState> state = source.Next(batch, 1000);
    if (!state) {
      result = state.error();
      break;
    }
    more = *state != capture::NextState::kEnd;
    if (*state == capture::NextState::kPackets) {
      meter.Process(batch, source.interfaces(), handles);
      Take(meter, records, run);
    }
  }
  for (bool done = false; !done;) {
    done = meter.FinishSome(capture::EndReason::kIdle);
    Take(meter, records, run);
  }
  run.summary.stats = meter.stats();
  for (const capture::InterfaceInfo& interface : source.interfaces()) {
    run.summary.interfaces.push_back(interface.name);
  }
  return result;
}

// True when the whole file was read, or all of it but a cut tail. What ends before its header does
// is no capture file with a cut tail: nothing of it was read.
bool MeterFile(const std::string& file, const Options& options,
               const capture::MeterOptions& meter_options, MeterPrinter& printer) {
  FileRun run{printer, {}};
  run.summary.file = file;
  const auto source = capture::MakePcapSource({.path = file, .filter = options.filter});
  const base::Result<> result = MeterPackets(*source, meter_options, run);
  const std::uint64_t bad = source->stats().bad_records;
  if (bad != 0) run.summary.stats.notes.emplace_back("bad-records", bad);
  if (!result) {
    run.summary.end_note = WithoutName(result.error().message, file);
  } else {
    run.summary.end_note = source->end_note();
    run.summary.end_is_cut = source->end_is_cut();
  }
  printer.Add(run.summary);
  if (run.summary.end_note.empty()) return true;
  fmt::print(stderr, "tapiary: {}: {}\n", base::EscapeBytes(file),
             base::EscapeBytes(run.summary.end_note));
  return run.summary.end_is_cut && !source->interfaces().empty();
}

base::Result<std::int64_t> ParseTimeout(const char* option, const std::string& text,
                                        std::int64_t minimum) {
  const base::Result<std::int64_t> value = base::ParseDuration(text);
  if (!value) {
    return base::MakeError(value.error().code,
                           fmt::format("{}: {}", option, value.error().message));
  }
  if (*value >= minimum) return *value;
  return base::MakeError(
      base::ErrorCode::kInvalid,
      fmt::format("{} must {}, not {}", option, minimum > 0 ? "be more than 0s" : "not be negative",
                  base::EscapeBytes(text)));
}

base::Result<ExitCode> MeterFiles(const Options& options) {
  if (options.output == MeterOutput::kAll && options.format == Format::kCsv) {
    return base::MakeError(base::ErrorCode::kInvalid,
                           "--output all has no csv: its records have different columns");
  }
  capture::MeterOptions meter_options;
  TAPIARY_ASSIGN(meter_options.idle_timeout_ns,
                 ParseTimeout("--idle-timeout", options.idle_timeout, 1));
  TAPIARY_ASSIGN(meter_options.active_timeout_ns,
                 ParseTimeout("--active-timeout", options.active_timeout, 0));
  // A filter with a mistake is one before the first file, not one per file.
  TAPIARY_TRY(capture::PacketFilter::Compile(options.filter, kEthernet));
  meter_options.max_flows = options.max_flows;
  meter_options.max_ot_bytes = options.max_ot_memory;
  meter_options.drop_copies = options.drop_duplicates;
  meter_options.labels = !options.no_labels;
  if (!options.noise.empty()) {
    TAPIARY_ASSIGN(meter_options.noise, capture::NoiseFilter::Load(options.noise));
  }
  MeterPrinter printer(options.output, options.format, stdout);
  ExitCode code = ExitCode::kOk;
  for (const std::string& file : options.files) {
    ++meter_options.epoch;  // flow ids stay unique over all files
    if (!MeterFile(file, options, meter_options, printer)) code = ExitCode::kFailed;
  }
  printer.Finish();
  return code;
}

}  // namespace

void ConfigureMeter(CLI::App& app, Run* run) {
  const auto options = std::make_shared<Options>();
  app.add_option("FILE", options->files, "pcap or pcapng, plain, gzip or zstd; - is standard input")
      ->required();
  app.add_option("--filter", options->filter, "only packets that match, in tcpdump's syntax");
  static const std::map<std::string, MeterOutput> kOutputs = {
      {"flows", MeterOutput::kFlows},
      {"transactions", MeterOutput::kTransactions},
      {"summary", MeterOutput::kSummary},
      {"all", MeterOutput::kAll},
  };
  // A validator of our own words: CLI11's prints the enumerators as numbers.
  app.add_option_function<std::string>(
         "--output",
         [output = &options->output](const std::string& name) { *output = kOutputs.at(name); },
         "flows, transactions, summary or all")
      ->type_name("OUTPUT")
      ->check(CLI::IsMember({"flows", "transactions", "summary", "all"}))
      ->default_str("flows");
  AddFormatOption(app, &options->format);
  app.add_option("--idle-timeout", options->idle_timeout,
                 "a flow ends after this long without packet")
      ->capture_default_str();
  app.add_option("--active-timeout", options->active_timeout,
                 "send a part of a long flow each time; 0s: one record per flow")
      ->capture_default_str();
  app.add_option("--max-flows", options->max_flows,
                 "flows in memory; the oldest are given up first")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 28))
      ->capture_default_str();
  app.add_option("--max-ot-memory", options->max_ot_memory,
                 "bytes that OT decoders hold for what may still come, as 64MiB")
      ->transform(CLI::AsSizeValue(false))
      ->capture_default_str();
  app.add_flag("--drop-duplicates", options->drop_duplicates,
               "leave out packets that a mirror delivered a second time");
  app.add_flag("--no-labels", options->no_labels,
               "name IT services by their port only, without looking into them");
  app.add_option("--noise", options->noise,
                 "list of networks whose flows are noise: FILE[=NAME][,OPTION=VALUE]...")
      ->type_name("RULE")
      ->allow_extra_args(false);  // one each time, so that files may follow
  *run = [options] { return MeterFiles(*options); };
}

}  // namespace tapiary::cli
