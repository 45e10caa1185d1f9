// Retention: keeps the stores within their limits and the disk from filling up, on a thread of its
// own. Of several collectors on one database one works at a time (table `leases`); when it dies,
// another goes on. What it does is in plan.h (what goes) and purge.h (how).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "server/catalog/catalog.h"
#include "server/retention/policy.h"
#include "server/vault/vault.h"

namespace tapiary::server {

struct RetentionOptions {
  RetentionPolicy policy;
  std::int64_t every_ns = 60'000'000'000;
  std::string vault_folder{};    // empty: the vault is on no disk of ours
  std::string catalog_folder{};  // empty: nor is the catalog
};

struct RetentionReport {
  bool ours = false;  // false: another collector is at it
  std::uint64_t purges = 0;
  std::int64_t entries = 0;
  std::int64_t bytes = 0;
};

class Retention {
 public:
  // Catalog and vault must outlive it. Nothing runs before Start.
  Retention(Catalog& catalog, Vault& vault, RetentionOptions options);
  ~Retention();  // ends within a step
  Retention(const Retention&) = delete;
  Retention& operator=(const Retention&) = delete;
  void Start();
  // One round, as the thread does it; for tests, and not beside the thread.
  base::Result<RetentionReport> RunOnce(std::int64_t now_ns);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapiary::server
