// Inside ingest: how many packets of an uploaded capture are in each hour, for completeness
// statements (docs/completeness.md).
//
// A sensor's segment spans a minute; an upload's may span days, so its packets are counted one by
// one while they are read. What retention removes later is known by the segment that is gone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "base/result.h"
#include "server/catalog/catalog.h"
#include "server/ingest/rows.h"

namespace tapiary::server {

// Of one segment. One thread.
class PacketHours {
 public:
  static constexpr std::size_t kMaxHours = 31 * 24;

  void Add(std::int64_t time_ns);
  // By hour; of more than kMaxHours all packets are in that of the first one. Begins anew.
  std::vector<HourPackets> Take();

 private:
  std::map<std::int64_t, std::uint64_t> hours_;
  std::uint64_t packets_ = 0;
  std::int64_t first_ns_ = 0;  // the hour of the first packet
  std::int64_t hour_ns_ = 0;   // of the packet before
  std::uint64_t* count_ = nullptr;
};

// Inside Catalog::Write.
base::Result<> NoteUploadHours(SqlWriter& writer, const RowOwner& owner, const SegmentRow& segment);

}  // namespace tapiary::server
