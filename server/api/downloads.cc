#include "server/api/downloads.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <span>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "server/api/capture_writer.h"
#include "server/api/flow_picks.h"
#include "server/api/list_query.h"
#include "server/api/lists.h"
#include "server/api/segment_feed.h"
#include "server/api/segment_walk.h"
#include "server/api/selectors.h"
#include "server/vault/vault.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kFillBytes = 128 * 1024;
constexpr int kToldInLog = 20;
constexpr std::int64_t kSegmentReadBytes = 256 * 1024;

// The walk's packets as a capture file.
class CaptureBody : public BodySource {
 public:
  CaptureBody(std::unique_ptr<SegmentWalk> walk, CaptureFormat format)
      : walk_(std::move(walk)), writer_(format), format_(format) {
    walk_->OnDamage([this](const Damage& damage) { Tell(damage); });
  }

  base::Result<std::size_t> Read(std::span<char> buffer) override {
    if (at_ == out_.size()) {
      auto filled = Fill();
      if (!filled) {
        base::LogError("download ended early: {}", base::EscapeBytes(filled.error().message));
        return filled.error();
      }
    }
    const std::size_t size = std::min(buffer.size(), out_.size() - at_);
    std::copy_n(out_.begin() + static_cast<std::ptrdiff_t>(at_), size, buffer.begin());
    at_ += size;
    return size;
  }

 private:
  // In the file, where its format can, and in the log: what is missing is never silently missing.
  void Tell(const Damage& damage) {
    const std::string text = fmt::format(
        "MISSING: {}segment {} of sensor {}, interface {}, cannot be read from the vault: up to {} "
        "packets from {} on are not here",
        damage.block ? fmt::format("block {} of ", *damage.block) : std::string(),
        damage.segment.id, base::EscapeBytes(damage.segment.sensor), damage.segment.interface,
        damage.packets, base::FormatTime(damage.segment.first_ns));
    writer_.Note(text);
    if (++told_ > kToldInLog) return;
    base::LogError("download: {} ({}, {}){}", text, damage.segment.object,
                   base::EscapeBytes(damage.reason),
                   told_ == kToldInLog ? "; more of this download are not logged" : "");
  }

  // A classic pcap has no place for comments: everything else has been sent, and a broken end is
  // the only way to say that this is not all.
  [[nodiscard]] base::Result<> Incomplete() {
    if (!out_.empty()) return {};  // first what is left to send
    return base::MakeError(base::ErrorCode::kCorrupt,
                           "packets are missing; downloaded as pcapng, the file says which");
  }

  base::Result<> Fill() {
    out_.clear();
    at_ = 0;
    while (!ended_ && out_.size() < kFillBytes) {
      TAPIARY_ASSIGN(const SegmentWalk::Item item, walk_->Next());
      if (item.segment == nullptr) {
        if (told_ > 0 && format_ != CaptureFormat::kPcapng) return Incomplete();
        writer_.Finish(out_);
        ended_ = true;
        walk_.reset();
        break;
      }
      TAPIARY_TRY(writer_.Append(*item.packet, item.segment->sensor, *item.interface, out_));
    }
    return {};
  }

  std::unique_ptr<SegmentWalk> walk_;
  CaptureWriter writer_;
  CaptureFormat format_;
  int told_ = 0;
  std::vector<std::uint8_t> out_;
  std::size_t at_ = 0;
  bool ended_ = false;
};

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

std::unique_ptr<SegmentWalk> MakeWalk(const ApiContext& context, SqlCondition where,
                                      std::function<bool(const StoredSegment&)> wants,
                                      std::unique_ptr<PacketSelector> selector) {
  return std::make_unique<SegmentWalk>(
      FeedFromCatalog(context.catalog, std::move(where), std::move(wants)), OpenFrom(context.vault),
      std::move(selector));
}

std::unique_ptr<SegmentWalk> WalkFlows(const ApiContext& context,
                                       std::unique_ptr<FlowSelector> selector) {
  SqlCondition where{"g.last_ns >= ? AND g.first_ns <= ?",
                     {selector->from_ns(), selector->to_ns()}};
  const FlowSelector* flows = selector.get();  // lives in the walk, as long as its feed
  return MakeWalk(
      context, std::move(where),
      [flows](const StoredSegment& segment) { return flows->WantsSegment(segment); },
      std::move(selector));
}

// Every stored packet of the window: by the collector's clock what was received then, by the
// sensor's what has a time in it.
std::unique_ptr<SegmentWalk> WalkWindow(const ApiContext& context, Filter filter,
                                        const TimeWindow& window) {
  const bool received = window.clock == Clock::kReceived;
  SqlCondition where{
      received ? "i.received_ns >= ? AND i.received_ns <= ?" : "g.last_ns >= ? AND g.first_ns <= ?",
      {window.from_ns, window.to_ns}};
  auto selector =
      std::make_unique<FilterSelector>(std::move(filter), received ? INT64_MIN : window.from_ns,
                                       received ? INT64_MAX : window.to_ns);
  const FilterSelector* filtered = selector.get();  // lives in the walk, as long as its feed
  return MakeWalk(
      context, std::move(where),
      [filtered](const StoredSegment& segment) { return filtered->WantsSegment(segment); },
      std::move(selector));
}

base::Result<Response> FlowPcap(const ApiContext& context, const Request& request) {
  TAPIARY_TRY(CheckParameters(request, "format resolution"));
  TAPIARY_ASSIGN(const FormatChoice choice, ParseCaptureFormat(request));
  const std::string& id = request.path_params.at("id");
  TAPIARY_ASSIGN(const Filter filter, FilterForFlowId(id));
  TAPIARY_ASSIGN(auto selector, ChooseFlows(context.catalog, filter, nullptr));
  if (selector->from_ns() > selector->to_ns()) {
    return base::MakeError(base::ErrorCode::kNotFound, "there is no flow with this id");
  }
  return Attachment(
      choice.content_type, fmt::format("tapiary-flow-{}.{}", CleanName(id), choice.extension),
      std::make_unique<CaptureBody>(WalkFlows(context, std::move(selector)), choice.format));
}

base::Result<Response> FilteredPcap(const ApiContext& context, const Request& request,
                                    Filter filter) {
  TAPIARY_TRY(CheckParameters(request, "filter from to last clock format resolution"));
  TAPIARY_ASSIGN(const FormatChoice choice, ParseCaptureFormat(request));
  TAPIARY_ASSIGN(const TimeWindow window, ParseWindow(request, base::WallNow()));
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
                    std::make_unique<CaptureBody>(std::move(walk), choice.format));
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
