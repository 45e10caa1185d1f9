// Evaluator: judges what was ingested by the rules, pass by pass.
//
// A pass takes a portion of the work, asks the database which records each rule selects, and then
// writes alerts and deletes the work in one transaction: a crash before it means that the pass is
// done again. Not thread-safe; alerts.h has the thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "server/alert/alert.h"
#include "server/alert/rule_store.h"
#include "server/alert/work.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

struct PassReport {
  std::size_t work = 0;     // items judged here
  std::int64_t alerts = 0;  // made
};

class Evaluator {
 public:
  // The catalog must outlive it. `run` stands for the collector.
  Evaluator(Catalog& catalog, std::vector<Recipient> recipients, std::int64_t run)
      : catalog_(catalog), recipients_(std::move(recipients)), run_(run) {}

  // One portion of the work; nothing to do gives a report of zeros. kUnavailable: come again.
  base::Result<PassReport> Pass(std::int64_t now_ns);

 private:
  struct Judged {
    const AlertRule* rule;
    AlertGroups groups;
  };
  base::Result<std::vector<Judged>> Judge(const std::vector<StoredRule>& rules,
                                          const std::vector<AlertWork>& work, std::int64_t now_ns);
  void TellTrouble(const AlertRule& rule, const std::string& trouble, std::int64_t now_ns);
  base::Result<PassReport> Commit(const std::vector<Judged>& judged,
                                  const std::vector<AlertWork>& work, std::int64_t now_ns);

  Catalog& catalog_;
  const std::vector<Recipient> recipients_;
  const std::int64_t run_;
  base::RateLimit trouble_log_{10 * base::kNanosPerSecond};
};

}  // namespace tapiary::server
