#include "server/api/segment_feed.h"

#include <deque>
#include <iterator>
#include <memory>
#include <utility>

#include "server/api/select.h"

namespace tapiary::server {
namespace {

constexpr std::int64_t kSegmentRowsPerQuery = 256;

#define TAPIARY_SEGMENT_COLUMNS                                                \
  "g.id, g.sensor_id, s.name, g.interface, g.epoch, g.stream, g.first_block, " \
  "g.block_count, g.first_ns, g.object, g.bytes, g.packets"

SqlCondition SegmentSelect(const SqlCondition& where) {
  SqlCondition select{"SELECT " TAPIARY_SEGMENT_COLUMNS
                      " FROM segments g CROSS JOIN sensors s CROSS JOIN items i "
                      "WHERE s.id = g.sensor_id AND i.id = g.item_id AND ",
                      {}};
  Append(&select, where);
  return select;
}

StoredSegment ReadSegment(const SqlRow& row) {
  StoredSegment segment;
  segment.id = row.Int(0);
  segment.sensor_id = row.Int(1);
  segment.sensor = row.Text(2);
  segment.interface = row.Text(3);  // escaped when it was stored
  segment.epoch = static_cast<std::uint64_t>(row.Int(4));
  segment.stream = static_cast<std::uint32_t>(row.Int(5));
  segment.first_block = static_cast<std::uint64_t>(row.Int(6));
  segment.block_count = static_cast<std::uint64_t>(row.Int(7));
  segment.first_ns = row.Int(8);
  segment.object = row.Text(9);
  segment.bytes = static_cast<std::uint64_t>(row.Int(10));
  segment.packets = static_cast<std::uint64_t>(row.Int(11));
  return segment;
}

// Pages through the catalog's segments by (first_ns, id), so that no query is held open while a
// slow client reads (CO-14).
class CatalogFeed {
 public:
  CatalogFeed(const Catalog& catalog, SqlCondition where,
              std::function<bool(const StoredSegment&)> wants)
      : catalog_(&catalog), where_(std::move(where)), wants_(std::move(wants)) {}

  base::Result<std::optional<StoredSegment>> Next() {
    while (page_.empty() && !ended_) TAPIARY_TRY(Fetch());
    if (page_.empty()) return std::optional<StoredSegment>();
    std::optional<StoredSegment> next = std::move(page_.front());
    page_.pop_front();
    return next;
  }

 private:
  base::Result<> Fetch() {
    SqlCondition select = SegmentSelect(where_);
    Append(&select,
           SqlCondition{" AND (g.first_ns, g.id) > (?, ?) ORDER BY g.first_ns, g.id LIMIT ?",
                        {after_ns_, after_id_, kSegmentRowsPerQuery}});
    std::int64_t rows = 0;
    TAPIARY_TRY(catalog_->Query(select.text, select.params, [&](const SqlRow& row) {
      ++rows;
      StoredSegment segment = ReadSegment(row);
      after_ns_ = segment.first_ns;
      after_id_ = segment.id;
      if (wants_(segment)) page_.push_back(std::move(segment));
      return true;
    }));
    ended_ = rows < kSegmentRowsPerQuery;
    return {};
  }

  const Catalog* catalog_;
  SqlCondition where_;
  std::function<bool(const StoredSegment&)> wants_;
  std::deque<StoredSegment> page_;
  std::int64_t after_ns_ = INT64_MIN;
  std::int64_t after_id_ = 0;
  bool ended_ = false;
};

}  // namespace

SegmentFeed FeedFromCatalog(const Catalog& catalog, SqlCondition where,
                            std::function<bool(const StoredSegment&)> wants) {
  auto feed = std::make_shared<CatalogFeed>(catalog, std::move(where), std::move(wants));
  return [feed] { return feed->Next(); };
}

SegmentFeed FeedFrom(std::vector<StoredSegment> segments,
                     std::function<bool(const StoredSegment&)> wants) {
  const auto left = std::make_shared<std::deque<StoredSegment>>(
      std::make_move_iterator(segments.begin()), std::make_move_iterator(segments.end()));
  return [left, wants = std::move(wants)]() -> base::Result<std::optional<StoredSegment>> {
    while (!left->empty()) {
      StoredSegment next = std::move(left->front());
      left->pop_front();
      if (wants(next)) return std::optional(std::move(next));
    }
    return std::optional<StoredSegment>();
  };
}

base::Result<> FindSegmentsOfItems(
    const Catalog& catalog, std::int64_t first_item, std::int64_t last_item,
    const std::function<bool(std::int64_t item, StoredSegment segment)>& take) {
  const SqlValue values[] = {first_item, last_item};
  return catalog.Query("SELECT " TAPIARY_SEGMENT_COLUMNS
                       ", g.item_id FROM segments g CROSS JOIN sensors s WHERE s.id = g.sensor_id "
                       "AND g.item_id >= ? AND g.item_id <= ? ORDER BY g.item_id, g.id",
                       values,
                       [&take](const SqlRow& row) { return take(row.Int(12), ReadSegment(row)); });
}

base::Result<std::optional<StoredSegment>> FindSegment(const Catalog& catalog, std::int64_t id) {
  const SqlCondition select = SegmentSelect({"g.id = ?", {id}});
  std::optional<StoredSegment> segment;
  TAPIARY_TRY(catalog.Query(select.text, select.params, [&segment](const SqlRow& row) {
    segment = ReadSegment(row);
    return false;
  }));
  return segment;
}

SegmentOpener OpenFrom(Vault& vault) {
  return [&vault](const StoredSegment& segment) -> capture::RangeReader {
    return [&vault, object = segment.object](std::uint64_t offset, std::size_t size) {
      return vault.ReadRange(object, offset, size);
    };
  };
}

AheadSink AheadFrom(Vault& vault) {
  return [&vault](const StoredSegment& segment, std::uint64_t offset, std::size_t size) {
    vault.WillRead(segment.object, offset, size);
  };
}

}  // namespace tapiary::server
