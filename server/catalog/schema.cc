#include "server/catalog/schema.h"

#include <array>

#include "server/catalog/schema_steps.h"

namespace tapiary::server {

namespace {

// Times are UTC nanoseconds. Addresses are 16 bytes, IPv4 as ::ffff:a.b.c.d, so that a CIDR is a
// range. Epochs stay below 2^63. `record` is the JSON object that the API shows.
constexpr const char* kStep1 = R"sql(
CREATE TABLE sensors (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created_ns INTEGER NOT NULL,
  last_seen_ns INTEGER,
  health TEXT                -- JSON of the last health record
);
CREATE TABLE tokens (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  scope TEXT NOT NULL CHECK (scope IN ('sensor', 'viewer', 'admin')),
  sensor_id INTEGER REFERENCES sensors(id),
  hash BLOB NOT NULL UNIQUE, -- SHA-256 of a 256-bit random token
  created_ns INTEGER NOT NULL,
  expires_ns INTEGER,
  last_used_ns INTEGER,
  revoked_ns INTEGER
);
CREATE TABLE items (         -- what was ingested, once each
  id INTEGER PRIMARY KEY,
  sensor_id INTEGER NOT NULL REFERENCES sensors(id),
  kind TEXT NOT NULL,        -- segments, flows, facts, pcap, events
  epoch INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  digest BLOB NOT NULL,
  bytes INTEGER NOT NULL,
  received_ns INTEGER NOT NULL,
  UNIQUE (sensor_id, kind, epoch, seq)
);
CREATE TABLE segments (
  id INTEGER PRIMARY KEY,
  item_id INTEGER NOT NULL REFERENCES items(id),
  sensor_id INTEGER NOT NULL REFERENCES sensors(id),
  epoch INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  first_block INTEGER NOT NULL,
  block_count INTEGER NOT NULL,
  interface TEXT NOT NULL,
  first_ns INTEGER NOT NULL,
  last_ns INTEGER NOT NULL,
  packets INTEGER NOT NULL,
  bytes INTEGER NOT NULL,    -- stored
  object TEXT NOT NULL,      -- name in the vault
  UNIQUE (sensor_id, epoch, stream, first_block)
);
CREATE INDEX segments_by_time ON segments (first_ns, last_ns);
CREATE TABLE flows (         -- one row a flow: totals of its newest part, blocks of all parts
  id INTEGER PRIMARY KEY,
  sensor_id INTEGER NOT NULL REFERENCES sensors(id),
  epoch INTEGER NOT NULL,
  number INTEGER NOT NULL,
  part INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  interface TEXT NOT NULL,
  start_ns INTEGER NOT NULL,
  end_ns INTEGER NOT NULL,
  proto INTEGER NOT NULL,
  ether_type INTEGER NOT NULL,
  vlan INTEGER,              -- outermost VID
  orig_ip BLOB, orig_port INTEGER NOT NULL,
  resp_ip BLOB, resp_port INTEGER NOT NULL,
  orig_packets INTEGER NOT NULL, orig_bytes INTEGER NOT NULL,
  resp_packets INTEGER NOT NULL, resp_bytes INTEGER NOT NULL,
  community_id TEXT NOT NULL,
  service TEXT NOT NULL,
  transactions INTEGER NOT NULL,
  commands INTEGER NOT NULL,
  received_ns INTEGER NOT NULL,
  blocks TEXT NOT NULL,      -- JSON [[first, count], ...]
  record TEXT NOT NULL,
  UNIQUE (sensor_id, epoch, number)
);
CREATE INDEX flows_by_start ON flows (start_ns);
CREATE INDEX flows_by_received ON flows (received_ns);
CREATE INDEX flows_by_orig ON flows (orig_ip, start_ns);
CREATE INDEX flows_by_resp ON flows (resp_ip, start_ns);
CREATE TABLE transactions (
  id INTEGER PRIMARY KEY,
  sensor_id INTEGER NOT NULL REFERENCES sensors(id),
  epoch INTEGER NOT NULL,
  flow_number INTEGER NOT NULL,
  number INTEGER NOT NULL,
  time_ns INTEGER NOT NULL,
  protocol TEXT NOT NULL,
  operation TEXT NOT NULL,
  code INTEGER NOT NULL,
  unit INTEGER, address INTEGER, quantity INTEGER,
  status TEXT NOT NULL,
  command INTEGER NOT NULL,
  technique TEXT NOT NULL,
  orig_ip BLOB, orig_port INTEGER NOT NULL,
  resp_ip BLOB, resp_port INTEGER NOT NULL,
  community_id TEXT NOT NULL,
  received_ns INTEGER NOT NULL,
  record TEXT NOT NULL,
  UNIQUE (sensor_id, epoch, flow_number, number)
);
CREATE INDEX transactions_by_time ON transactions (time_ns);
CREATE INDEX commands_by_time ON transactions (time_ns) WHERE command = 1;
CREATE INDEX transactions_by_received ON transactions (received_ns);
CREATE INDEX commands_by_received ON transactions (received_ns) WHERE command = 1;
CREATE TABLE events (
  id INTEGER PRIMARY KEY,
  sensor_id INTEGER NOT NULL REFERENCES sensors(id),
  time_ns INTEGER NOT NULL,  -- the event's own time, or received_ns
  received_ns INTEGER NOT NULL,
  type TEXT NOT NULL,        -- the service's own event name, or ''
  source_ip BLOB, source_port INTEGER,
  destination_ip BLOB, destination_port INTEGER,
  user_name TEXT, password TEXT, session TEXT,
  record TEXT NOT NULL       -- JSON: recognised fields and the raw object
);
CREATE INDEX events_by_time ON events (time_ns);
CREATE INDEX events_by_received ON events (received_ns);
CREATE TABLE ledger (        -- newest row per sensor, epoch and interface
  sensor_id INTEGER NOT NULL REFERENCES sensors(id),
  epoch INTEGER NOT NULL,
  interface TEXT NOT NULL,
  time_ns INTEGER NOT NULL,
  offered INTEGER NOT NULL,
  recorded INTEGER NOT NULL,
  filtered INTEGER NOT NULL,
  lost INTEGER NOT NULL,     -- all reasons together
  record TEXT NOT NULL,
  PRIMARY KEY (sensor_id, epoch, interface)
);
CREATE TABLE gaps (
  id INTEGER PRIMARY KEY,
  sensor_id INTEGER NOT NULL REFERENCES sensors(id),
  epoch INTEGER NOT NULL,
  from_ns INTEGER NOT NULL,
  to_ns INTEGER NOT NULL,
  reason TEXT NOT NULL,
  received_ns INTEGER NOT NULL,
  record TEXT NOT NULL
);
CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  time_ns INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,      -- token-created, digest-conflict, ...
  detail TEXT NOT NULL
);
)sql";

// `ecs` is NULL in events of before.
constexpr const char* kStep2 = R"sql(
ALTER TABLE events ADD COLUMN ecs TEXT;  -- JSON: recognised fields by their ECS names
CREATE INDEX events_by_source ON events (source_ip, time_ns);
CREATE INDEX events_by_session ON events (sensor_id, session, time_ns);
)sql";

constexpr const char* kStep3 = R"sql(
CREATE TABLE event_rejects ( -- records that could not be stored, the newest of each sensor
  id INTEGER PRIMARY KEY,
  sensor_id INTEGER NOT NULL REFERENCES sensors(id),
  received_ns INTEGER NOT NULL,
  place INTEGER NOT NULL,    -- in its request, from 0
  reason TEXT NOT NULL,
  bytes INTEGER NOT NULL,    -- as it came
  raw TEXT NOT NULL          -- its beginning
);
CREATE INDEX event_rejects_by_sensor ON event_rejects (sensor_id, id);
)sql";

// What retention must spare, and what it says of what it removed.
constexpr const char* kPins = R"sql(
CREATE TABLE pins (          -- legal hold
  id INTEGER PRIMARY KEY,
  sensor_id INTEGER NOT NULL REFERENCES sensors(id),
  from_ns INTEGER NOT NULL,  -- by the sensor's clock, both ends included: of the flow, or of
  to_ns INTEGER NOT NULL,    -- everything of the sensor when there is no flow
  epoch INTEGER,             -- of one flow, with its number
  flow_number INTEGER,
  note TEXT NOT NULL,
  actor TEXT NOT NULL,
  created_ns INTEGER NOT NULL
);
CREATE INDEX pins_by_sensor ON pins (sensor_id, from_ns);
-- Rows of items stay: they say that there was one, and a repeated upload is not taken again.
ALTER TABLE items ADD COLUMN removed_ns INTEGER;  -- when retention removed what it held
)sql";

// The scope `analyst`. SQLite cannot change a CHECK, so the column is made anew.
constexpr const char* kAnalystScope = R"sql(
ALTER TABLE tokens RENAME COLUMN scope TO scope_before;
ALTER TABLE tokens ADD COLUMN scope TEXT NOT NULL DEFAULT 'sensor'
  CHECK (scope IN ('sensor', 'viewer', 'analyst', 'admin'));
UPDATE tokens SET scope = scope_before;
ALTER TABLE tokens DROP COLUMN scope_before;
)sql";

// Indexes of addresses follow the time of reception: a batch's entries lie together, so that
// inserting touches few pages however many addresses there are. A search goes from batch to batch.
// flow_batches has the sums of the flows by time of reception; `record` of a flow is from here on
// what its columns do not have (server/ingest/flow_record.h). On PostgreSQL the index of flows.id,
// by which nobody searches, and the look at the sensor's row took a third of a flow's time.
constexpr const char* kFlowBulk = R"sql(
DROP INDEX flows_by_received;
DROP INDEX flows_by_orig;
DROP INDEX flows_by_resp;
CREATE INDEX flows_by_orig ON flows (received_ns, orig_ip);
CREATE INDEX flows_by_resp ON flows (received_ns, resp_ip);
--postgres ALTER TABLE flows DROP CONSTRAINT IF EXISTS flows_pkey;
--postgres ALTER TABLE flows DROP CONSTRAINT IF EXISTS flows_sensor_id_fkey;
CREATE TABLE flow_batches (
  received_ns INTEGER PRIMARY KEY,
  flows INTEGER NOT NULL,
  packets REAL NOT NULL,
  bytes REAL NOT NULL
);
INSERT INTO flow_batches (received_ns, flows, packets, bytes)
  SELECT received_ns, COUNT(*), SUM(CAST(orig_packets AS REAL) + resp_packets),
    SUM(CAST(orig_bytes AS REAL) + resp_bytes) FROM flows GROUP BY received_ns;
)sql";

// What retention goes by and what it says of its work (server/ingest/stored.h, server/retention/).
// An hour is received_ns / 3600000000000.
constexpr const char* kRetention = R"sql(
CREATE TABLE stored (        -- the account of what is there
  hour INTEGER NOT NULL,
  kind TEXT NOT NULL,        -- packets, flows, transactions, events
  sensor_id INTEGER NOT NULL,
  entries INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  spared INTEGER NOT NULL DEFAULT 0,  -- 1: what is left is pinned
  PRIMARY KEY (hour, kind, sensor_id)
);
CREATE TABLE retained (      -- what was removed
  sensor_id INTEGER NOT NULL REFERENCES sensors(id),
  kind TEXT NOT NULL,
  since_ns INTEGER NOT NULL, -- all that was received from then on is there; before, only pinned
  entries INTEGER NOT NULL,  -- removed so far
  bytes INTEGER NOT NULL,
  removed_ns INTEGER NOT NULL,  -- when the last of it was removed, and why
  reason TEXT NOT NULL,      -- age, bytes, disk
  PRIMARY KEY (sensor_id, kind)
);
CREATE TABLE vault_trash (   -- objects that no row names any more, until they are gone
  object TEXT PRIMARY KEY
);
CREATE TABLE leases (        -- work that one collector at a time does
  name TEXT PRIMARY KEY,
  holder TEXT NOT NULL,
  until_ns INTEGER NOT NULL
);
ALTER TABLE segments ADD COLUMN received_ns INTEGER NOT NULL DEFAULT 0;
UPDATE segments SET received_ns = (SELECT i.received_ns FROM items i WHERE i.id = segments.item_id);
CREATE INDEX segments_by_received ON segments (sensor_id, received_ns);
CREATE INDEX segments_by_item ON segments (item_id);
CREATE INDEX items_by_received ON items (received_ns);
INSERT INTO stored (hour, kind, sensor_id, entries, bytes)
  SELECT received_ns / 3600000000000, 'packets', sensor_id, COUNT(*), SUM(bytes)
  FROM segments GROUP BY received_ns / 3600000000000, sensor_id;
INSERT INTO stored (hour, kind, sensor_id, entries, bytes)
  SELECT received_ns / 3600000000000, 'flows', sensor_id, COUNT(*), COUNT(*) * 550
  FROM flows GROUP BY received_ns / 3600000000000, sensor_id;
INSERT INTO stored (hour, kind, sensor_id, entries, bytes)
  SELECT received_ns / 3600000000000, 'transactions', sensor_id, COUNT(*),
    SUM(LENGTH(record) + 350)
  FROM transactions GROUP BY received_ns / 3600000000000, sensor_id;
INSERT INTO stored (hour, kind, sensor_id, entries, bytes)
  SELECT received_ns / 3600000000000, 'events', sensor_id, COUNT(*), SUM(LENGTH(record) + 700)
  FROM events GROUP BY received_ns / 3600000000000, sensor_id;
)sql";

// A session belongs to a user, to a token, or to a user's token.
constexpr const char* kUsers = R"sql(
CREATE TABLE users (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'analyst', 'admin')),
  password TEXT NOT NULL,    -- argon2id, in the text form of RFC 9106's reference
  created_ns INTEGER NOT NULL,
  disabled_ns INTEGER,
  last_login_ns INTEGER,
  must_change INTEGER NOT NULL
);
ALTER TABLE tokens ADD COLUMN user_id INTEGER REFERENCES users(id);
CREATE INDEX tokens_by_user ON tokens (user_id);
CREATE TABLE sessions (
  id INTEGER PRIMARY KEY,
  user_id INTEGER REFERENCES users(id),
  token_id INTEGER REFERENCES tokens(id),
  hash BLOB NOT NULL UNIQUE, -- SHA-256 of 256 random bits
  created_ns INTEGER NOT NULL,
  last_used_ns INTEGER NOT NULL,
  expires_ns INTEGER NOT NULL,
  peer TEXT NOT NULL,
  agent TEXT NOT NULL        -- what the browser calls itself
);
CREATE INDEX sessions_by_user ON sessions (user_id);
CREATE INDEX sessions_by_token ON sessions (token_id);
CREATE TABLE user_places (   -- networks that a user has logged in from
  user_id INTEGER NOT NULL REFERENCES users(id),
  network TEXT NOT NULL,
  last_ns INTEGER NOT NULL,
  PRIMARY KEY (user_id, network)
);
CREATE TABLE login_attempts (
  key TEXT PRIMARY KEY,      -- of an address, a user, or both
  start_ns INTEGER NOT NULL,
  attempts INTEGER NOT NULL
);
CREATE INDEX login_attempts_by_start ON login_attempts (start_ns);
)sql";

// Rules are kept when deleted, so that a number never means another one.
constexpr const char* kAlerts = R"sql(
CREATE TABLE alert_rules (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  enabled INTEGER NOT NULL,
  changed_ns INTEGER NOT NULL,
  changed_by TEXT NOT NULL,
  deleted_ns INTEGER,
  rule TEXT NOT NULL,        -- JSON as the API takes it
  trouble TEXT,              -- why it could not be judged last
  trouble_ns INTEGER
);
CREATE UNIQUE INDEX alert_rules_by_name ON alert_rules (name) WHERE deleted_ns IS NULL;
CREATE TABLE alert_work (    -- ingested and not yet judged
  id INTEGER PRIMARY KEY,
  run INTEGER NOT NULL,      -- of the collector that ingested it
  kind TEXT NOT NULL,        -- as in items
  received_ns INTEGER NOT NULL
);
CREATE TABLE alerts (
  id INTEGER PRIMARY KEY,
  rule_id INTEGER NOT NULL,
  rule TEXT NOT NULL,        -- its name then
  severity INTEGER NOT NULL,
  row_key TEXT NOT NULL,     -- what matched first
  group_key TEXT NOT NULL,
  sensor TEXT NOT NULL,
  created_ns INTEGER NOT NULL,
  last_ns INTEGER NOT NULL,  -- when the last match was added
  matches INTEGER NOT NULL,
  acknowledged_ns INTEGER,
  acknowledged_by TEXT,
  acknowledged_note TEXT,
  record TEXT NOT NULL,      -- JSON of what matched first
  UNIQUE (rule_id, row_key)
);
CREATE INDEX alerts_by_created ON alerts (created_ns);
CREATE INDEX alerts_by_rule ON alerts (rule_id, created_ns);
CREATE INDEX alerts_open ON alerts (id) WHERE acknowledged_ns IS NULL;
CREATE TABLE alert_groups (  -- where further matches go until the cool-down ends
  rule_id INTEGER NOT NULL,
  group_key TEXT NOT NULL,
  alert_id INTEGER NOT NULL,
  until_ns INTEGER NOT NULL,
  PRIMARY KEY (rule_id, group_key)
);
CREATE TABLE alert_outbox (  -- one row for each alert and target
  id INTEGER PRIMARY KEY,
  alert_id INTEGER NOT NULL,
  target TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'sent', 'dead')),
  attempts INTEGER NOT NULL,
  due_ns INTEGER NOT NULL,
  lease_ns INTEGER NOT NULL, -- another collector may take it from then on
  changed_ns INTEGER NOT NULL,
  trouble TEXT NOT NULL,     -- of the last attempt
  UNIQUE (alert_id, target)
);
CREATE INDEX alert_outbox_waiting ON alert_outbox (target, due_ns) WHERE state = 'waiting';
CREATE INDEX alert_outbox_by_state ON alert_outbox (state, changed_ns);
CREATE TABLE alert_memory (  -- what conditions saw last, by rule and sensor
  rule_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  time_ns INTEGER NOT NULL,
  first INTEGER NOT NULL,
  second INTEGER NOT NULL,
  PRIMARY KEY (rule_id, name)
);
CREATE INDEX audit_by_time ON audit (time_ns);
)sql";

constexpr const char* kEventClocks = R"sql(
CREATE TABLE event_clocks (  -- by how much a honeypot's clock is ahead, by single events
  event_id INTEGER NOT NULL UNIQUE,
  sensor_id INTEGER NOT NULL REFERENCES sensors(id),
  dataset TEXT NOT NULL,
  received_ns INTEGER NOT NULL,
  offset_ns INTEGER NOT NULL
);
CREATE INDEX event_clocks_by_honeypot ON event_clocks (sensor_id, dataset, received_ns);
)sql";

}  // namespace

std::span<const char* const> SchemaSteps() {
  static const std::array steps{kStep1,
                                kStep2,
                                kStep3,
                                kPins,
                                kAnalystScope,
                                kFlowBulk,
                                kRetention,
                                kUsers,
                                kAlerts,
                                kEventClocks,
                                kEvidenceStep,
                                kAccessStep,
                                kCompletenessStep,
                                kTimePartsStep,
                                kAddressesStep,
                                kStartsStep,
                                kEndsStep,
                                kSourceRunsStep,
                                kUploadHoursStep,
                                kObjectDigestStep,
                                kSqlitePartsStep,
                                kMorePartsStep,
                                kReplacedTokensStep};
  return steps;
}

}  // namespace tapiary::server
