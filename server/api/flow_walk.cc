#include "server/api/flow_walk.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "capture/segment/segment.h"
#include "server/api/absent.h"
#include "server/api/flow_picks.h"
#include "server/api/lists.h"
#include "server/api/segment_feed.h"
#include "server/api/select.h"

namespace tapiary::server {
namespace {

std::unique_ptr<SegmentWalk> WalkOf(SegmentFeed feed, Vault& vault,
                                    std::unique_ptr<PacketSelector> selector) {
  auto walk = std::make_unique<SegmentWalk>(std::move(feed), OpenFrom(vault), std::move(selector));
  walk->OnAhead(AheadFrom(vault));
  return walk;
}

std::unique_ptr<SegmentWalk> MakeWalk(const ApiContext& context, SqlCondition where,
                                      std::function<bool(const StoredSegment&)> wants,
                                      std::unique_ptr<PacketSelector> selector) {
  return WalkOf(FeedFromCatalog(context.catalog, std::move(where), std::move(wants)), context.vault,
                std::move(selector));
}

// Where the flows' blocks are. Of few streams it is said by block numbers, which an index finds
// however much is stored; of many by time.
SqlCondition SegmentsOf(const FlowSelector& flows) {
  constexpr std::size_t kMaxSpans = 16;
  const std::vector<FlowSelector::StreamSpan> spans = flows.spans();
  if (spans.empty() || spans.size() > kMaxSpans) {
    return {"g.last_ns >= ? AND g.first_ns <= ?", {flows.from_ns(), flows.to_ns()}};
  }
  SqlCondition where{"(", {}};
  for (const auto& span : spans) {
    const auto& [sensor_id, epoch, stream] = span.stream;
    const std::uint64_t before = std::min<std::uint64_t>(span.first, capture::kMaxBlocksPerSegment);
    if (!where.params.empty()) Append(&where, " OR ");
    Append(&where, SqlCondition{"(g.sensor_id = ? AND g.epoch = ? AND g.stream = ? AND "
                                "g.first_block >= ? AND g.first_block <= ?)",
                                {sensor_id, static_cast<std::int64_t>(epoch),
                                 static_cast<std::int64_t>(stream),
                                 static_cast<std::int64_t>(span.first - before),
                                 static_cast<std::int64_t>(span.last)}});
  }
  Append(&where, ")");
  return where;
}

}  // namespace

std::unique_ptr<SegmentWalk> WalkFlows(const ApiContext& context,
                                       std::unique_ptr<FlowSelector> selector) {
  SqlCondition where = SegmentsOf(*selector);
  FlowSelector* flows = selector.get();  // lives in the walk, as long as its feed
  auto walk = MakeWalk(
      context, std::move(where),
      [flows](const StoredSegment& segment) {
        const bool wanted = flows->WantsSegment(segment);
        if (wanted) flows->Found(segment);
        return wanted;
      },
      std::move(selector));
  walk->OnAbsent([flows, &catalog = context.catalog] { return AbsentOf(catalog, *flows); });
  return walk;
}

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
  auto walk = MakeWalk(
      context, std::move(where),
      [filtered](const StoredSegment& segment) { return filtered->WantsSegment(segment); },
      std::move(selector));
  walk->OnAbsent([filtered, window, &catalog = context.catalog] {
    return RemovedFrom(catalog, window, [filtered](std::string_view sensor) {
      return filtered->WantsSegment({.sensor = std::string(sensor)});
    });
  });
  return walk;
}

std::unique_ptr<SegmentWalk> WalkSegments(const ApiContext& context,
                                          std::vector<StoredSegment> segments, Filter filter) {
  auto selector = std::make_unique<FilterSelector>(std::move(filter), INT64_MIN, INT64_MAX);
  const FilterSelector* filtered = selector.get();  // lives in the walk, as long as its feed
  return WalkOf(FeedFrom(std::move(segments),
                         [filtered](const StoredSegment& segment) {
                           return filtered->WantsSegment(segment);
                         }),
                context.vault, std::move(selector));
}

base::Result<std::unique_ptr<SegmentWalk>> WalkFlow(const ApiContext& context,
                                                    const std::string& id) {
  TAPIARY_ASSIGN(const Filter filter, FilterForFlowId(id));
  TAPIARY_ASSIGN(auto selector, ChooseFlows(context.catalog, filter, nullptr));
  if (selector->from_ns() > selector->to_ns()) {
    return base::MakeError(base::ErrorCode::kNotFound, "there is no flow with this id");
  }
  return WalkFlows(context, std::move(selector));
}

}  // namespace tapiary::server
