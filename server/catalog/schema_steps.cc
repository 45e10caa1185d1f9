#include "server/catalog/schema_steps.h"

namespace tapiary::server {

// docs/formats/evidence.md. What a sensor tells of its items, and whether it fits.
const char* const kEvidenceStep = R"sql(
CREATE TABLE sensor_keys (   -- that a sensor's facts were signed with
  id INTEGER PRIMARY KEY,
  sensor_id INTEGER NOT NULL REFERENCES sensors(id),
  public_key BLOB NOT NULL,  -- Ed25519
  state TEXT NOT NULL CHECK (state IN ('trusted', 'pending', 'refused')),
  first_ns INTEGER NOT NULL,
  decided_ns INTEGER,
  decided_by TEXT,
  UNIQUE (sensor_id, public_key)
);
CREATE TABLE chains (
  id INTEGER PRIMARY KEY,
  sensor_id INTEGER NOT NULL REFERENCES sensors(id),
  key_id INTEGER NOT NULL REFERENCES sensor_keys(id),
  epoch INTEGER NOT NULL,    -- in which it began
  first_ns INTEGER NOT NULL,
  last_ns INTEGER NOT NULL,  -- of the newest end that was told
  last_number INTEGER NOT NULL,
  last_value BLOB,
  forks INTEGER NOT NULL,    -- runs that do not fit the others
  UNIQUE (key_id, epoch)
);
CREATE TABLE chain_runs (    -- consecutive numbers, as one facts item told them
  id INTEGER PRIMARY KEY,
  chain_id INTEGER NOT NULL REFERENCES chains(id),
  first_number INTEGER NOT NULL,
  last_number INTEGER NOT NULL,
  value_before BLOB NOT NULL,
  value_after BLOB NOT NULL,
  item_id INTEGER NOT NULL   -- the facts item
);
CREATE INDEX chain_runs_by_first ON chain_runs (chain_id, first_number);
CREATE INDEX chain_runs_by_last ON chain_runs (chain_id, last_number);
CREATE TABLE expected_items ( -- told and not here yet
  sensor_id INTEGER NOT NULL REFERENCES sensors(id),
  kind TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  digest BLOB NOT NULL,
  chain_id INTEGER NOT NULL REFERENCES chains(id),
  chain_number INTEGER NOT NULL,
  told_ns INTEGER NOT NULL,
  PRIMARY KEY (sensor_id, kind, epoch, seq, digest)
);
CREATE TABLE dropped_items ( -- that the sensor says will not come
  id INTEGER PRIMARY KEY,
  sensor_id INTEGER NOT NULL REFERENCES sensors(id),
  kind TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  reason TEXT NOT NULL,
  item_id INTEGER NOT NULL   -- the facts item that says so
);
CREATE INDEX dropped_items_by_place ON dropped_items (sensor_id, kind, epoch, last_seq);
CREATE TABLE item_bodies (   -- of flows and facts, as they came; goes with what the item held
  item_id INTEGER PRIMARY KEY,
  body BLOB NOT NULL
);
ALTER TABLE items ADD COLUMN chain_id INTEGER;
ALTER TABLE items ADD COLUMN chain_number INTEGER;
ALTER TABLE items ADD COLUMN verified INTEGER NOT NULL DEFAULT 0;  -- Verified of chain_rows.h
CREATE INDEX items_by_chain ON items (chain_id, chain_number) WHERE chain_id IS NOT NULL;
CREATE INDEX items_in_doubt ON items (sensor_id, id) WHERE verified > 1;
)sql";

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

// On PostgreSQL flows lie in parts by time of reception (postgres_parts.h); the table of before is
// the first. It is read once for that, and not written. A part has its own unique key;
// part_numbers says which numbers a part may have, so that a new flow is looked for in few others.
const char* const kTimePartsStep = R"sql(
--postgres CREATE TABLE time_parts (
--postgres   name TEXT PRIMARY KEY,
--postgres   of_table TEXT NOT NULL,
--postgres   from_ns BIGINT NOT NULL,
--postgres   to_ns BIGINT NOT NULL
--postgres );
--postgres CREATE UNIQUE INDEX time_parts_by_time ON time_parts (of_table, from_ns);
--postgres CREATE TABLE part_numbers (
--postgres   sensor_id BIGINT NOT NULL,
--postgres   epoch BIGINT NOT NULL,
--postgres   part TEXT NOT NULL,
--postgres   lowest BIGINT NOT NULL,
--postgres   highest BIGINT NOT NULL,
--postgres   PRIMARY KEY (sensor_id, epoch, part)
--postgres );
--postgres CREATE SEQUENCE flows_ids CACHE 100;
--postgres ALTER TABLE flows RENAME TO flows_before;
--postgres ALTER INDEX flows_by_start RENAME TO flows_before_by_start;
--postgres ALTER INDEX flows_by_orig RENAME TO flows_before_by_orig;
--postgres ALTER INDEX flows_by_resp RENAME TO flows_before_by_resp;
--postgres DO $$
--postgres DECLARE
--postgres   day CONSTANT bigint := 86400000000000;
--postgres   now_ns CONSTANT bigint := extract(epoch FROM now())::bigint * 1000000000;
--postgres   last_ns bigint;
--postgres   bound bigint;
--postgres   id bigint;
--postgres BEGIN
--postgres   SELECT max(received_ns) INTO last_ns FROM flows_before;
--postgres   bound := CASE WHEN last_ns IS NULL THEN now_ns / day * day
--postgres     ELSE (greatest(last_ns, now_ns) / day + 1) * day END;
--postgres   EXECUTE 'SELECT last_value + 1 FROM ' || pg_get_serial_sequence('flows_before', 'id')
--postgres     INTO id;
--postgres   PERFORM setval('flows_ids', id, false);
--postgres   ALTER TABLE flows_before ALTER COLUMN id DROP IDENTITY;
--postgres   CREATE TABLE flows (LIKE flows_before) PARTITION BY RANGE (received_ns);
--postgres   ALTER TABLE flows ALTER COLUMN id SET DEFAULT nextval('flows_ids');
--postgres   ALTER SEQUENCE flows_ids OWNED BY flows.id;
--postgres   CREATE INDEX flows_by_start ON flows (start_ns);
--postgres   CREATE INDEX flows_by_orig ON flows (received_ns, orig_ip);
--postgres   CREATE INDEX flows_by_resp ON flows (received_ns, resp_ip);
--postgres   EXECUTE format('ALTER TABLE flows ATTACH PARTITION flows_before FOR VALUES '
--postgres     'FROM (MINVALUE) TO (%s)', bound);
--postgres   CREATE TABLE flows_default PARTITION OF flows DEFAULT;
--postgres   CREATE UNIQUE INDEX ON flows_default (sensor_id, epoch, number);
--postgres   INSERT INTO time_parts VALUES ('flows_before', 'flows', -9223372036854775808, bound);
--postgres   INSERT INTO part_numbers
--postgres     SELECT sensor_id, epoch, 'flows_before', min(number), max(number) FROM flows_before
--postgres     GROUP BY sensor_id, epoch;
--postgres END $$;
)sql";

// So that a search for an address leaves out the batches that have none of it. Batches of before,
// and those with a filter that is NULL, may have any.
const char* const kAddressesStep = R"sql(
CREATE TABLE flow_addresses (
  received_ns INTEGER PRIMARY KEY,  -- as in flow_batches
  filter BLOB                       -- server/catalog/address_filter.h
);
)sql";

// A flow that lasted long begins far from what else came with it. With those in an index of their
// own (server/query/flow_lookup.h), a batch touches few pages.
const char* const kStartsStep = R"sql(
DROP INDEX flows_by_start;
CREATE INDEX short_flows_by_start ON flows (start_ns) WHERE end_ns / 4 - start_ns / 4 < 500000000;
CREATE INDEX long_flows_by_start ON flows (start_ns) WHERE end_ns / 4 - start_ns / 4 >= 500000000;
)sql";

// On SQLite a list for each batch in place of an entry for each flow in two indexes. Of batches
// whose lists are NULL all flows are looked at, which are together in flows_by_received. PostgreSQL
// keeps the indexes and no lists: reading those costs it too much.
const char* const kEndsStep = R"sql(
CREATE TABLE flow_ends (
  received_ns INTEGER PRIMARY KEY,  -- as in flow_batches
  orig BLOB,                        -- server/catalog/address_list.h
  resp BLOB
);
/*sqlite*/ DROP INDEX flows_by_orig;
/*sqlite*/ DROP INDEX flows_by_resp;
/*sqlite*/ CREATE INDEX flows_by_received ON flows (received_ns, number);
/*sqlite*/ INSERT INTO flow_ends (received_ns, orig, resp) SELECT received_ns,
/*sqlite*/   tapiary_list(orig_ip, number), tapiary_list(resp_ip, number) FROM flows GROUP BY 1;
)sql";

// By run of events (server/query/event_lookup.h): a request's sources are all over an index by
// address, so that it wrote to as many pages, which was more than all else that it wrote.
// PostgreSQL, which knows how often an address comes, keeps that.
const char* const kSourceRunsStep = R"sql(
/*sqlite*/ DROP INDEX events_by_source;
/*sqlite*/ CREATE INDEX events_by_source ON events ((id / 4096), source_ip, time_ns);
)sql";

// Packets of captures that came without a sensor, by their own hours. Rows stay when retention
// removes the segment that they name, so that its packets are known to have been here. Before this
// step all of a segment count in the hour of the first one.
const char* const kUploadHoursStep = R"sql(
CREATE TABLE upload_hours (
  sensor_id INTEGER NOT NULL REFERENCES sensors(id),
  hour_ns INTEGER NOT NULL,
  epoch INTEGER NOT NULL,    -- with stream and first_block: the segment
  stream INTEGER NOT NULL,
  first_block INTEGER NOT NULL,
  packets INTEGER NOT NULL,
  PRIMARY KEY (sensor_id, hour_ns, epoch, stream, first_block)
);
INSERT INTO upload_hours (sensor_id, hour_ns, epoch, stream, first_block, packets)
  SELECT sensor_id, first_ns / 3600000000000 * 3600000000000, epoch, stream, first_block, packets
  FROM segments WHERE epoch >= 4611686018427387904;
)sql";

// Of what sensors send items have the digest.
const char* const kObjectDigestStep = R"sql(
ALTER TABLE segments ADD COLUMN digest BLOB;  -- SHA-256 of an uploaded capture's object
)sql";

// The same on SQLite (sqlite_parts.h). What `flows` was is the first part; without rows, a part of
// no time, which retention removes.
const char* const kSqlitePartsStep = R"sql(
/*sqlite*/ CREATE TABLE time_parts (
/*sqlite*/   number INTEGER PRIMARY KEY,  -- the upper bits of its rows' ids
/*sqlite*/   name TEXT NOT NULL UNIQUE,
/*sqlite*/   of_table TEXT NOT NULL,
/*sqlite*/   from_ns INTEGER NOT NULL,
/*sqlite*/   to_ns INTEGER NOT NULL
/*sqlite*/ );
/*sqlite*/ CREATE TABLE part_numbers (
/*sqlite*/   sensor_id INTEGER NOT NULL,
/*sqlite*/   epoch INTEGER NOT NULL,
/*sqlite*/   part TEXT NOT NULL,
/*sqlite*/   lowest INTEGER NOT NULL,
/*sqlite*/   highest INTEGER NOT NULL,
/*sqlite*/   PRIMARY KEY (sensor_id, epoch, part)
/*sqlite*/ ) WITHOUT ROWID;
/*sqlite*/ ALTER TABLE flows RENAME TO flows_before;
/*sqlite*/ INSERT INTO time_parts SELECT 1, 'flows_before', 'flows', -9223372036854775807 - 1,
/*sqlite*/   COALESCE((MAX(received_ns, now_ns) / 86400000000000 + 1) * 86400000000000, 0)
/*sqlite*/   FROM (SELECT MAX(received_ns) AS received_ns,
/*sqlite*/     CAST(strftime('%s', 'now') AS INTEGER) * 1000000000 AS now_ns FROM flows_before);
/*sqlite*/ INSERT INTO part_numbers
/*sqlite*/   SELECT sensor_id, epoch, 'flows_before', MIN(number), MAX(number) FROM flows_before
/*sqlite*/   GROUP BY sensor_id, epoch;
/*sqlite*/ CREATE VIRTUAL TABLE flows USING tapiary_parts;
)sql";

// Transactions and events too, on both. Events of before keep their ids, which event_clocks and
// people's notes name. event_runs: the runs of events that there may be (event_lookup.h).
const char* const kMorePartsStep = R"sql(
/*sqlite*/ ALTER TABLE transactions RENAME TO transactions_before;
/*sqlite*/ INSERT INTO time_parts
/*sqlite*/   SELECT (SELECT MAX(number) + 1 FROM time_parts), 'transactions_before',
/*sqlite*/   'transactions', -9223372036854775807 - 1,
/*sqlite*/   COALESCE((MAX(received_ns, now_ns) / 86400000000000 + 1) * 86400000000000, 0)
/*sqlite*/   FROM (SELECT MAX(received_ns) AS received_ns,
/*sqlite*/     CAST(strftime('%s', 'now') AS INTEGER) * 1000000000 AS now_ns
/*sqlite*/     FROM transactions_before);
/*sqlite*/ INSERT INTO part_numbers
/*sqlite*/   SELECT sensor_id, epoch, 'transactions_before', MIN(flow_number), MAX(flow_number)
/*sqlite*/   FROM transactions_before GROUP BY sensor_id, epoch;
/*sqlite*/ CREATE VIRTUAL TABLE transactions USING tapiary_parts;
/*sqlite*/ ALTER TABLE events RENAME TO events_before;
/*sqlite*/ INSERT INTO time_parts SELECT 0, 'events_before', 'events', -9223372036854775807 - 1,
/*sqlite*/   COALESCE((MAX(received_ns, now_ns) / 86400000000000 + 1) * 86400000000000, 0)
/*sqlite*/   FROM (SELECT MAX(received_ns) AS received_ns,
/*sqlite*/     CAST(strftime('%s', 'now') AS INTEGER) * 1000000000 AS now_ns FROM events_before);
/*sqlite*/ CREATE VIRTUAL TABLE events USING tapiary_parts;
/*sqlite*/ CREATE VIEW event_runs AS
/*sqlite*/   WITH RECURSIVE runs(number) AS (SELECT MAX(id) / 4096 FROM events UNION ALL
/*sqlite*/     SELECT (SELECT MAX(v.id) / 4096 FROM events v WHERE v.id < runs.number * 4096)
/*sqlite*/     FROM runs WHERE number IS NOT NULL)
/*sqlite*/   SELECT number FROM runs;
--postgres ALTER TABLE transactions DROP CONSTRAINT IF EXISTS transactions_pkey;
--postgres ALTER TABLE transactions DROP CONSTRAINT IF EXISTS transactions_sensor_id_fkey;
--postgres ALTER TABLE events DROP CONSTRAINT IF EXISTS events_pkey;
--postgres ALTER TABLE events DROP CONSTRAINT IF EXISTS events_sensor_id_fkey;
--postgres ALTER INDEX transactions_by_time RENAME TO transactions_before_by_time;
--postgres ALTER INDEX commands_by_time RENAME TO commands_before_by_time;
--postgres ALTER INDEX transactions_by_received RENAME TO transactions_before_by_received;
--postgres ALTER INDEX commands_by_received RENAME TO commands_before_by_received;
--postgres ALTER INDEX events_by_time RENAME TO events_before_by_time;
--postgres ALTER INDEX events_by_received RENAME TO events_before_by_received;
--postgres ALTER INDEX events_by_source RENAME TO events_before_by_source;
--postgres ALTER INDEX events_by_session RENAME TO events_before_by_session;
--postgres DO $$
--postgres DECLARE
--postgres   day CONSTANT bigint := 86400000000000;
--postgres   now_ns CONSTANT bigint := extract(epoch FROM now())::bigint * 1000000000;
--postgres   last_ns bigint;
--postgres   id bigint;
--postgres   whole text;
--postgres BEGIN
--postgres   FOREACH whole IN ARRAY ARRAY['transactions', 'events'] LOOP
--postgres     EXECUTE format('SELECT max(received_ns) FROM %I', whole) INTO last_ns;
--postgres     last_ns := CASE WHEN last_ns IS NULL THEN now_ns / day * day
--postgres       ELSE (greatest(last_ns, now_ns) / day + 1) * day END;
--postgres     EXECUTE 'SELECT last_value + 1 FROM ' || pg_get_serial_sequence(whole, 'id') INTO id;
--postgres     EXECUTE format('CREATE SEQUENCE %I CACHE 100', whole || '_ids');
--postgres     PERFORM setval(whole || '_ids', id, false);
--postgres     EXECUTE format('ALTER TABLE %I ALTER COLUMN id DROP IDENTITY', whole);
--postgres     EXECUTE format('ALTER TABLE %I RENAME TO %I', whole, whole || '_before');
--postgres     EXECUTE format('CREATE TABLE %I (LIKE %I) PARTITION BY RANGE (received_ns)', whole,
--postgres       whole || '_before');
--postgres     EXECUTE format('ALTER TABLE %I ALTER COLUMN id SET DEFAULT nextval(%L)', whole,
--postgres       whole || '_ids');
--postgres     EXECUTE format('ALTER SEQUENCE %I OWNED BY %I.id', whole || '_ids', whole);
--postgres     INSERT INTO time_parts
--postgres       VALUES (whole || '_before', whole, -9223372036854775808, last_ns);
--postgres   END LOOP;
--postgres   CREATE INDEX transactions_by_time ON transactions (time_ns);
--postgres   CREATE INDEX commands_by_time ON transactions (time_ns) WHERE command = 1;
--postgres   CREATE INDEX transactions_by_received ON transactions (received_ns);
--postgres   CREATE INDEX commands_by_received ON transactions (received_ns) WHERE command = 1;
--postgres   CREATE INDEX events_by_id ON events (id);
--postgres   CREATE INDEX events_by_time ON events (time_ns);
--postgres   CREATE INDEX events_by_received ON events (received_ns);
--postgres   CREATE INDEX events_by_source ON events (source_ip, time_ns);
--postgres   CREATE INDEX events_by_session ON events (sensor_id, session, time_ns);
--postgres   FOREACH whole IN ARRAY ARRAY['transactions', 'events'] LOOP
--postgres     SELECT to_ns INTO last_ns FROM time_parts WHERE name = whole || '_before';
--postgres     EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (MINVALUE) TO (%s)',
--postgres       whole, whole || '_before', last_ns);
--postgres     EXECUTE format('CREATE TABLE %I PARTITION OF %I DEFAULT', whole || '_default', whole);
--postgres   END LOOP;
--postgres   CREATE UNIQUE INDEX ON transactions_default (sensor_id, epoch, flow_number, number);
--postgres END $$;
--postgres CREATE VIEW event_runs AS SELECT generate_series(
--postgres   (SELECT MIN(id) / 4096 FROM events), (SELECT MAX(id) / 4096 FROM events)) AS number;
)sql";

// A token that was rotated ends soon: another one made like it would, too.
const char* const kReplacedTokensStep = R"sql(
ALTER TABLE tokens ADD COLUMN replaced_by INTEGER;  -- by rotation; not taken to rotate once more
)sql";

}  // namespace tapiary::server
