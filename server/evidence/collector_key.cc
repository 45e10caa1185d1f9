#include "server/evidence/collector_key.h"

#include <algorithm>

#include "base/clock.h"
#include "server/evidence/signed_text.h"

namespace tapiary::server {

base::Result<uplink::SigningKey> OpenCollectorKey(Catalog& catalog, const std::string& path) {
  auto key = uplink::SigningKey::LoadOrMake(path);
  if (!key) return key.error().WithContext("the collector's key");
  const uplink::PublicKey& own = key->public_key();
  const std::vector<SqlValue> values{std::vector<std::uint8_t>(own.begin(), own.end()),
                                     base::WallNow()};
  const auto listed = catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_ASSIGN(const std::int64_t added,
                   writer.Execute("INSERT INTO collector_keys (public_key, first_ns) VALUES (?, ?) "
                                  "ON CONFLICT DO NOTHING",
                                  values));
    if (added == 0) return {};
    return AddAudit(writer, "collector", "collector-key", KeyId(own));
  });
  if (!listed) return listed.error();
  return key;
}

base::Result<std::vector<CollectorKey>> CollectorKeys(const Catalog& catalog) {
  std::vector<CollectorKey> keys;
  TAPIARY_TRY(catalog.Query("SELECT public_key, first_ns FROM collector_keys ORDER BY id", {},
                            [&keys](const SqlRow& row) {
                              CollectorKey key;
                              if (row.Blob(0).size() != key.key.size()) return true;
                              std::ranges::copy(row.Blob(0), key.key.begin());
                              key.first_ns = row.Int(1);
                              keys.push_back(key);
                              return true;
                            }));
  return keys;
}

}  // namespace tapiary::server
