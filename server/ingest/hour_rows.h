// Inside ingest: the history by hours that completeness statements are made from. Each is called
// inside Catalog::Write.
//
// The ledger's totals grow within an epoch; of each hour of the sensor's clock the newest row is
// kept, so that what happened in an hour is the difference to the row before. What was stored is
// counted when it comes, so that what retention removes later is known. docs/completeness.md.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "capture/records.h"
#include "server/catalog/catalog.h"
#include "server/ingest/rows.h"

namespace tapiary::server {

// The beginning of the hour, also before 1970.
std::int64_t HourOf(std::int64_t time_ns);

base::Result<> NoteLedgerHour(SqlWriter& writer, const RowOwner& owner, std::uint64_t epoch,
                              const capture::LedgerRow& ledger);
base::Result<> NoteSegmentHour(SqlWriter& writer, const RowOwner& owner, const SegmentRow& segment);

}  // namespace tapiary::server
