#include "server/retention/lease.h"

#include <sys/random.h>

#include <array>

#include "base/clock.h"
#include "base/text.h"

namespace tapiary::server {

std::string MakeLeaseHolder() {
  std::array<std::uint8_t, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size())) {
    return base::ToHex(bytes);
  }
  return "at " + std::to_string(base::WallNow());
}

base::Result<bool> TakeLease(Catalog& catalog, std::string_view name, const std::string& holder,
                             std::int64_t now_ns, std::int64_t for_ns) {
  std::int64_t changed = 0;
  // An end far ahead is that of a clock that was wrong.
  const std::vector<SqlValue> values{std::string(name), holder, now_ns + for_ns, now_ns,
                                     now_ns + 24 * for_ns};
  const auto work = [&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_ASSIGN(
        changed,
        writer.Execute("INSERT INTO leases (name, holder, until_ns) VALUES (?, ?, ?) ON CONFLICT "
                       "(name) DO UPDATE SET holder = excluded.holder, until_ns = "
                       "excluded.until_ns WHERE leases.holder = excluded.holder OR "
                       "leases.until_ns < ? OR leases.until_ns > ?",
                       values));
    return {};
  };
  TAPIARY_TRY(catalog.Write(work));
  return changed == 1;
}

base::Result<> GiveBackLease(Catalog& catalog, std::string_view name, const std::string& holder) {
  const std::vector<SqlValue> values{std::string(name), holder};
  return catalog.Write([&values](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(writer.Execute("DELETE FROM leases WHERE name = ? AND holder = ?", values));
    return {};
  });
}

}  // namespace tapiary::server
