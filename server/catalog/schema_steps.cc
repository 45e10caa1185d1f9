#include "server/catalog/schema_steps.h"

namespace tapiary::server {

// Who searched and downloaded what (server/audit/). All NULL in rows of other actions.
const char* const kAccessStep = R"sql(
ALTER TABLE audit ADD COLUMN peer TEXT;
ALTER TABLE audit ADD COLUMN status INTEGER;  -- of the answer
ALTER TABLE audit ADD COLUMN bytes INTEGER;   -- that were answered, of all uses
ALTER TABLE audit ADD COLUMN uses INTEGER;    -- how often the same was asked for
ALTER TABLE audit ADD COLUMN last_ns INTEGER; -- when the last time, or when a download ended
ALTER TABLE audit ADD COLUMN outcome TEXT;    -- of a download: whole, broken, left
CREATE INDEX audit_by_action ON audit (action, id);
CREATE INDEX audit_by_actor ON audit (actor, id);
)sql";

// docs/completeness.md. Hours are those of the sensor's clock.
const char* const kCompletenessStep = R"sql(
CREATE TABLE ledger_hours (  -- the newest totals of each hour
  sensor_id INTEGER NOT NULL REFERENCES sensors(id),
  epoch INTEGER NOT NULL,
  interface TEXT NOT NULL,
  hour_ns INTEGER NOT NULL,
  time_ns INTEGER NOT NULL,
  offered INTEGER NOT NULL,
  recorded INTEGER NOT NULL,
  record TEXT NOT NULL,      -- as in ledger
  PRIMARY KEY (sensor_id, epoch, interface, hour_ns)
);
CREATE INDEX ledger_hours_by_hour ON ledger_hours (sensor_id, hour_ns);
CREATE INDEX ledger_hours_by_total ON ledger_hours (sensor_id, epoch, interface, offered, time_ns);
CREATE TABLE segment_hours ( -- what sensors sent, by the hour of its first packet; removed or not
  sensor_id INTEGER NOT NULL REFERENCES sensors(id),
  hour_ns INTEGER NOT NULL,
  segments INTEGER NOT NULL,
  packets INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (sensor_id, hour_ns)
);
CREATE TABLE collector_keys ( -- that statements and cases are signed with
  id INTEGER PRIMARY KEY,
  public_key BLOB NOT NULL UNIQUE,  -- Ed25519
  first_ns INTEGER NOT NULL
);
CREATE INDEX segments_by_first ON segments (sensor_id, first_ns);
CREATE INDEX gaps_by_begin ON gaps (sensor_id, from_ns);
INSERT INTO ledger_hours (sensor_id, epoch, interface, hour_ns, time_ns, offered, recorded, record)
  SELECT sensor_id, epoch, interface, time_ns / 3600000000000 * 3600000000000, time_ns, offered,
    recorded, record FROM ledger;
INSERT INTO segment_hours (sensor_id, hour_ns, segments, packets, bytes)
  SELECT sensor_id, first_ns / 3600000000000 * 3600000000000, COUNT(*), SUM(packets), SUM(bytes)
  FROM segments WHERE epoch < 4611686018427387904
  GROUP BY sensor_id, first_ns / 3600000000000 * 3600000000000;
)sql";

}  // namespace tapiary::server
