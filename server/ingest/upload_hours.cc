#include "server/ingest/upload_hours.h"

#include "base/clock.h"
#include "server/ingest/hour_rows.h"

namespace tapiary::server {

void PacketHours::Add(std::int64_t time_ns) {
  if (packets_++ == 0) first_ns_ = HourOf(time_ns);
  if (hours_.size() > kMaxHours) return;
  // The difference as unsigned numbers: times of a file may be anywhere.
  const auto since = static_cast<std::uint64_t>(time_ns) - static_cast<std::uint64_t>(hour_ns_);
  const bool same = time_ns >= hour_ns_ && since < static_cast<std::uint64_t>(base::kNanosPerHour);
  if (count_ == nullptr || !same) {
    hour_ns_ = HourOf(time_ns);
    count_ = &hours_[hour_ns_];
  }
  ++*count_;
}

std::vector<HourPackets> PacketHours::Take() {
  std::vector<HourPackets> taken;
  if (hours_.size() > kMaxHours) {
    taken.push_back({first_ns_, packets_});
  } else {
    for (const auto& [hour_ns, packets] : hours_) taken.push_back({hour_ns, packets});
  }
  *this = {};
  return taken;
}

base::Result<> NoteUploadHours(SqlWriter& writer, const RowOwner& owner,
                               const SegmentRow& segment) {
  for (const HourPackets& hour : segment.hours) {
    const std::vector<SqlValue> values{
        owner.sensor_id,
        hour.hour_ns,
        NumberValue(segment.epoch),
        NumberValue(segment.stream),
        NumberValue(segment.first_block),
        NumberValue(hour.packets),
    };
    TAPIARY_TRY(writer.Execute(
        "INSERT INTO upload_hours (sensor_id, hour_ns, epoch, stream, first_block, packets) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        values));
  }
  return {};
}

}  // namespace tapiary::server
