// What is stored: the bytes of every item, and the rows that were made from them.
#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "server/evidence/verify_impl.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kReadBytes = 1 << 20;

}  // namespace

std::string Verifier::StoredItemRow::Name() const {
  // An upload's epoch is part of its flows' ids.
  if (kind == "pcap") return fmt::format("upload {:x}", static_cast<std::uint64_t>(epoch));
  return fmt::format("{} {}/{}", kind, epoch, seq);
}

base::Result<> Verifier::CheckItems(const VerifiedSensor& sensor) {
  const auto read = [](const SqlRow& row) {
    StoredItemRow item;
    item.id = row.Int(0);
    item.kind = row.Text(1);
    item.epoch = row.Int(2);
    item.seq = row.Int(3);
    (void)TakeBytes(row.Blob(4), &item.digest);
    item.bytes = row.Int(5);
    item.received_ns = row.Int(6);
    item.removed = !row.IsNull(7);
    item.told = !row.IsNull(8);
    item.verified = row.Int(9);
    return item;
  };
  return ForEachRow<StoredItemRow>(
      "SELECT id, kind, epoch, seq, digest, bytes, received_ns, removed_ns, chain_id, verified "
      "FROM items WHERE sensor_id = ? AND kind IN " TAPIARY_VERIFIED_KINDS
      " AND id > ? "
      "ORDER BY id LIMIT ?",
      {sensor.id}, read,
      [&](const StoredItemRow& item) -> base::Result<> { return CheckItem(sensor, item); });
}

base::Result<> Verifier::CheckItem(const VerifiedSensor& sensor, const StoredItemRow& item) {
  ++counts_.items;
  if (item.kind != "pcap") CheckTale(sensor, item);
  if (item.removed) {
    ++counts_.removed;
    return {};
  }
  TAPIARY_TRY(CheckStored(sensor, item));
  return Progress(kPerItemBytes);
}

base::Result<> Verifier::CheckStored(const VerifiedSensor& sensor, const StoredItemRow& item) {
  if (item.kind == "pcap") return CheckUpload(sensor, item);
  return item.kind == "segments" ? CheckSegment(sensor, item) : CheckBody(sensor, item);
}

void Verifier::CheckTale(const VerifiedSensor& sensor, const StoredItemRow& item) {
  if (item.verified == 3) {
    Tell(FindingCode::kUnsigned, sensor, item.Name(),
         "facts without a good signature, of a sensor that signs");
  } else if (item.verified == 4) {
    std::string text = "facts signed with a key that nobody has accepted";
    if (!sensor.keys_to_accept.empty()) text += "; an admin does with " + sensor.keys_to_accept;
    Tell(FindingCode::kUnsigned, sensor, item.Name(), std::move(text));
  } else if (item.verified == 2) {
    Tell(FindingCode::kAltered, sensor, item.Name(), "it came other than the sensor told");
  } else if (!item.told) {
    ++counts_.untold;
    const bool signs = sensor.has_key && item.received_ns >= sensor.signed_from_ns;
    if (signs && now_ns_ - item.received_ns > options_.grace_ns) {
      Tell(FindingCode::kAdded, sensor, item.Name(),
           sensor.holes ? "no signed facts name it; some facts of this sensor are gone"
                        : "no signed facts name it");
    }
  }
}

base::Result<> Verifier::CheckSegment(const VerifiedSensor& sensor, const StoredItemRow& item) {
  std::string object;
  const SqlValue key[] = {item.id};
  TAPIARY_TRY(catalog_.Query("SELECT object FROM segments WHERE item_id = ?", key,
                             [&object](const SqlRow& row) {
                               object = row.Text(0);
                               return false;
                             }));
  if (!object.empty()) return CheckObject(sensor, item, object);
  Tell(FindingCode::kMissing, sensor, item.Name(), "its row in segments is gone");
  return {};
}

base::Result<bool> Verifier::CheckSize(const VerifiedSensor& sensor, const StoredItemRow& item,
                                       const std::string& object, std::uint64_t bytes) {
  const auto size = vault_.Size(object);
  if (!size && size.error().code == base::ErrorCode::kNotFound) {
    Tell(FindingCode::kMissing, sensor, item.Name(), "object " + object + " is not in the vault");
    return false;
  }
  if (!size) return size.error();
  if (*size == bytes) return true;
  Tell(FindingCode::kAltered, sensor, item.Name(),
       fmt::format("object {} has {} bytes, not {}", object, *size, bytes));
  return false;
}

base::Result<> Verifier::CheckObject(const VerifiedSensor& sensor, const StoredItemRow& item,
                                     const std::string& object) {
  const auto bytes = static_cast<std::uint64_t>(item.bytes);
  TAPIARY_ASSIGN(const bool there, CheckSize(sensor, item, object, bytes));
  if (!there || !options_.objects) return {};
  const auto digest = HashObject(object, bytes);
  if (!digest && digest.error().code == base::ErrorCode::kCorrupt) {
    Tell(FindingCode::kAltered, sensor, item.Name(), "object " + object + " cannot be read");
    return {};
  }
  if (!digest) return digest.error();
  if (*digest == item.digest) return {};
  Tell(FindingCode::kAltered, sensor, item.Name(),
       "object " + object + " is not what the sensor sent");
  return {};
}

base::Result<base::Sha256Digest> Verifier::HashObject(const std::string& object,
                                                      std::uint64_t bytes) {
  base::Sha256 sha;
  for (std::uint64_t at = 0; at < bytes;) {
    const std::size_t part = std::min<std::uint64_t>(kReadBytes, bytes - at);
    TAPIARY_ASSIGN(const std::string read, vault_.ReadRange(object, at, part));
    sha.Update(base::AsBytes(read));
    at += part;
    counts_.bytes += part;
    TAPIARY_TRY(Progress(part));
  }
  return sha.Finish();
}

base::Result<> Verifier::CheckBody(const VerifiedSensor& sensor, const StoredItemRow& item) {
  std::string body;
  const SqlValue key[] = {item.id};
  TAPIARY_TRY(catalog_.Query("SELECT body FROM item_bodies WHERE item_id = ?", key,
                             [&body](const SqlRow& row) {
                               body = base::AsText(row.Blob(0));
                               return false;
                             }));
  if (body.empty()) {
    Tell(FindingCode::kMissing, sensor, item.Name(), "its body is gone");
    return {};
  }
  counts_.bytes += body.size();
  TAPIARY_TRY(Progress(body.size()));
  if (base::Sha256Of(base::AsBytes(body)) != item.digest) {
    Tell(FindingCode::kAltered, sensor, item.Name(), "its body is not what the sensor sent");
    return {};
  }
  return CheckRecords(sensor, item, base::AsBytes(body));
}

base::Result<> Verifier::CheckRecords(const VerifiedSensor& sensor, const StoredItemRow& item,
                                      base::Bytes body) {
  if (item.kind == "flows") {
    const auto batch = uplink::DecodeFlows(body);
    if (!batch) return {};  // cannot be: it was decoded before it was stored, and has its digest
    for (const auto& flow : batch->flows) TAPIARY_TRY(CheckFlow(sensor, item, flow));
    return {};
  }
  const auto batch = uplink::DecodeFacts(body);
  if (!batch) return {};
  for (const auto& one : batch->transactions) TAPIARY_TRY(CheckTransaction(sensor, item, one));
  for (const auto& row : batch->ledger) TAPIARY_TRY(CheckLedger(sensor, item, row));
  for (const auto& gap : batch->gaps) TAPIARY_TRY(CheckGap(sensor, item, gap));
  return {};
}

}  // namespace tapiary::server
