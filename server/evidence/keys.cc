#include "server/evidence/keys.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "base/clock.h"
#include "base/text.h"
#include "server/ingest/chain_rows.h"
#include "server/ingest/context.h"

namespace tapiary::server {
namespace {

constexpr std::int64_t kItemsAtATime = 50;

std::vector<std::uint8_t> Blob(const uplink::PublicKey& key) {
  return {key.begin(), key.end()};
}

void TakeKey(base::Bytes from, uplink::PublicKey* to) {
  if (from.size() == to->size()) std::copy(from.begin(), from.end(), to->begin());
}

struct Waiting {
  Item item;
  ItemRow row;
  std::string body;
};

// Facts that wait for a key to be accepted, behind `after`.
base::Result<std::vector<Waiting>> NextWaiting(SqlWriter& writer, std::int64_t sensor_id,
                                               const std::string& sensor, std::int64_t after) {
  std::vector<Waiting> waiting;
  const SqlValue values[] = {sensor_id, after, kItemsAtATime};
  TAPIARY_TRY(writer.Query(
      "SELECT i.id, i.epoch, i.seq, i.received_ns, b.body FROM items i JOIN item_bodies b ON "
      "b.item_id = i.id WHERE i.sensor_id = ? AND i.verified = 4 AND i.id > ? ORDER BY i.id "
      "LIMIT ?",
      values, [&](const SqlRow& row) {
        Waiting one;
        one.item.sensor_id = sensor_id;
        one.item.sensor = sensor;
        one.item.kind = kFacts;
        one.item.epoch = static_cast<std::uint64_t>(row.Int(1));
        one.item.seq = static_cast<std::uint64_t>(row.Int(2));
        one.row = {row.Int(0), row.Int(3)};
        one.body = base::AsText(row.Blob(4));
        waiting.push_back(std::move(one));
        return true;
      }));
  return waiting;
}

base::Result<> TakeIn(SqlWriter& writer, const Waiting& one, const uplink::PublicKey& key) {
  const auto batch = uplink::DecodeFacts(base::AsBytes(one.body));
  if (!batch || !batch->evidence || batch->evidence->key != key) return {};
  const SqlValue id[] = {one.row.id};
  TAPIARY_TRY(
      writer.Execute("UPDATE items SET verified = CASE WHEN chain_id IS NULL THEN 0 ELSE 1 "
                     "END WHERE id = ?",
                     id));
  return TakeEvidence(writer, one.item, one.row, *batch);
}

base::Result<> TakeInAll(Catalog& catalog, std::int64_t sensor_id, const KeyDecision& decision) {
  std::int64_t after = 0;
  bool more = true;
  while (more) {
    const auto taken = catalog.Write([&](SqlWriter& writer) -> base::Result<> {
      TAPIARY_ASSIGN(const auto waiting, NextWaiting(writer, sensor_id, decision.sensor, after));
      for (const Waiting& one : waiting) {
        TAPIARY_TRY(TakeIn(writer, one, decision.key));
        after = one.row.id;
      }
      more = static_cast<std::int64_t>(waiting.size()) == kItemsAtATime;
      return {};
    });
    TAPIARY_TRY(taken);
  }
  return {};
}

base::Result<std::int64_t> FindSensor(SqlWriter& writer, const std::string& name) {
  std::int64_t id = 0;
  const SqlValue values[] = {name};
  TAPIARY_TRY(
      writer.Query("SELECT id FROM sensors WHERE name = ?", values, [&id](const SqlRow& row) {
        id = row.Int(0);
        return false;
      }));
  if (id != 0) return id;
  return base::MakeError(base::ErrorCode::kNotFound, "there is no sensor with this name");
}

void Judge(EvidenceState* state) {
  if (state->in_doubt > 0) {
    state->state = "altered";
  } else if (state->forks > 0) {
    state->state = "forked";
  } else if (state->pending_keys > 0) {
    state->state = "key-changed";
  } else if (state->chain != 0) {
    state->state = "ok";
  }
}

}  // namespace

base::Result<std::vector<SensorKey>> SensorKeys(const Catalog& catalog, std::int64_t sensor_id) {
  std::vector<SensorKey> keys;
  const SqlValue values[] = {sensor_id};
  TAPIARY_TRY(
      catalog.Query("SELECT public_key, state, first_ns, decided_ns, decided_by FROM sensor_keys "
                    "WHERE sensor_id = ? ORDER BY id",
                    values, [&keys](const SqlRow& row) {
                      SensorKey key;
                      TakeKey(row.Blob(0), &key.key);
                      key.state = row.Text(1);
                      key.first_ns = row.Int(2);
                      key.decided_ns = row.Int(3);
                      key.decided_by = row.Text(4);
                      keys.push_back(std::move(key));
                      return true;
                    }));
  return keys;
}

base::Result<> DecideKey(Catalog& catalog, const KeyDecision& decision) {
  const std::string state = decision.trusted ? "trusted" : "refused";
  std::int64_t sensor_id = 0;
  const auto decided = catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_ASSIGN(sensor_id, FindSensor(writer, decision.sensor));
    const std::int64_t now_ns = base::WallNow();
    const SqlValue values[] = {sensor_id, Blob(decision.key),
                               state,     now_ns,
                               now_ns,    base::EscapeBytes(decision.actor.name)};
    TAPIARY_TRY(writer.Execute(
        "INSERT INTO sensor_keys (sensor_id, public_key, state, first_ns, decided_ns, decided_by) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (sensor_id, public_key) DO UPDATE SET "
        "state = excluded.state, decided_ns = excluded.decided_ns, "
        "decided_by = excluded.decided_by",
        values));
    return AddAudit(writer, decision.actor, "sensor-key-" + state,
                    fmt::format("sensor {}: key {}", base::EscapeBytes(decision.sensor),
                                base::ToHex(decision.key)));
  });
  TAPIARY_TRY(decided);
  if (!decision.trusted) return {};
  return TakeInAll(catalog, sensor_id, decision);
}

base::Result<std::vector<std::pair<std::int64_t, EvidenceState>>> EvidenceStates(
    const Catalog& catalog) {
  std::map<std::int64_t, EvidenceState> states;
  TAPIARY_TRY(catalog.Query("SELECT sensor_id, public_key, state FROM sensor_keys ORDER BY id", {},
                            [&states](const SqlRow& row) {
                              EvidenceState& state = states[row.Int(0)];
                              if (row.Text(2) == "trusted") TakeKey(row.Blob(1), &state.key);
                              state.pending_keys += row.Text(2) == "pending" ? 1 : 0;
                              return true;
                            }));
  TAPIARY_TRY(catalog.Query(
      "SELECT sensor_id, epoch, last_number, last_ns, forks FROM chains ORDER BY last_ns, id", {},
      [&states](const SqlRow& row) {
        EvidenceState& state = states[row.Int(0)];
        state.chain = row.Int(1);
        state.number = row.Int(2);
        state.told_ns = row.Int(3);
        state.forks += row.Int(4);
        return true;
      }));
  TAPIARY_TRY(catalog.Query("SELECT sensor_id, COUNT(*) FROM expected_items GROUP BY sensor_id", {},
                            [&states](const SqlRow& row) {
                              states[row.Int(0)].expected = row.Int(1);
                              return true;
                            }));
  TAPIARY_TRY(
      catalog.Query("SELECT sensor_id, verified, COUNT(*) FROM items WHERE verified > 1 GROUP BY "
                    "sensor_id, verified",
                    {}, [&states](const SqlRow& row) {
                      const auto pending = static_cast<std::int64_t>(Verified::kKeyPending);
                      if (row.Int(1) != pending) states[row.Int(0)].in_doubt += row.Int(2);
                      return true;
                    }));
  std::vector<std::pair<std::int64_t, EvidenceState>> all(states.begin(), states.end());
  for (auto& [id, state] : all) Judge(&state);
  return all;
}

}  // namespace tapiary::server
