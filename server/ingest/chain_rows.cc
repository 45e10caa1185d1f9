#include "server/ingest/chain_rows.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/text.h"
#include "server/ingest/context.h"

namespace tapiary::server {
namespace {

using uplink::ChainItem;
using uplink::ChainRun;
using uplink::Evidence;
using uplink::ItemKind;

template <std::size_t N>
SqlValue Blob(const std::array<std::uint8_t, N>& bytes) {
  return std::vector<std::uint8_t>(bytes.begin(), bytes.end());
}

std::int64_t Signed(std::uint64_t value) {
  return static_cast<std::int64_t>(value);
}

std::string_view KindName(ItemKind kind) {
  switch (kind) {
    case ItemKind::kSegments:
      return kSegments;
    case ItemKind::kFlows:
      return kFlows;
    case ItemKind::kFacts:
      break;
  }
  return kFacts;
}

constexpr int kMaxAlarms = 16;  // of one facts item; all are marked

std::string Name(std::string_view kind, std::uint64_t epoch, std::uint64_t seq) {
  return fmt::format("{} {}/{}", kind, epoch, seq);
}

base::Result<> Mark(SqlWriter& writer, std::int64_t item_id, Verified verified) {
  const SqlValue values[] = {static_cast<std::int64_t>(verified), item_id};
  TAPIARY_TRY(writer.Execute("UPDATE items SET verified = ? WHERE id = ?", values));
  return {};
}

base::Result<> MarkTold(SqlWriter& writer, std::int64_t item_id, std::int64_t chain_id,
                        std::int64_t number) {
  // Facts whose signature is bad stay bad, whatever a chain says of their bytes.
  const SqlValue values[] = {chain_id, number, item_id};
  TAPIARY_TRY(
      writer.Execute("UPDATE items SET chain_id = ?, chain_number = ?, "
                     "verified = CASE WHEN verified = 3 THEN 3 ELSE 1 END WHERE id = ?",
                     values));
  return {};
}

// What takes in one facts item.
class Taker {
 public:
  Taker(SqlWriter& writer, const Item& item, const ItemRow& row, const Evidence& evidence)
      : writer_(writer), item_(item), row_(row), evidence_(evidence) {}

  base::Result<bool> FindKey();  // true when it is trusted
  base::Result<> TakeChain();

 private:
  base::Result<> TellNewKey(bool first);
  base::Result<> FindChain();
  base::Result<> TakeRun(const ChainRun& run);
  base::Result<> TellFork(const ChainRun& run);
  base::Result<bool> Fits(const ChainRun& run, const base::Sha256Digest& end);
  base::Result<bool> Linked(const char* sql, std::int64_t number, const base::Sha256Digest& value);
  base::Result<> TakeItem(const ChainItem& told, std::uint64_t number);
  base::Result<> TakeDropped(const uplink::DroppedItems& dropped);
  base::Result<> MoveHead();
  base::Result<> Tell(std::string_view action, const std::string& detail) {
    return Alarm(writer_, item_.sensor, action, detail);
  }

  SqlWriter& writer_;
  const Item& item_;
  const ItemRow& row_;
  const Evidence& evidence_;
  std::int64_t key_id_ = 0;
  std::int64_t chain_id_ = 0;
  int altered_ = 0;
};

base::Result<bool> Taker::FindKey() {
  bool trusted = false;
  std::int64_t keys = 0;
  std::int64_t pending = 0;
  const SqlValue sensor[] = {item_.sensor_id};
  TAPIARY_TRY(writer_.Query("SELECT id, public_key, state FROM sensor_keys WHERE sensor_id = ?",
                            sensor, [&](const SqlRow& row) {
                              ++keys;
                              pending += row.Text(2) == "pending" ? 1 : 0;
                              if (!std::ranges::equal(row.Blob(1), evidence_.key)) return true;
                              key_id_ = row.Int(0);
                              trusted = row.Text(2) == "trusted";
                              return true;
                            }));
  if (key_id_ != 0) return trusted;
  if (pending < kMaxPendingKeys) {
    const SqlValue values[] = {item_.sensor_id, Blob(evidence_.key),
                               std::string(keys == 0 ? "trusted" : "pending"), row_.received_ns};
    TAPIARY_TRY(writer_.Query(
        "INSERT INTO sensor_keys (sensor_id, public_key, state, first_ns) VALUES (?, ?, ?, ?) "
        "RETURNING id",
        values, [this](const SqlRow& row) {
          key_id_ = row.Int(0);
          return true;
        }));
  }
  TAPIARY_TRY(TellNewKey(keys == 0));
  return keys == 0;
}

base::Result<> Taker::TellNewKey(bool first) {
  const std::string key = base::ToHex(evidence_.key);
  if (first) {
    return AddAudit(writer_, item_.sensor, "sensor-key-pinned",
                    "first facts with a signature: trusted from now on: key " + key);
  }
  return Tell("sensor-key-changed",
              fmt::format("facts are signed with another key, {}: accept it only when the sensor "
                          "was set up anew. An admin does with {}",
                          key, RequestToAccept(item_.sensor, evidence_.key)));
}

base::Result<> Taker::FindChain() {
  const SqlValue key[] = {key_id_, Signed(evidence_.chain)};
  const auto take = [this](const SqlRow& row) {
    chain_id_ = row.Int(0);
    return true;
  };
  TAPIARY_TRY(writer_.Query("SELECT id FROM chains WHERE key_id = ? AND epoch = ?", key, take));
  if (chain_id_ != 0) return {};
  bool others = false;
  TAPIARY_TRY(writer_.Query("SELECT 1 FROM chains WHERE key_id = ?", std::span(key, 1),
                            [&others](const SqlRow&) {
                              others = true;
                              return false;
                            }));
  const SqlValue values[] = {item_.sensor_id, key_id_, Signed(evidence_.chain), row_.received_ns};
  TAPIARY_TRY(writer_.Query(
      "INSERT INTO chains (sensor_id, key_id, epoch, first_ns, last_ns, last_number, forks) "
      "VALUES (?, ?, ?, ?, 0, 0, 0) RETURNING id",
      values, take));
  if (!others) return {};
  return Tell("chain-restarted",
              fmt::format("a new chain began in epoch {}: the sensor's spool was lost or replaced",
                          evidence_.chain));
}

base::Result<> Taker::TakeChain() {
  TAPIARY_TRY(FindChain());
  for (const ChainRun& run : evidence_.runs) TAPIARY_TRY(TakeRun(run));
  for (const auto& dropped : evidence_.dropped) TAPIARY_TRY(TakeDropped(dropped));
  return MoveHead();
}

base::Result<> Taker::TakeRun(const ChainRun& run) {
  const base::Sha256Digest end = uplink::ChainEnd(run);
  TAPIARY_ASSIGN(const bool fits, Fits(run, end));
  if (!fits) TAPIARY_TRY(TellFork(run));
  if (run.items.empty()) return {};
  const SqlValue values[] = {
      chain_id_,        Signed(run.first), Signed(run.first + run.items.size() - 1),
      Blob(run.before), Blob(end),         row_.id};
  TAPIARY_TRY(writer_.Execute(
      "INSERT INTO chain_runs (chain_id, first_number, last_number, value_before, value_after, "
      "item_id) VALUES (?, ?, ?, ?, ?, ?)",
      values));
  std::uint64_t number = run.first;
  for (const ChainItem& told : run.items) TAPIARY_TRY(TakeItem(told, number++));
  return {};
}

// Told once for a chain, and counted: the other history goes on.
base::Result<> Taker::TellFork(const ChainRun& run) {
  std::int64_t forks = 0;
  const SqlValue key[] = {chain_id_};
  TAPIARY_TRY(writer_.Query("UPDATE chains SET forks = forks + 1 WHERE id = ? RETURNING forks", key,
                            [&forks](const SqlRow& row) {
                              forks = row.Int(0);
                              return true;
                            }));
  if (forks != 1) return {};
  return Tell("chain-forked",
              fmt::format("chain {}: from number {} on, facts {}/{} tell another history than was "
                          "told before: a spool restored from a copy, or a second sensor with this "
                          "one's key",
                          evidence_.chain, run.first, item_.epoch, item_.seq));
}

// Whether some row of a query for (chain, number) has this value; true when there is none.
base::Result<bool> Taker::Linked(const char* sql, std::int64_t number,
                                 const base::Sha256Digest& value) {
  bool any = false;
  bool linked = false;
  const SqlValue key[] = {chain_id_, number};
  TAPIARY_TRY(writer_.Query(sql, key, [&](const SqlRow& row) {
    any = true;
    linked |= std::ranges::equal(row.Blob(0), value);
    return true;
  }));
  return linked || !any;
}

base::Result<bool> Taker::Fits(const ChainRun& run, const base::Sha256Digest& end) {
  const std::int64_t first = Signed(run.first);
  const std::int64_t next = Signed(run.first + run.items.size());
  if (run.first == 1 && run.before != uplink::ChainBegin(evidence_.key, evidence_.chain)) {
    return false;
  }
  TAPIARY_ASSIGN(const bool before,
                 Linked("SELECT value_after FROM chain_runs WHERE chain_id = ? AND last_number = ?",
                        first - 1, run.before));
  TAPIARY_ASSIGN(const bool after, Linked("SELECT value_before FROM chain_runs WHERE chain_id = ? "
                                          "AND first_number = ?",
                                          next, end));
  if (!before || !after) return false;
  // What is told again is told in the same runs.
  bool other = false;
  const SqlValue range[] = {chain_id_, next - 1, first};
  TAPIARY_TRY(
      writer_.Query("SELECT first_number, last_number, value_after FROM chain_runs "
                    "WHERE chain_id = ? AND first_number <= ? AND last_number >= ?",
                    range, [&](const SqlRow& row) {
                      other |= row.Int(0) != first || row.Int(1) != next - 1 ||
                               !std::ranges::equal(row.Blob(2), end);
                      return !other;
                    }));
  return !other;
}

base::Result<> Taker::TakeItem(const ChainItem& told, std::uint64_t number) {
  const std::string kind(KindName(told.kind));
  std::int64_t id = 0;
  bool same = false;
  const SqlValue key[] = {item_.sensor_id, kind, Signed(told.epoch), Signed(told.seq)};
  TAPIARY_TRY(
      writer_.Query("SELECT id, digest FROM items WHERE sensor_id = ? AND kind = ? AND "
                    "epoch = ? AND seq = ?",
                    key, [&](const SqlRow& row) {
                      id = row.Int(0);
                      same = std::ranges::equal(row.Blob(1), told.digest);
                      return true;
                    }));
  if (same) return MarkTold(writer_, id, chain_id_, Signed(number));
  if (id != 0) {
    TAPIARY_TRY(Mark(writer_, id, Verified::kOther));
    if (++altered_ > kMaxAlarms) return {};
    return Tell("item-altered", Name(kind, told.epoch, told.seq) +
                                    ": what is stored is not what the sensor says it made");
  }
  const SqlValue values[] = {item_.sensor_id,   kind,      Signed(told.epoch), Signed(told.seq),
                             Blob(told.digest), chain_id_, Signed(number),     row_.received_ns};
  TAPIARY_TRY(writer_.Execute(
      "INSERT INTO expected_items (sensor_id, kind, epoch, seq, digest, chain_id, chain_number, "
      "told_ns) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      values));
  return {};
}

base::Result<> Taker::TakeDropped(const uplink::DroppedItems& dropped) {
  const std::string kind(KindName(dropped.kind));
  const SqlValue values[] = {item_.sensor_id,
                             kind,
                             Signed(dropped.epoch),
                             Signed(dropped.first_seq),
                             Signed(dropped.last_seq),
                             base::EscapeBytes(dropped.reason),
                             row_.id};
  TAPIARY_TRY(writer_.Execute(
      "INSERT INTO dropped_items (sensor_id, kind, epoch, first_seq, last_seq, reason, item_id) "
      "VALUES (?, ?, ?, ?, ?, ?, ?)",
      values));
  TAPIARY_TRY(
      writer_.Execute("DELETE FROM expected_items WHERE sensor_id = ? AND kind = ? AND "
                      "epoch = ? AND seq BETWEEN ? AND ?",
                      std::span(values, 5)));
  return {};
}

base::Result<> Taker::MoveHead() {
  if (evidence_.runs.empty()) return {};
  const ChainRun& last = evidence_.runs.back();
  const std::int64_t number = Signed(last.first + last.items.size() - 1);
  const SqlValue values[] = {number, Blob(uplink::ChainEnd(last)), row_.received_ns, chain_id_,
                             number};
  TAPIARY_TRY(
      writer_.Execute("UPDATE chains SET last_number = ?, last_value = ?, last_ns = ? "
                      "WHERE id = ? AND last_number <= ?",
                      values));
  return {};
}

base::Result<bool> HasKeys(SqlWriter& writer, std::int64_t sensor_id) {
  bool any = false;
  const SqlValue key[] = {sensor_id};
  TAPIARY_TRY(writer.Query("SELECT 1 FROM sensor_keys WHERE sensor_id = ? AND state = 'trusted'",
                           key, [&any](const SqlRow&) {
                             any = true;
                             return false;
                           }));
  return any;
}

}  // namespace

std::string RequestToAccept(std::string_view sensor, std::span<const std::uint8_t> key) {
  return fmt::format(R"(POST /api/v1/sensors/{}/keys {{"key": "{}", "state": "trusted"}})",
                     base::EscapeBytes(sensor), base::ToHex(key));
}

base::Result<> KeepBody(SqlWriter& writer, const ItemRow& row, base::Bytes body) {
  const SqlValue values[] = {row.id, std::vector<std::uint8_t>(body.begin(), body.end())};
  TAPIARY_TRY(writer.Execute("INSERT INTO item_bodies (item_id, body) VALUES (?, ?)", values));
  return {};
}

base::Result<> NoteItem(SqlWriter& writer, const Item& item, const ItemRow& row) {
  struct Told {
    std::int64_t chain_id = 0, number = 0;
  };
  std::optional<Told> told;
  bool any = false;
  const SqlValue key[] = {item.sensor_id, std::string(item.kind), Signed(item.epoch),
                          Signed(item.seq)};
  TAPIARY_TRY(
      writer.Query("SELECT digest, chain_id, chain_number FROM expected_items WHERE sensor_id = ? "
                   "AND kind = ? AND epoch = ? AND seq = ?",
                   key, [&](const SqlRow& found) {
                     any = true;
                     if (!std::ranges::equal(found.Blob(0), item.digest)) return true;
                     told = Told{found.Int(1), found.Int(2)};
                     return true;
                   }));
  if (!any) return {};
  TAPIARY_TRY(writer.Execute(
      "DELETE FROM expected_items WHERE sensor_id = ? AND kind = ? AND epoch = ? AND seq = ?",
      key));
  if (told) return MarkTold(writer, row.id, told->chain_id, told->number);
  TAPIARY_TRY(Mark(writer, row.id, Verified::kOther));
  return Alarm(
      writer, item.sensor, "item-altered",
      Name(item.kind, item.epoch, item.seq) + ": what came is not what the sensor says it made");
}

base::Result<> TakeEvidence(SqlWriter& writer, const Item& item, const ItemRow& row,
                            const uplink::FactBatch& batch) {
  if (!batch.evidence || !uplink::IsSignedBy(batch.evidence->key, batch)) {
    TAPIARY_ASSIGN(const bool keys, HasKeys(writer, item.sensor_id));
    if (!keys && !batch.evidence && !batch.signature) return {};  // an older sensor
    TAPIARY_TRY(Mark(writer, row.id, Verified::kBadFacts));
    const char* const what = batch.signature ? "bad-signature" : "unsigned-facts";
    return Alarm(writer, item.sensor, what,
                 fmt::format("facts of epoch {} have {} signature; they are stored and marked",
                             item.epoch, batch.signature ? "a wrong" : "no"));
  }
  Taker taker(writer, item, row, *batch.evidence);
  TAPIARY_ASSIGN(const bool trusted, taker.FindKey());
  if (!trusted) return Mark(writer, row.id, Verified::kKeyPending);
  return taker.TakeChain();
}

}  // namespace tapiary::server
