// PcapImport: a capture file through the sensor's own packet path, into segments in the vault and
// records in memory. The catalog is not touched. One thread, one use.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "capture/records.h"
#include "server/ingest/context.h"
#include "server/ingest/rows.h"

namespace tapiary::server {

struct PcapContent {
  std::vector<SegmentRow> segments;  // without item_id
  // Objects of segments that are not committed yet, by the segment's place: those at the file's
  // end, if they are few.
  std::vector<std::pair<std::size_t, std::unique_ptr<PendingObject>>> pending;
  capture::RecordBatch records;
  std::uint64_t packets = 0;
  std::uint64_t flows = 0;
  std::uint64_t transactions = 0;
  std::uint64_t commands = 0;
  std::string note;  // a cut tail, records that no interface explains; or ""
};

// `epoch` goes into flow ids and segment rows. The names of new objects are added to `objects` as
// they are made, whatever the result. kCorrupt with offset for what is no capture file or is broken
// in the middle, kTooLarge when a limit is passed.
base::Result<PcapContent> ImportPcap(IngestContext& context, const std::string& path,
                                     const std::string& sensor, std::uint64_t epoch,
                                     NewObjects& objects);
// Commits what is pending: it waits for the disk, and needs no processor meanwhile.
base::Result<> CommitPending(PcapContent& content, NewObjects& objects);

}  // namespace tapiary::server
