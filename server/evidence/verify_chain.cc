// What the sensors told: signatures, the links of the chain, and every item that is named.
#include <fmt/core.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "server/evidence/verify_impl.h"

namespace tapiary::server {
namespace {

using uplink::ChainItem;
using uplink::ItemKind;

std::string_view KindName(ItemKind kind) {
  return kind == ItemKind::kSegments ? "segments" : kind == ItemKind::kFlows ? "flows" : "facts";
}

std::string NumbersText(std::int64_t epoch, std::int64_t first, std::int64_t last) {
  return fmt::format("chain {}: numbers {} to {}", epoch, first, last);
}

std::string NameOf(const ChainItem& told) {
  return fmt::format("{} {}/{}", KindName(told.kind), told.epoch, told.seq);
}

struct StoredFacts {
  bool there = false;    // the item's row
  bool removed = false;  // by retention
  std::int64_t received_ns = 0;
  base::Sha256Digest digest{};
  std::string body;
};

base::Result<StoredFacts> ReadFacts(const Catalog& catalog, std::int64_t item_id) {
  StoredFacts facts;
  const SqlValue key[] = {item_id};
  TAPIARY_TRY(catalog.Query(
      "SELECT i.digest, i.removed_ns, i.received_ns, b.body FROM items i LEFT JOIN item_bodies b "
      "ON b.item_id = i.id WHERE i.id = ?",
      key, [&facts](const SqlRow& row) {
        facts.there = true;
        (void)TakeBytes(row.Blob(0), &facts.digest);
        facts.removed = !row.IsNull(1);
        facts.received_ns = row.Int(2);
        facts.body = base::AsText(row.Blob(3));
        return false;
      }));
  return facts;
}

}  // namespace

base::Result<> Verifier::CheckChains(VerifiedSensor& sensor) {
  std::vector<Chain> chains;
  const SqlValue key[] = {sensor.id};
  TAPIARY_TRY(catalog_.Query(
      "SELECT c.id, c.epoch, c.forks, k.public_key FROM chains c JOIN sensor_keys k ON k.id = "
      "c.key_id WHERE c.sensor_id = ? AND k.state = 'trusted' ORDER BY c.epoch",
      key, [&chains](const SqlRow& row) {
        Chain chain{row.Int(0), row.Int(1), row.Int(2), {}};
        (void)TakeBytes(row.Blob(3), &chain.key);
        chains.push_back(chain);
        return true;
      }));
  for (const Chain& chain : chains) TAPIARY_TRY(CheckChain(sensor, chain));
  return {};
}

base::Result<> Verifier::CheckChain(VerifiedSensor& sensor, const Chain& chain) {
  ChainEnds ends{0, uplink::ChainBegin(chain.key, static_cast<std::uint64_t>(chain.epoch))};
  // Pages by (first number, id), since a forked chain has numbers twice.
  std::int64_t first = 0;
  std::int64_t id = 0;
  std::vector<StoredRun> runs;
  constexpr std::size_t kPageRows = 500;
  do {
    runs.clear();
    const SqlValue values[] = {chain.id, first, first, id};
    TAPIARY_TRY(catalog_.Query(
        "SELECT id, first_number, last_number, value_before, value_after, item_id FROM chain_runs "
        "WHERE chain_id = ? AND (first_number > ? OR (first_number = ? AND id > ?)) "
        "ORDER BY first_number, id LIMIT 500",
        values, [&](const SqlRow& row) {
          StoredRun run{row.Int(0), row.Int(1), row.Int(2), row.Int(5), {}, {}};
          (void)TakeBytes(row.Blob(3), &run.before);
          (void)TakeBytes(row.Blob(4), &run.after);
          runs.push_back(run);
          id = run.id;
          first = run.first;
          return true;
        }));
    for (const StoredRun& run : runs) TAPIARY_TRY(CheckRun(sensor, chain, run, &ends));
  } while (runs.size() == kPageRows);
  return {};
}

base::Result<> Verifier::CheckRun(VerifiedSensor& sensor, const Chain& chain, const StoredRun& run,
                                  ChainEnds* ends) {
  if (run.first > ends->number + 1) {
    sensor.holes = true;
    Tell(FindingCode::kHole, sensor, NumbersText(chain.epoch, ends->number + 1, run.first - 1),
         "no facts that tell these items are stored: the sensor dropped them, or their rows were "
         "deleted");
  } else if (run.first == ends->number + 1 && run.before != ends->value) {
    Tell(FindingCode::kForked, sensor, NumbersText(chain.epoch, run.first, run.last),
         "they do not follow from what was told before");
  } else if (run.last == ends->number && run.after != ends->value) {
    Tell(FindingCode::kForked, sensor, NumbersText(chain.epoch, run.first, run.last),
         "two histories were told");
  } else if (run.first <= ends->number && run.last != ends->number) {
    Tell(FindingCode::kForked, sensor, NumbersText(chain.epoch, run.first, run.last),
         "they overlap with what was told before");
  }
  if (run.last > ends->number) *ends = {run.last, run.after};
  return CheckTold(sensor, chain, run);
}

base::Result<> Verifier::CheckTold(VerifiedSensor& sensor, const Chain& chain,
                                   const StoredRun& run) {
  TAPIARY_ASSIGN(const StoredFacts facts, ReadFacts(catalog_, run.item_id));
  if (facts.there && facts.removed) return CheckByDigests(sensor, chain, run);
  const std::string numbers = NumbersText(chain.epoch, run.first, run.last);
  if (!facts.there || facts.body.empty()) {
    sensor.holes = true;
    Tell(FindingCode::kHole, sensor, numbers, "the facts that told them are gone");
    return CheckByDigests(sensor, chain, run);
  }
  const auto batch = uplink::DecodeFacts(base::AsBytes(facts.body));
  if (!batch || !uplink::IsSignedBy(chain.key, *batch)) {
    Tell(FindingCode::kAltered, sensor, numbers,
         "the facts that told them are no longer signed by the sensor");
    return {};
  }
  const auto& runs = batch->evidence->runs;
  const auto told = std::ranges::find_if(runs, [&run](const uplink::ChainRun& one) {
    return one.first == static_cast<std::uint64_t>(run.first) && !one.items.empty();
  });
  const bool same = told != runs.end() && told->before == run.before &&
                    uplink::ChainEnd(*told) == run.after &&
                    batch->evidence->chain == static_cast<std::uint64_t>(chain.epoch);
  if (!same) {
    Tell(FindingCode::kAltered, sensor, numbers, "their row is not what the signed facts say");
    return {};
  }
  ++counts_.signed_facts;
  for (const ChainItem& item : told->items) {
    TAPIARY_TRY(CheckToldItem(sensor, item, facts.received_ns));
  }
  return {};
}

base::Result<> Verifier::CheckToldItem(const VerifiedSensor& sensor, const ChainItem& told,
                                       std::int64_t told_ns) {
  ++counts_.told;
  bool there = false;
  bool same = false;
  const SqlValue key[] = {sensor.id, std::string(KindName(told.kind)),
                          static_cast<std::int64_t>(told.epoch),
                          static_cast<std::int64_t>(told.seq)};
  TAPIARY_TRY(catalog_.Query(
      "SELECT digest FROM items WHERE sensor_id = ? AND kind = ? AND epoch = ? AND seq = ?", key,
      [&](const SqlRow& row) {
        there = true;
        same = std::ranges::equal(row.Blob(0), told.digest);
        return false;
      }));
  if (!there) return CheckAbsent(sensor, told, told_ns);
  if (same) return {};
  Tell(FindingCode::kAltered, sensor, NameOf(told),
       "its row has another digest than the sensor told");
  return {};
}

// Told, and no row: dropped by the sensor, still on its way, or missing. Each kind is delivered in
// order, so what is older than something that has come does not come any more.
base::Result<> Verifier::CheckAbsent(const VerifiedSensor& sensor, const ChainItem& told,
                                     std::int64_t told_ns) {
  const std::string kind(KindName(told.kind));
  const auto epoch = static_cast<std::int64_t>(told.epoch);
  const auto seq = static_cast<std::int64_t>(told.seq);
  bool dropped = false;
  const SqlValue place[] = {sensor.id, kind, epoch, seq, seq};
  const auto note = [](bool* flag) {
    return [flag](const SqlRow&) {
      *flag = true;
      return false;
    };
  };
  TAPIARY_TRY(
      catalog_.Query("SELECT 1 FROM dropped_items WHERE sensor_id = ? AND kind = ? AND epoch = ? "
                     "AND first_seq <= ? AND last_seq >= ? LIMIT 1",
                     place, note(&dropped)));
  if (dropped) {
    ++counts_.dropped;
    return {};
  }
  bool later = false;
  const SqlValue after[] = {sensor.id, kind, epoch, epoch, seq, std::int64_t{1} << 62};
  TAPIARY_TRY(
      catalog_.Query("SELECT 1 FROM items WHERE sensor_id = ? AND kind = ? AND "
                     "(epoch > ? OR (epoch = ? AND seq > ?)) AND epoch < ? LIMIT 1",
                     after, note(&later)));
  if (!later && now_ns_ - told_ns < options_.grace_ns) {
    ++counts_.waiting;
    return {};
  }
  Tell(FindingCode::kMissing, sensor, NameOf(told),
       later ? "the sensor made it, and later ones are here"
             : "the sensor made it, and has not delivered it for long");
  return {};
}

base::Result<> Verifier::CheckByDigests(VerifiedSensor& sensor, const Chain& chain,
                                        const StoredRun& run) {
  base::Sha256Digest value = run.before;
  std::int64_t next = run.first;
  const SqlValue range[] = {chain.id, run.first, run.last};
  TAPIARY_TRY(catalog_.Query(
      "SELECT chain_number, digest FROM items WHERE chain_id = ? AND chain_number >= ? AND "
      "chain_number <= ? ORDER BY chain_number",
      range, [&](const SqlRow& row) {
        base::Sha256Digest digest{};
        if (row.Int(0) != next || !TakeBytes(row.Blob(1), &digest)) return false;
        value = uplink::ChainNext(value, digest);
        ++next;
        return true;
      }));
  if (next == run.last + 1 && value == run.after) return {};
  if (next == run.last + 1) {
    Tell(FindingCode::kAltered, sensor, NumbersText(chain.epoch, run.first, run.last),
         "the digests of these items do not give the chain's value");
  }
  return {};  // dropped ones have no row: nothing more can be said
}

}  // namespace tapiary::server
