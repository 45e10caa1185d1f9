// The keys that sensors sign with: pinned at first use, accepted or refused by an admin afterwards.
//
// Accepting a key takes in what facts signed with it have told meanwhile. Every decision leaves an
// audit row. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "server/catalog/audit_row.h"
#include "server/catalog/catalog.h"
#include "uplink/wire/signing.h"

namespace tapiary::server {

struct SensorKey {
  uplink::PublicKey key{};
  std::string state;  // trusted, pending, refused
  std::int64_t first_ns = 0;
  std::int64_t decided_ns = 0;  // 0: by nobody
  std::string decided_by;
};

base::Result<std::vector<SensorKey>> SensorKeys(const Catalog& catalog, std::int64_t sensor_id);

struct KeyDecision {
  std::string sensor;
  uplink::PublicKey key{};
  bool trusted = false;  // else refused
  Actor actor;
};
// Also of a key that was never seen, before a sensor is set up. kNotFound: no such sensor.
base::Result<> DecideKey(Catalog& catalog, const KeyDecision& decision);

// How a sensor's evidence stands, for lists.
struct EvidenceState {
  std::string state = "unsigned";  // ok, key-changed, forked, altered, unsigned
  uplink::PublicKey key{};         // the newest trusted one
  std::int64_t chain = 0;          // the newest one's epoch, 0: none
  std::int64_t number = 0;         // of its newest item that was told
  std::int64_t told_ns = 0;        // when
  std::int64_t expected = 0;       // told and not here
  std::int64_t in_doubt = 0;       // items that are not as told, or whose facts are not signed
  std::int64_t forks = 0;
  std::int64_t pending_keys = 0;
};
// By sensor id; sensors without any evidence are absent.
base::Result<std::vector<std::pair<std::int64_t, EvidenceState>>> EvidenceStates(
    const Catalog& catalog);

}  // namespace tapiary::server
