#include "server/alert/conditions.h"

#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "server/alert/vantage.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t kForgetNs = 31 * base::kNanosPerDay;
// A transaction of another collector may commit so much later than it says.
constexpr std::int64_t kLateNs = 10 * base::kNanosPerMinute;
constexpr std::int64_t kJudgedEarly = 1000;  // offered packets that make a share worth telling
constexpr std::int64_t kLookNs = 30 * base::kNanosPerSecond;  // reading many flows costs time
constexpr const char* kAlarmsUntil = "alarms-until";

std::string ConditionRecord(const AlertRule& rule, const std::string& text, std::int64_t time_ns) {
  const Json json = {
      {"condition", ToString(rule.kind)}, {"time", base::FormatTime(time_ns)}, {"text", text}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string Ago(std::int64_t since_ns, std::int64_t now_ns) {
  return fmt::format("{} s", (now_ns - since_ns) / base::kNanosPerSecond);
}

// A condition knows only its sensor; without it the rule groups all.
std::string GroupKey(const AlertRule& rule, const std::string& sensor) {
  Json key = Json::object();
  if (std::ranges::find(rule.group_by, GroupField::kSensor) != rule.group_by.end()) {
    key["sensor"] = sensor;
  }
  return key.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// False when it was told before.
base::Result<bool> IsNew(SqlWriter& writer, std::int64_t rule_id, const std::string& key,
                         std::int64_t now_ns) {
  const SqlValue values[] = {rule_id, "told." + key, now_ns};
  TAPIARY_ASSIGN(const std::int64_t changed,
                 writer.Execute("INSERT INTO alert_memory (rule_id, name, time_ns, first, second) "
                                "VALUES (?, ?, ?, 0, 0) ON CONFLICT (rule_id, name) DO NOTHING",
                                values));
  return changed == 1;
}

base::Result<> Forget(SqlWriter& writer, std::int64_t now_ns) {
  const SqlValue old[] = {now_ns - kForgetNs};
  TAPIARY_TRY(
      writer.Execute("DELETE FROM alert_memory WHERE name LIKE 'told.%' AND time_ns < ?", old));
  return {};
}

}  // namespace

const std::vector<std::string>& AlarmActions() {
  static const std::vector<std::string> actions{
      "digest-conflict", "record-conflict",   "segment-conflict", "item-altered",
      "bad-signature",   "unsigned-facts",    "chain-forked",     "chain-restarted",
      "audit-gap",       "sensor-key-changed"};
  return actions;
}

base::Result<std::vector<Conditions::Sensor>> Conditions::LoadSensors() const {
  std::vector<Sensor> sensors;
  TAPIARY_TRY(catalog_.Query(
      "SELECT s.id, s.name, s.last_seen_ns, CAST(COALESCE(SUM(l.offered), 0) AS BIGINT), "
      "CAST(COALESCE(SUM(l.lost), 0) AS BIGINT) FROM sensors s LEFT JOIN ledger l "
      "ON l.sensor_id = s.id WHERE s.last_seen_ns IS NOT NULL GROUP BY s.id, s.name, "
      "s.last_seen_ns ORDER BY s.id",
      {}, [&sensors](const SqlRow& row) {
        sensors.push_back(
            {row.Int(0), std::string(row.Text(1)), row.Int(2), row.Int(3), row.Int(4)});
        return true;
      }));
  return sensors;
}

base::Result<std::map<std::string, Conditions::Memory>> Conditions::LoadMemories(
    std::int64_t rule_id) const {
  std::map<std::string, Memory> memories;
  const SqlValue values[] = {rule_id};
  TAPIARY_TRY(
      catalog_.Query("SELECT name, time_ns, first, second FROM alert_memory WHERE rule_id = ?",
                     values, [&memories](const SqlRow& row) {
                       memories[std::string(row.Text(0))] = {row.Int(1), row.Int(2), row.Int(3)};
                       return true;
                     }));
  return memories;
}

// A sensor that was given up long ago is none that fell silent.
Conditions::Judgement Conditions::Silent(const AlertRule& rule, const std::vector<Sensor>& sensors,
                                         std::int64_t now_ns) {
  Judgement judgement;
  for (const Sensor& sensor : sensors) {
    if (sensor.seen_ns > now_ns - rule.after_ns) continue;
    if (sensor.seen_ns <
        now_ns - std::max(kForgetNs - base::kNanosPerMinute, rule.after_ns + base::kNanosPerMinute))
      continue;
    judgement.occurrences.push_back(
        {fmt::format("silent.{}.{}", sensor.id, sensor.seen_ns), sensor.name,
         fmt::format("nothing came from the sensor for {}", Ago(sensor.seen_ns, now_ns)),
         sensor.seen_ns});
  }
  return judgement;
}

Conditions::Judgement Conditions::Blind(const AlertRule& rule, const std::vector<Sensor>& sensors,
                                        const std::map<std::string, Memory>& memories,
                                        std::int64_t now_ns) {
  Judgement judgement;
  for (const Sensor& sensor : sensors) {
    const std::string name = fmt::format("sensor.{}", sensor.id);
    const auto known = memories.find(name);
    if (known == memories.end() || known->second.first != sensor.offered) {
      judgement.memories[name] = {now_ns, sensor.offered, 0};
      continue;
    }
    const std::int64_t since_ns = known->second.time_ns;
    const bool alive = sensor.seen_ns > now_ns - rule.after_ns;
    if (!alive || since_ns > now_ns - rule.after_ns) continue;
    judgement.occurrences.push_back(
        {fmt::format("blind.{}.{}", sensor.id, since_ns), sensor.name,
         fmt::format("the sensor is there, but captured no packet for {}", Ago(since_ns, now_ns)),
         since_ns});
  }
  return judgement;
}

Conditions::Judgement Conditions::Loss(const AlertRule& rule, const std::vector<Sensor>& sensors,
                                       const std::map<std::string, Memory>& memories,
                                       std::int64_t now_ns) {
  Judgement judgement;
  for (const Sensor& sensor : sensors) {
    const std::string name = fmt::format("sensor.{}", sensor.id);
    const auto known = memories.find(name);
    const Memory begin = known == memories.end() ? Memory{} : known->second;
    const bool fresh =
        known == memories.end() || sensor.offered < begin.first || sensor.lost < begin.second;
    const bool over = now_ns - begin.time_ns >= rule.after_ns;
    if (fresh || over) judgement.memories[name] = {now_ns, sensor.offered, sensor.lost};
    if (fresh) continue;
    const std::int64_t offered = sensor.offered - begin.first;
    const std::int64_t lost = sensor.lost - begin.second;
    const double limit = static_cast<double>(offered) * static_cast<double>(rule.loss_ppm) / 1e6;
    const bool judged = over || offered >= kJudgedEarly;
    if (lost <= 0 || !judged || static_cast<double>(lost) <= limit) continue;
    judgement.occurrences.push_back({fmt::format("loss.{}.{}", sensor.id, begin.time_ns),
                                     sensor.name,
                                     fmt::format("{} of {} packets were lost within {}", lost,
                                                 offered, Ago(begin.time_ns, now_ns)),
                                     now_ns});
  }
  return judgement;
}

// From before the last look on, since rows may appear late; what was told is known by its key.
base::Result<Conditions::Judgement> Conditions::Alarms(
    const StoredRule& stored, const std::map<std::string, Memory>& memories,
    std::int64_t now_ns) const {
  Judgement judgement;
  const auto known = memories.find(kAlarmsUntil);
  std::int64_t since_ns = stored.changed_ns;
  if (known != memories.end()) since_ns = std::max(since_ns, known->second.time_ns - kLateNs);
  const auto& actions = stored.rule.alarms.empty() ? AlarmActions() : stored.rule.alarms;
  std::string sql =
      "SELECT id, time_ns, actor, action, detail FROM audit WHERE time_ns >= ? AND "
      "action IN (";
  std::vector<SqlValue> values{since_ns};
  for (const std::string& action : actions) {
    sql += values.size() == 1 ? "?" : ", ?";
    values.emplace_back(action);
  }
  TAPIARY_TRY(catalog_.Query(sql + ") ORDER BY id", values, [&judgement](const SqlRow& row) {
    judgement.occurrences.push_back(
        {fmt::format("audit.{}", row.Int(0)), std::string(row.Text(2)),
         fmt::format("{}: {}", row.Text(3), row.Text(4).substr(0, 1000)), row.Int(1)});
    return true;
  }));
  // Each 2 s would be a needless write.
  const bool due =
      known == memories.end() || now_ns - known->second.time_ns >= base::kNanosPerMinute;
  if (due) judgement.memories[kAlarmsUntil] = {now_ns, 0, 0};
  return judgement;
}

// Told once when it begins, and again only after it was right in between. A sensor with few flows
// stays what it was.
base::Result<Conditions::Judgement> Conditions::Wrong(const AlertRule& rule,
                                                      const std::vector<Sensor>& sensors,
                                                      const std::map<std::string, Memory>& memories,
                                                      std::int64_t now_ns) {
  Judgement judgement;
  std::int64_t& next_ns = next_look_ns_[rule.id];
  if (now_ns < next_ns) return judgement;
  next_ns = now_ns + kLookNs;
  TAPIARY_ASSIGN(const auto found, LookFromSensors(catalog_, rule.kind, now_ns - rule.after_ns));
  for (const Sensor& sensor : sensors) {
    const auto look = found.find(sensor.id);
    if (look == found.end()) continue;
    const std::string name = fmt::format("sensor.{}", sensor.id);
    const auto known = memories.find(name);
    const bool was_wrong = known != memories.end() && known->second.first != 0;
    const Vantage& vantage = look->second;
    if (vantage.wrong != was_wrong) judgement.memories[name] = {now_ns, vantage.wrong ? 1 : 0, 0};
    if (!vantage.wrong || was_wrong) continue;
    judgement.occurrences.push_back(
        {fmt::format("{}.{}.{}", ToString(rule.kind), sensor.id, now_ns), sensor.name, vantage.text,
         now_ns});
  }
  return judgement;
}

base::Result<Conditions::Judgement> Conditions::Judge(const StoredRule& stored,
                                                      const std::vector<Sensor>& sensors,
                                                      std::int64_t now_ns) {
  TAPIARY_ASSIGN(const auto memories, LoadMemories(stored.rule.id));
  Judgement judgement;
  if (stored.rule.kind == RuleKind::kSensorSilent) {
    judgement = Silent(stored.rule, sensors, now_ns);
  } else if (stored.rule.kind == RuleKind::kSensorBlind) {
    judgement = Blind(stored.rule, sensors, memories, now_ns);
  } else if (stored.rule.kind == RuleKind::kLoss) {
    judgement = Loss(stored.rule, sensors, memories, now_ns);
  } else if (IsVantage(stored.rule.kind)) {
    TAPIARY_ASSIGN(judgement, Wrong(stored.rule, sensors, memories, now_ns));
  } else {
    TAPIARY_ASSIGN(judgement, Alarms(stored, memories, now_ns));
  }
  std::erase_if(judgement.occurrences, [&memories](const Occurrence& one) {
    return memories.contains("told." + one.key);
  });
  return judgement;
}

base::Result<std::int64_t> Conditions::Commit(const AlertRule& rule, const Judgement& judgement,
                                              std::int64_t now_ns) {
  std::int64_t made = 0;
  if (judgement.occurrences.empty() && judgement.memories.empty()) return made;
  const auto written = catalog_.Write([&](SqlWriter& writer) -> base::Result<> {
    AlertGroups groups;
    for (const Occurrence& one : judgement.occurrences) {
      TAPIARY_ASSIGN(const bool fresh, IsNew(writer, rule.id, one.key, now_ns));
      if (!fresh) continue;
      AlertMatch& match = GroupFor(groups, GroupKey(rule, one.sensor));
      if (match.sensor.empty()) match.sensor = one.sensor;
      if (match.rows.size() < kRowsKept) {
        match.rows.push_back({one.key, ConditionRecord(rule, one.text, one.time_ns)});
      }
      ++match.matches;
    }
    for (const auto& [name, memory] : judgement.memories) {
      const SqlValue values[] = {rule.id, name, memory.time_ns, memory.first, memory.second};
      TAPIARY_TRY(writer.Execute(
          "INSERT INTO alert_memory (rule_id, name, time_ns, first, second) VALUES (?, ?, ?, ?, ?) "
          "ON CONFLICT (rule_id, name) DO UPDATE SET time_ns = excluded.time_ns, "
          "first = excluded.first, second = excluded.second",
          values));
    }
    TAPIARY_TRY(Forget(writer, now_ns));
    TAPIARY_ASSIGN(made, RaiseAlerts(writer, rule, groups, recipients_, now_ns));
    return {};
  });
  if (!written) return written.error();
  return made;
}

base::Result<std::int64_t> Conditions::Pass(const std::vector<StoredRule>& rules,
                                            std::int64_t now_ns) {
  std::int64_t made = 0;
  std::vector<Sensor> sensors;
  bool loaded = false;
  for (const StoredRule& stored : rules) {
    if (!stored.rule.enabled || stored.rule.kind == RuleKind::kMatch) continue;
    if (!loaded) {
      TAPIARY_ASSIGN(sensors, LoadSensors());
      loaded = true;
    }
    TAPIARY_ASSIGN(const Judgement judgement, Judge(stored, sensors, now_ns));
    TAPIARY_ASSIGN(const std::int64_t some, Commit(stored.rule, judgement, now_ns));
    made += some;
  }
  return made;
}

}  // namespace tapiary::server
