#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "cli/capture_join.h"
#include "cli/pcap_query.h"

namespace tapiary::cli {
namespace {

using base::ErrorCode;
using base::MakeError;

constexpr int kMaxPauseMs = 30'000;

class Tail {
 public:
  Tail(CollectorClient& client, const PcapOptions& options, CaptureOutput& output)
      : client_(client),
        options_(options),
        output_(output),
        join_(
            {.form = options.format == "pcap" ? CaptureJoin::Form::kPcap
                                              : CaptureJoin::Form::kOneSection,
             .live = true},
            [this](std::string_view bytes) { return output_.Write(bytes); },
            [this](const std::string& line) { missing_.Tell(line); }) {}

  // One answer. True when there is more to be had at once.
  base::Result<bool> Ask() {
    const bool again = !until_.empty();
    join_.Begin(again);
    const bool start = cursor_ == "start";
    const Parameters parameters = {{"filter", PacketFilterText(options_)},
                                   {"live", cursor_},
                                   {"until", until_},
                                   {"last", start ? options_.last : std::string()},
                                   {"format", options_.format},
                                   {"resolution", options_.microseconds ? "us" : ""}};
    // If it breaks off from here on, the same answer is asked for again. The first has no packets.
    const Transfer transfer{.sink = [this](std::string_view part) { return join_.Add(part); },
                            .head =
                                [this, start](const CollectorAnswer& head) {
                                  if (!start) until_ = head.live;
                                },
                            .stopped = [] { return Interrupted(); }};
    TAPIARY_ASSIGN(const CollectorAnswer answer,
                   client_.Stream("/api/v1/pcap", parameters, transfer));
    TAPIARY_TRY(join_.End());
    if (answer.live.empty()) {
      return MakeError(ErrorCode::kUnsupported, "this collector knows no live tail");
    }
    cursor_ = answer.live;
    until_.clear();
    return start || answer.live_more;
  }
  // Nothing was asked yet that was answered.
  [[nodiscard]] bool fresh() const { return cursor_ == "start"; }

  base::Result<ExitCode> Finish() {
    TAPIARY_TRY(join_.Finish());
    TAPIARY_TRY(output_.Close());
    return missing_.any() ? ExitCode::kFailed : ExitCode::kOk;
  }
  [[nodiscard]] std::uint64_t packets() const { return join_.packets(); }

 private:
  CollectorClient& client_;
  const PcapOptions& options_;
  CaptureOutput& output_;
  MissingNotes missing_;
  CaptureJoin join_;
  std::string cursor_ = "start";
  std::string until_;  // the end of the answer that is being read
};

}  // namespace

base::Result<ExitCode> FollowPcap(const PcapOptions& options, CaptureOutput& output, int pause_ms) {
  TAPIARY_ASSIGN(const auto client, CollectorClient::Open(options.collector));
  Tail tail(*client, options, output);
  int wait_ms = pause_ms;
  while (!output.ended()) {
    const auto more = tail.Ask();
    if (output.ended()) break;
    if (more) {
      wait_ms = pause_ms;
      if (!*more) output.Wait(wait_ms);
      continue;
    }
    const base::Error& error = more.error();
    const bool away = error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kTimeout;
    if ((tail.fresh() || !away) && tail.packets() == 0) return error;
    if (!away) {
      return MakeError(error.code, fmt::format("{}: so far came {}", error.message,
                                               CountPackets(tail.packets())));
    }
    fmt::print(stderr, "tapiary: {}; trying again\n", error.message);
    output.Wait(wait_ms);
    wait_ms = std::min(wait_ms * 2, kMaxPauseMs);
  }
  if (output.reader_left()) return ExitCode::kOk;
  return tail.Finish();
}

}  // namespace tapiary::cli
