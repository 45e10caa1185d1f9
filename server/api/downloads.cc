#include "server/api/downloads.h"

#include <fmt/core.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <span>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "server/api/capture_body.h"
#include "server/api/flow_picks.h"
#include "server/api/flow_walk.h"
#include "server/api/list_query.h"
#include "server/api/lists.h"
#include "server/api/live_batch.h"
#include "server/api/segment_feed.h"
#include "server/api/segment_walk.h"
#include "server/api/select.h"
#include "server/api/selectors.h"
#include "server/ingest/live_tail.h"
#include "server/vault/vault.h"

namespace tapiary::server {
namespace {

constexpr std::int64_t kSegmentReadBytes = 256 * 1024;

// A stored object as it is.
class ObjectBody : public BodySource {
 public:
  ObjectBody(Vault& vault, std::string object, std::uint64_t size)
      : vault_(vault), object_(std::move(object)), left_(size) {}

  base::Result<std::size_t> Read(std::span<char> buffer) override {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(
        {buffer.size(), left_, static_cast<std::uint64_t>(kSegmentReadBytes)}));
    if (size == 0) return std::size_t{0};
    TAPIARY_ASSIGN(const std::string bytes, vault_.ReadRange(object_, offset_, size));
    std::copy(bytes.begin(), bytes.end(), buffer.begin());
    offset_ += size;
    left_ -= size;
    return size;
  }

 private:
  Vault& vault_;
  std::string object_;
  std::uint64_t offset_ = 0;
  std::uint64_t left_;
};

struct FormatChoice {
  CaptureFormat format = CaptureFormat::kPcapng;
  const char* extension = "pcapng";
  const char* content_type = "application/x-pcapng";
};

base::Result<FormatChoice> ParseCaptureFormat(const Request& request) {
  const auto value = [&request](const char* name) {
    const auto found = request.query.find(name);
    return found == request.query.end() ? std::string() : found->second;
  };
  const std::string format = value("format");
  const std::string resolution = value("resolution");
  const bool known = resolution.empty() || resolution == "ns" || resolution == "us";
  if (!known || (resolution == "us" && format != "pcap")) {
    return base::MakeError(base::ErrorCode::kInvalid,
                           "resolution: ns, or with format=pcap also us (times are cut)");
  }
  if (format.empty() || format == "pcapng") return FormatChoice{};
  if (format == "pcap") {
    return FormatChoice{resolution == "us" ? CaptureFormat::kPcapMicros : CaptureFormat::kPcapNanos,
                        "pcap", "application/vnd.tcpdump.pcap"};
  }
  return base::MakeError(base::ErrorCode::kInvalid, "format: pcapng or pcap");
}

// Only letters, digits, dot, hyphen and underscore of what may be an attacker's text (CO-06).
std::string CleanName(std::string_view text) {
  std::string name;
  for (const char c : text.substr(0, 100)) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                       c == '-' || c == '_' || (c == '.' && !name.empty());
    name += plain ? c : '_';
  }
  return name;
}

Response Attachment(const std::string& content_type, const std::string& name,
                    std::unique_ptr<BodySource> stream) {
  Response response;
  response.content_type = content_type;
  response.headers.emplace_back("Content-Disposition",
                                fmt::format("attachment; filename=\"{}\"", name));
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.stream = std::move(stream);
  return response;
}

// The comment of a download: what was asked for, and when.
std::string Asked(const std::string& what) {
  return fmt::format("asked for at {}: {}", base::FormatTime(base::WallNow()),
                     base::EscapeBytes(what).substr(0, 700));
}

base::Result<Response> FlowPcap(const ApiContext& context, const Request& request) {
  TAPIARY_TRY(CheckParameters(request, "format resolution"));
  TAPIARY_ASSIGN(const FormatChoice choice, ParseCaptureFormat(request));
  const std::string& id = request.path_params.at("id");
  TAPIARY_ASSIGN(auto walk, WalkFlow(context, id));
  return Attachment(
      choice.content_type, fmt::format("tapiary-flow-{}.{}", CleanName(id), choice.extension),
      std::make_unique<CaptureBody>(std::move(walk), choice.format, Asked("flow " + id),
                                    context.catalog, context.names));
}

std::string AskedFor(const Request& request, const TimeWindow& window) {
  const auto filter = request.query.find("filter");
  const bool all = filter == request.query.end() || filter->second.empty();
  return Asked(fmt::format("{} from {} to {}, {} time", all ? "all packets" : filter->second,
                           base::FormatTime(window.from_ns),
                           window.to_ns >= base::WallNow() ? "now" : base::FormatTime(window.to_ns),
                           window.clock == Clock::kReceived ? "received" : "the sensor's"));
}

// Parameters that have no meaning beside the others are refused, not passed over.
base::Result<> RefuseEach(const Request& request, std::initializer_list<const char*> names,
                          const char* why) {
  for (const char* const name : names) {
    if (request.query.contains(name)) {
      return base::MakeError(base::ErrorCode::kInvalid, fmt::format("{}: {}", name, why));
    }
  }
  return {};
}

base::Result<Response> FilteredPcap(const ApiContext& context, const Request& request,
                                    Filter filter) {
  TAPIARY_TRY(RefuseEach(request, {"until"}, "with live only"));
  TAPIARY_ASSIGN(const FormatChoice choice, ParseCaptureFormat(request));
  TAPIARY_ASSIGN(const TimeWindow window, ParseWindow(request, base::WallNow()));
  std::string asked = AskedFor(request, window);
  const std::string now = base::FormatTime(base::WallNow()).substr(0, 19);
  Response response = Attachment(
      choice.content_type, fmt::format("tapiary-{}.{}", CleanName(now), choice.extension), nullptr);
  if (!filter.packets_suffice()) NameAbsentFields(filter, FilterTable::kFlows, &response);
  TAPIARY_ASSIGN(response.stream,
                 CaptureOf(context, std::move(filter), window, asked, choice.format));
  return response;
}

// Without a window a tail begins now.
base::Result<LiveBatch> StartOfTail(const ApiContext& context, const Request& request) {
  TAPIARY_TRY(RefuseEach(request, {"until", "to", "clock"}, "not with live=start"));
  std::int64_t from_ns = base::WallNow();
  if (request.query.contains("last") || request.query.contains("from")) {
    TAPIARY_ASSIGN(const TimeWindow window, ParseWindow(request, from_ns));
    from_ns = window.from_ns;
  }
  LiveBatch batch;
  TAPIARY_ASSIGN(batch.next, LiveStart(context.catalog, from_ns));
  return batch;
}

base::Result<LiveBatch> NextOfTail(const ApiContext& context, const Request& request) {
  TAPIARY_TRY(RefuseEach(request, {"last", "from", "to", "clock"}, "not with a cursor in live"));
  TAPIARY_ASSIGN(const LiveCursor after, LiveCursor::Parse(request.query.at("live")));
  std::optional<LiveCursor> until;
  if (const auto found = request.query.find("until"); found != request.query.end()) {
    TAPIARY_ASSIGN(until, LiveCursor::Parse(found->second));
    if (until->newest < after.newest) {
      return base::MakeError(base::ErrorCode::kInvalid, "until: is before live");
    }
  }
  return ReadLiveBatch(context.catalog, after, until, base::WallNow());
}

// Which packets are there is settled by the cursors, so the same question has the same answer.
base::Result<Response> LivePcap(const ApiContext& context, const Request& request, Filter filter) {
  TAPIARY_ASSIGN(const FormatChoice choice, ParseCaptureFormat(request));
  if (!filter.packets_suffice()) {
    return base::MakeError(base::ErrorCode::kInvalid,
                           "live: flows are known later than their packets, so a tail takes only "
                           "fields that packets have (marked \"packets\" in docs/filter.md)");
  }
  const bool start = request.query.at("live") == "start";
  TAPIARY_ASSIGN(LiveBatch batch,
                 start ? StartOfTail(context, request) : NextOfTail(context, request));
  // A tail goes on without: its packets come later.
  if (const auto noted = LiveTail::Note(context.catalog, base::WallNow()); !noted) {
    base::LogWarning("live tail: sensors are not asked for haste: {}", noted.error().message);
  }
  const std::string next = batch.next.ToString();
  const auto asked = request.query.find("filter");
  auto walk = WalkSegments(context, std::move(batch.segments), std::move(filter));
  Response response = Attachment(
      choice.content_type, fmt::format("tapiary-live.{}", choice.extension),
      std::make_unique<CaptureBody>(
          std::move(walk), choice.format,
          Asked("live " + (asked == request.query.end() ? std::string() : asked->second)),
          context.catalog, context.names));
  response.headers.emplace_back("Tapiary-Live", next);
  if (batch.more) response.headers.emplace_back("Tapiary-Live-More", "1");
  return response;
}

base::Result<Response> Segment(const ApiContext& context, const Request& request) {
  TAPIARY_TRY(CheckParameters(request, ""));
  const std::string& text = request.path_params.at("id");
  const bool digits = text.find_first_not_of("0123456789") == std::string::npos;
  if (!digits || text.empty() || text.size() > 18) {
    return base::MakeError(base::ErrorCode::kInvalid, "a segment's id is a number");
  }
  TAPIARY_ASSIGN(const std::optional<StoredSegment> segment,
                 FindSegment(context.catalog, std::stoll(text)));
  if (!segment) {
    return base::MakeError(base::ErrorCode::kNotFound, "there is no segment with this id");
  }
  TAPIARY_ASSIGN(const std::uint64_t size, context.vault.Size(segment->object));
  Response response =
      Attachment("application/zstd",
                 fmt::format("tapiary-{}-segment-{}.pcapng.zst", CleanName(segment->sensor), text),
                 std::make_unique<ObjectBody>(context.vault, segment->object, size));
  return response;
}

Response Finished(base::Result<Response> response) {
  return response ? std::move(*response) : ProblemFor(response.error());
}

}  // namespace

base::Result<std::unique_ptr<CaptureBody>> CaptureOf(const ApiContext& context, Filter filter,
                                                     const TimeWindow& window,
                                                     const std::string& asked,
                                                     CaptureFormat format) {
  std::unique_ptr<SegmentWalk> walk;
  if (filter.packets_suffice()) {
    walk = WalkWindow(context, std::move(filter), window);
  } else {
    TAPIARY_ASSIGN(auto selector, ChooseFlows(context.catalog, filter, &window));
    walk = WalkFlows(context, std::move(selector));
  }
  return std::make_unique<CaptureBody>(std::move(walk), format, asked, context.catalog,
                                       context.names);
}

Response HandleFlowPcap(const ApiContext& context, const Request& request) {
  return Finished(FlowPcap(context, request));
}

Response HandlePcap(const ApiContext& context, const Request& request) {
  Response problem;
  auto filter = ParseFilterParameter(request, &problem);
  if (!filter) return problem;
  const auto known =
      CheckParameters(request, "filter from to last clock format resolution live until");
  if (!known) return ProblemFor(known.error());
  return Finished(request.query.contains("live")
                      ? LivePcap(context, request, std::move(*filter))
                      : FilteredPcap(context, request, std::move(*filter)));
}

Response HandleSegment(const ApiContext& context, const Request& request) {
  return Finished(Segment(context, request));
}

}  // namespace tapiary::server
