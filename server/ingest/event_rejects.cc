#include "server/ingest/event_rejects.h"

#include <vector>

namespace tapiary::server {

base::Result<> InsertReject(SqlWriter& writer, const RowOwner& owner, const EventReject& reject) {
  const std::vector<SqlValue> values{
      owner.sensor_id,           owner.received_ns,
      NumberValue(reject.index), TextValue(reject.reason),
      NumberValue(reject.bytes), TextValue(reject.raw.substr(0, kMaxRejectBytes)),
  };
  TAPIARY_TRY(writer.Execute(
      "INSERT INTO event_rejects (sensor_id, received_ns, place, reason, bytes, raw) "
      "VALUES (?, ?, ?, ?, ?, ?)",
      values));
  return {};
}

// While there are no more than `keep` the inner query finds no row, and no id is below NULL.
base::Result<> DropOldRejects(SqlWriter& writer, const RowOwner& owner, std::int64_t keep) {
  const std::vector<SqlValue> values{owner.sensor_id, owner.sensor_id, keep};
  TAPIARY_TRY(
      writer.Execute("DELETE FROM event_rejects WHERE sensor_id = ? AND id <= (SELECT id FROM "
                     "event_rejects WHERE sensor_id = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
                     values));
  return {};
}

}  // namespace tapiary::server
