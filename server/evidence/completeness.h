// Completeness: what of an hour at a sensor was offered, recorded, filtered, lost and why,
// estimated as never mirrored, and stored; signed by the collector.
//
// Made from the loss ledgers that the sensor sent and from the catalog's segments, when asked for;
// hours are those of the sensor's clock. An hour that no ledger accounts for is unknown, and so are
// the parts of an hour in which the sensor did not run. In words: docs/completeness.md. Any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "server/catalog/catalog.h"
#include "uplink/wire/signing.h"

namespace tapiary::server {

inline constexpr std::int64_t kMaxStatementHours = 31 * 24;

struct InterfaceAccount {
  std::string interface;
  std::int64_t offered = 0, recorded = 0, recorded_bytes = 0, filtered = 0;
  std::map<std::string, std::int64_t> lost;  // by reason
  std::int64_t tcp_bytes = 0, missed_bytes = 0;
  // From when to when it accounts; of epochs that followed each other, one each.
  std::vector<std::pair<std::int64_t, std::int64_t>> spans;
};

struct HourAccount {
  std::int64_t hour_ns = 0;
  std::vector<InterfaceAccount> interfaces;
  std::vector<std::pair<std::int64_t, std::int64_t>> unknown;  // parts that nothing accounts for
  std::int64_t segments = 0, packets = 0, bytes = 0;           // stored now
  std::int64_t removed_segments = 0, removed_packets = 0;      // stored once
  std::map<std::string, std::int64_t> dropped;  // packets the spool dropped, by reason
  // Packets that came without a sensor (POST pcap): stored now, and stored once.
  std::int64_t uploaded = 0, removed_uploaded = 0;
};

struct CompletenessQuery {
  std::int64_t sensor_id = 0;
  std::int64_t from_ns = 0;  // hours that [from, to) touches
  std::int64_t to_ns = 0;
  std::int64_t now_ns = INT64_MAX;  // what comes after it is not unknown yet
};
// Hour by hour, also those of which nothing is known. kInvalid beyond kMaxStatementHours.
base::Result<std::vector<HourAccount>> Accounts(const Catalog& catalog,
                                                const CompletenessQuery& query);

}  // namespace tapiary::server
