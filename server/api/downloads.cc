#include "server/api/downloads.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <span>

#include "base/clock.h"
#include "base/text.h"
#include "server/api/capture_body.h"
#include "server/api/flow_picks.h"
#include "server/api/flow_walk.h"
#include "server/api/list_query.h"
#include "server/api/lists.h"
#include "server/api/segment_feed.h"
#include "server/api/segment_walk.h"
#include "server/api/select.h"
#include "server/api/selectors.h"
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
  return Attachment(choice.content_type,
                    fmt::format("tapiary-flow-{}.{}", CleanName(id), choice.extension),
                    std::make_unique<CaptureBody>(std::move(walk), choice.format,
                                                  Asked("flow " + id), context.catalog));
}

std::string AskedFor(const Request& request, const TimeWindow& window) {
  const auto filter = request.query.find("filter");
  const bool all = filter == request.query.end() || filter->second.empty();
  return Asked(fmt::format("{} from {} to {}, {} time", all ? "all packets" : filter->second,
                           base::FormatTime(window.from_ns),
                           window.to_ns >= base::WallNow() ? "now" : base::FormatTime(window.to_ns),
                           window.clock == Clock::kReceived ? "received" : "the sensor's"));
}

base::Result<Response> FilteredPcap(const ApiContext& context, const Request& request,
                                    Filter filter) {
  TAPIARY_TRY(CheckParameters(request, "filter from to last clock format resolution"));
  TAPIARY_ASSIGN(const FormatChoice choice, ParseCaptureFormat(request));
  TAPIARY_ASSIGN(const TimeWindow window, ParseWindow(request, base::WallNow()));
  std::string asked = AskedFor(request, window);
  std::unique_ptr<SegmentWalk> walk;
  if (filter.packets_suffice()) {
    walk = WalkWindow(context, std::move(filter), window);
  } else {
    TAPIARY_ASSIGN(auto selector, ChooseFlows(context.catalog, filter, &window));
    walk = WalkFlows(context, std::move(selector));
  }
  const std::string now = base::FormatTime(base::WallNow()).substr(0, 19);
  return Attachment(choice.content_type,
                    fmt::format("tapiary-{}.{}", CleanName(now), choice.extension),
                    std::make_unique<CaptureBody>(std::move(walk), choice.format, std::move(asked),
                                                  context.catalog));
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

Response HandleFlowPcap(const ApiContext& context, const Request& request) {
  return Finished(FlowPcap(context, request));
}

Response HandlePcap(const ApiContext& context, const Request& request) {
  Response problem;
  auto filter = ParseFilterParameter(request, &problem);
  if (!filter) return problem;
  return Finished(FilteredPcap(context, request, std::move(*filter)));
}

Response HandleSegment(const ApiContext& context, const Request& request) {
  return Finished(Segment(context, request));
}

}  // namespace tapiary::server
