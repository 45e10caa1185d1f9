// Conditions: what no single record shows. A sensor that fell silent, sees nothing or stands where
// it cannot see (HP-03, HP-05), loss above a share, and the alarms that the collector itself wrote
// into the audit log.
//
// Looked at every few seconds, by each collector; each occurrence has a key of its own, which the
// first to see it keeps in the catalog, so that it is told once. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/alert/alert.h"
#include "server/alert/rule_store.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

// Audit actions that are alarms, when a rule names none.
const std::vector<std::string>& AlarmActions();

class Conditions {
 public:
  Conditions(Catalog& catalog, std::vector<Recipient> recipients)
      : catalog_(catalog), recipients_(std::move(recipients)) {}

  // Judges the rules of these kinds among `rules`. The alerts that were made.
  base::Result<std::int64_t> Pass(const std::vector<StoredRule>& rules, std::int64_t now_ns);

 private:
  struct Sensor {
    std::int64_t id = 0;
    std::string name;
    std::int64_t seen_ns = 0;
    std::int64_t offered = 0;
    std::int64_t lost = 0;
  };
  // What a rule remembers of a sensor.
  struct Memory {
    std::int64_t time_ns = 0;
    std::int64_t first = 0;
    std::int64_t second = 0;
  };
  struct Occurrence {
    std::string key;
    std::string sensor;
    std::string text;
    std::int64_t time_ns = 0;
  };
  struct Judgement {
    std::vector<Occurrence> occurrences;
    std::map<std::string, Memory> memories;  // changed ones
  };

  base::Result<std::vector<Sensor>> LoadSensors() const;
  base::Result<std::map<std::string, Memory>> LoadMemories(std::int64_t rule_id) const;
  static Judgement Silent(const AlertRule& rule, const std::vector<Sensor>& sensors,
                          std::int64_t now_ns);
  static Judgement Blind(const AlertRule& rule, const std::vector<Sensor>& sensors,
                         const std::map<std::string, Memory>& memories, std::int64_t now_ns);
  static Judgement Loss(const AlertRule& rule, const std::vector<Sensor>& sensors,
                        const std::map<std::string, Memory>& memories, std::int64_t now_ns);
  base::Result<Judgement> Alarms(const StoredRule& stored,
                                 const std::map<std::string, Memory>& memories,
                                 std::int64_t now_ns) const;
  base::Result<Judgement> Wrong(const AlertRule& rule, const std::vector<Sensor>& sensors,
                                const std::map<std::string, Memory>& memories, std::int64_t now_ns);
  base::Result<Judgement> Judge(const StoredRule& stored, const std::vector<Sensor>& sensors,
                                std::int64_t now_ns);
  base::Result<std::int64_t> Commit(const AlertRule& rule, const Judgement& judgement,
                                    std::int64_t now_ns);

  Catalog& catalog_;
  const std::vector<Recipient> recipients_;
  std::map<std::int64_t, std::int64_t> next_look_ns_;  // of rules about where a sensor stands
};

}  // namespace tapiary::server
