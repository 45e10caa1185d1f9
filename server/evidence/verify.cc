#include "server/evidence/verify.h"

#include <unordered_set>

#include "base/text.h"
#include "server/evidence/verify_impl.h"
#include "server/ingest/chain_rows.h"
#include "server/vault/object_name.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kNamesAtATime = 100'000;  // about 12 MB

}  // namespace

std::string_view ToString(FindingCode code) {
  switch (code) {
    case FindingCode::kMissing:
      return "missing";
    case FindingCode::kAdded:
      return "added";
    case FindingCode::kAltered:
      return "altered";
    case FindingCode::kUnsigned:
      return "unsigned";
    case FindingCode::kForked:
      return "forked";
    case FindingCode::kHole:
      return "hole";
  }
  return "unknown";
}

Verifier::Verifier(const Catalog& catalog, Vault& vault, const VerifyOptions& options,
                   const VerifyVisitor& visitor)
    : catalog_(catalog),
      vault_(vault),
      options_(options),
      visitor_(visitor),
      now_ns_(options.now_ns != 0 ? options.now_ns : base::WallNow()) {}

void Verifier::Tell(FindingCode code, const VerifiedSensor& sensor, std::string item,
                    std::string text) {
  ++counts_.findings;
  visitor_.finding({code, sensor.name, std::move(item), std::move(text)});
}

base::Result<> Verifier::Progress(std::uint64_t more) {
  done_ += more;
  if (!visitor_.progress || visitor_.progress(done_, total_)) return {};
  return base::MakeError(base::ErrorCode::kUnavailable, "verify was stopped");
}

base::Result<> Verifier::CountTotal() {
  return catalog_.Query(
      "SELECT COUNT(*), SUM(bytes) FROM items WHERE kind IN " TAPIARY_VERIFIED_KINDS
      " AND removed_ns IS NULL",
      {}, [this](const SqlRow& row) {
        total_ = static_cast<std::uint64_t>(row.Int(0)) * kPerItemBytes +
                 static_cast<std::uint64_t>(row.Int(1));
        return false;
      });
}

base::Result<std::vector<VerifiedSensor>> Verifier::Sensors() {
  std::vector<VerifiedSensor> sensors;
  const SqlValue values[] = {options_.sensor, options_.sensor};
  TAPIARY_TRY(catalog_.Query(
      "SELECT s.id, s.name, (SELECT MIN(k.first_ns) FROM sensor_keys k WHERE k.sensor_id = s.id "
      "AND k.state = 'trusted'), (SELECT r.since_ns FROM retained r WHERE r.sensor_id = s.id AND "
      "r.kind = 'flows'), (SELECT r.since_ns FROM retained r WHERE r.sensor_id = s.id AND r.kind = "
      "'transactions') FROM sensors s WHERE ? = '' OR s.name = ? ORDER BY s.name",
      values, [&sensors](const SqlRow& row) {
        VerifiedSensor sensor;
        sensor.id = row.Int(0);
        sensor.name = row.Text(1);
        sensor.has_key = !row.IsNull(2);
        sensor.signed_from_ns = row.Int(2);
        sensor.flows_since_ns = row.Int(3);
        sensor.transactions_since_ns = row.Int(4);
        sensors.push_back(std::move(sensor));
        return true;
      }));
  for (VerifiedSensor& sensor : sensors) TAPIARY_TRY(AddPendingKeys(&sensor));
  if (!sensors.empty() || options_.sensor.empty()) return sensors;
  return base::MakeError(base::ErrorCode::kNotFound, "there is no sensor with this name");
}

base::Result<> Verifier::AddPendingKeys(VerifiedSensor* sensor) {
  const SqlValue values[] = {sensor->id};
  return catalog_.Query(
      "SELECT public_key FROM sensor_keys WHERE sensor_id = ? AND state = 'pending' ORDER BY id",
      values, [sensor](const SqlRow& row) {
        std::string& keys = sensor->keys_to_accept;
        keys += (keys.empty() ? "" : " or ") + RequestToAccept(sensor->name, row.Blob(0));
        return true;
      });
}

// Objects of this catalog that no row names, and that no crash of lately left.
base::Result<> Verifier::LookForOrphans() {
  std::unordered_set<std::string> names;
  const VerifiedSensor none;
  const auto tell = [&]() -> base::Result<> {
    TAPIARY_TRY(ForEachRow<std::string>(
        "SELECT id, object FROM segments WHERE id > ? ORDER BY id LIMIT ?", {},
        [](const SqlRow& row) { return std::string(row.Text(1)); },
        [&names](const std::string& name) -> base::Result<> {
          names.erase(name);
          return {};
        }));
    for (const std::string& name : names) {
      Tell(FindingCode::kAdded, none, "object " + base::EscapeBytes(name),
           "it is in the vault, and no row of the catalog names it");
    }
    names.clear();
    return {};
  };
  base::Result<> told;
  TAPIARY_TRY(vault_.ForEach([&](const ObjectInfo& object) {
    if (object.age_ns < options_.orphan_age_ns || !HasTag(object.name, options_.tag)) return true;
    names.insert(object.name);
    if (names.size() >= kNamesAtATime) told = tell();
    return told.has_value();
  }));
  TAPIARY_TRY(told);
  return tell();
}

base::Result<VerifyCounts> Verifier::Run() {
  TAPIARY_TRY(CountTotal());
  TAPIARY_ASSIGN(auto sensors, Sensors());
  for (VerifiedSensor& sensor : sensors) {
    TAPIARY_TRY(CheckChains(sensor));
    TAPIARY_TRY(CheckItems(sensor));
  }
  if (options_.sensor.empty()) TAPIARY_TRY(LookForOrphans());
  return counts_;
}

base::Result<VerifyCounts> VerifyStore(const Catalog& catalog, Vault& vault,
                                       const VerifyOptions& options, const VerifyVisitor& visitor) {
  return Verifier(catalog, vault, options, visitor).Run();
}

}  // namespace tapiary::server
