#include "server/alert/outbox.h"

#include <fmt/core.h>

#include <algorithm>
#include <random>

#include "base/clock.h"

namespace tapiary::server {
namespace {

// Marks one claimed message; nothing happens when the claim is another's by now.
base::Result<> Mark(SqlWriter& writer, const Delivery& delivery, const char* state,
                    std::int64_t attempts, std::int64_t due_ns, const std::string& trouble,
                    std::int64_t now_ns) {
  const SqlValue values[] = {std::string(state), attempts,         due_ns, now_ns, trouble,
                             delivery.id,        delivery.lease_ns};
  TAPIARY_TRY(writer.Execute(
      "UPDATE alert_outbox SET state = ?, attempts = ?, due_ns = ?, lease_ns = 0, changed_ns = ?, "
      "trouble = ? WHERE id = ? AND lease_ns = ? AND state = 'waiting'",
      values));
  return {};
}

base::Result<bool> AnyDue(const Catalog& catalog, const std::string& target, std::int64_t now_ns) {
  bool due = false;
  const SqlValue values[] = {target, now_ns, now_ns};
  TAPIARY_TRY(catalog.QuickQuery(
      "SELECT 1 FROM alert_outbox WHERE state = 'waiting' AND target = ? AND due_ns <= ? AND "
      "lease_ns <= ? LIMIT 1",
      values, [&due](const SqlRow&) {
        due = true;
        return false;
      }));
  return due;
}

struct Claim {
  std::int64_t id = 0;
  std::int64_t alert_id = 0;
  std::int64_t attempts = 0;
};

// The condition is repeated outside: of two collectors that find the same rows, the second waits
// for the first and then sees that they are taken.
base::Result<std::vector<Claim>> TakeDue(SqlWriter& writer, const std::string& target,
                                         std::int64_t lease_ns, std::int64_t now_ns,
                                         std::int64_t limit) {
  std::vector<Claim> claims;
  const SqlValue values[] = {lease_ns, target, now_ns, now_ns, limit, now_ns};
  TAPIARY_TRY(writer.Query(
      "UPDATE alert_outbox SET lease_ns = ? WHERE id IN (SELECT id FROM alert_outbox WHERE "
      "state = 'waiting' AND target = ? AND due_ns <= ? AND lease_ns <= ? "
      "ORDER BY due_ns, id LIMIT ?) AND state = 'waiting' AND lease_ns <= ? "
      "RETURNING id, alert_id, attempts",
      values, [&claims](const SqlRow& row) {
        claims.push_back({row.Int(0), row.Int(1), row.Int(2)});
        return true;
      }));
  std::ranges::sort(claims, {}, &Claim::id);
  return claims;
}

}  // namespace

base::Result<std::vector<Delivery>> ClaimDeliveries(Catalog& catalog, const std::string& target,
                                                    std::int64_t now_ns, std::int64_t limit) {
  std::vector<Delivery> deliveries;
  TAPIARY_ASSIGN(const bool due, AnyDue(catalog, target, now_ns));
  if (!due) return deliveries;
  std::vector<Claim> claims;
  const std::int64_t lease_ns = now_ns + kLeaseNs;
  TAPIARY_TRY(catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_ASSIGN(claims, TakeDue(writer, target, lease_ns, now_ns, limit));
    return {};
  }));
  for (const Claim& claim : claims) {
    auto alert = FindAlert(catalog, claim.alert_id);
    if (!alert) return alert.error();  // the lease gives them back
    deliveries.push_back({claim.id, claim.attempts, lease_ns, std::move(*alert)});
  }
  return deliveries;
}

base::Result<> MarkSent(Catalog& catalog, const std::vector<Delivery>& deliveries,
                        std::int64_t now_ns) {
  return catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    for (const Delivery& one : deliveries) {
      TAPIARY_TRY(Mark(writer, one, "sent", one.attempts + 1, 0, "", now_ns));
    }
    return {};
  });
}

base::Result<> MarkFailed(Catalog& catalog, const Delivery& delivery, const std::string& reason,
                          std::int64_t wait_ns, std::int64_t now_ns) {
  const std::int64_t attempts = delivery.attempts + 1;
  const bool dead = attempts >= kMaxAttempts;
  return catalog.Write([&](SqlWriter& writer) {
    return Mark(writer, delivery, dead ? "dead" : "waiting", attempts, now_ns + wait_ns,
                reason.substr(0, 500), now_ns);
  });
}

base::Result<> Release(Catalog& catalog, const std::vector<Delivery>& deliveries,
                       std::int64_t now_ns) {
  if (deliveries.empty()) return {};
  return catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    for (const Delivery& one : deliveries) {
      const SqlValue values[] = {now_ns, one.id, one.lease_ns};
      TAPIARY_TRY(
          writer.Execute("UPDATE alert_outbox SET lease_ns = 0, changed_ns = ? WHERE id = ? AND "
                         "lease_ns = ?",
                         values));
    }
    return {};
  });
}

base::Result<std::vector<OutboxRow>> ListOutbox(const Catalog& catalog, const std::string& state,
                                                const std::string& target, std::int64_t below_id,
                                                std::int64_t limit) {
  std::string sql =
      "SELECT id, alert_id, target, state, attempts, due_ns, changed_ns, trouble FROM alert_outbox "
      "WHERE id < ?";
  std::vector<SqlValue> values{below_id};
  if (!state.empty()) {
    sql += " AND state = ?";
    values.emplace_back(state);
  }
  if (!target.empty()) {
    sql += " AND target = ?";
    values.emplace_back(target);
  }
  sql += " ORDER BY id DESC LIMIT ?";
  values.emplace_back(limit);
  std::vector<OutboxRow> rows;
  TAPIARY_TRY(catalog.Query(sql, values, [&rows](const SqlRow& row) {
    rows.push_back({row.Int(0), row.Int(1), std::string(row.Text(2)), std::string(row.Text(3)),
                    row.Int(4), row.Int(5), row.Int(6), std::string(row.Text(7))});
    return true;
  }));
  return rows;
}

base::Result<> RetryDelivery(Catalog& catalog, std::int64_t id, const Actor& by,
                             std::int64_t now_ns) {
  return catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    std::string state;
    const SqlValue key[] = {id};
    TAPIARY_TRY(writer.Query("SELECT state FROM alert_outbox WHERE id = ?", key,
                             [&state](const SqlRow& row) {
                               state = row.Text(0);
                               return true;
                             }));
    if (state.empty()) {
      return base::MakeError(base::ErrorCode::kNotFound, fmt::format("there is no message {}", id));
    }
    if (state != "dead") {
      return base::MakeError(base::ErrorCode::kConflict, "the message is not dead but " + state);
    }
    const SqlValue values[] = {now_ns, now_ns, id};
    TAPIARY_TRY(writer.Execute(
        "UPDATE alert_outbox SET state = 'waiting', attempts = 0, due_ns = ?, lease_ns = 0, "
        "changed_ns = ? WHERE id = ? AND state = 'dead'",
        values));
    return AddAudit(writer, by, "alert-message-retried", std::to_string(id));
  });
}

base::Result<> PruneOutbox(Catalog& catalog, std::int64_t now_ns) {
  return catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    const SqlValue old[] = {now_ns - kKeepSentNs};
    TAPIARY_TRY(
        writer.Execute("DELETE FROM alert_outbox WHERE state = 'sent' AND changed_ns < ?", old));
    std::vector<std::string> crowded;
    const SqlValue most[] = {kMaxWaiting};
    TAPIARY_TRY(
        writer.Query("SELECT target FROM alert_outbox WHERE state = 'waiting' "
                     "GROUP BY target HAVING count(*) > ?",
                     most, [&crowded](const SqlRow& row) {
                       crowded.emplace_back(row.Text(0));
                       return true;
                     }));
    for (const std::string& target : crowded) {
      const SqlValue values[] = {now_ns, target, target, kMaxWaiting};
      TAPIARY_TRY(writer.Execute(
          "UPDATE alert_outbox SET state = 'dead', changed_ns = ?, trouble = 'too many wait' "
          "WHERE state = 'waiting' AND target = ? AND id <= (SELECT id FROM alert_outbox WHERE "
          "state = 'waiting' AND target = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
          values));
    }
    return {};
  });
}

std::int64_t RetryWait(std::int64_t failures) {
  constexpr std::int64_t kLongest = base::kNanosPerHour;
  thread_local std::minstd_rand random(std::random_device{}());
  const auto doublings = std::clamp<std::int64_t>(failures - 1, 0, 12);
  const std::int64_t most = std::min(base::kNanosPerSecond << doublings, kLongest);
  return std::uniform_int_distribution<std::int64_t>(most / 2, most)(random);
}

}  // namespace tapiary::server
