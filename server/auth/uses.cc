#include "server/auth/uses.h"

#include <array>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/log.h"

namespace tapiary::server {
namespace {

constexpr std::int64_t kUseInterval = 60 * base::kNanosPerSecond;
constexpr std::size_t kMaxUses = 10'000;

// When the use of each was written last.
class Uses {
 public:
  // True when it is time to write again. At the bound everything is forgotten: some writes more.
  bool Due(const Catalog& catalog, std::int64_t key, std::int64_t now_ns) {
    const std::lock_guard lock(mutex_);
    if (written_.size() >= kMaxUses) written_.clear();
    const auto [entry, fresh] = written_.try_emplace({&catalog, key}, now_ns);
    const std::int64_t age_ns = now_ns - entry->second;
    if (!fresh && age_ns >= 0 && age_ns < kUseInterval) return false;
    entry->second = now_ns;
    return true;
  }

 private:
  std::mutex mutex_;
  std::map<std::pair<const Catalog*, std::int64_t>, std::int64_t> written_;  // guarded by mutex_
};

}  // namespace

void NoteUse(Catalog& catalog, const Identity& identity, std::int64_t now_ns) {
  static Uses uses;
  if (identity.key() == 0 || !uses.Due(catalog, identity.key(), now_ns)) return;
  const bool session = identity.session_id != 0;
  const auto written = catalog.WriteShared([&](SqlWriter& writer) -> base::Result<> {
    const std::string table = session ? "sessions" : "tokens";
    const std::array<SqlValue, 2> change = {now_ns,
                                            session ? identity.session_id : identity.token_id};
    TAPIARY_TRY(writer.Execute("UPDATE " + table + " SET last_used_ns = ? WHERE id = ?", change));
    return {};
  });
  if (!written) base::LogWarning("a use was not noted: {}", written.error().message);
}

}  // namespace tapiary::server
