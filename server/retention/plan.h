// Retention's decision: which hours of which sensor go, and how much of them. Pure; any thread.
//
// Age takes whole hours. When a kind is larger than it may be, or a disk is nearly full, the sensor
// that has most of it loses its oldest, again and again until it fits: so a sensor that is flooded,
// or taken over, cannot push out what others recorded (HP-04). The same rule makes no difference
// with one sensor: the oldest goes.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "server/ingest/stored.h"
#include "server/retention/policy.h"

namespace tapiary::server {

enum class PurgeReason : std::uint8_t { kAge, kBytes, kDisk };
std::string_view ToString(PurgeReason reason);  // "age", "bytes", "disk"

// What one step of work takes: an hour of one kind.
struct Purge {
  DataKind kind = DataKind::kPackets;
  std::int64_t hour = 0;
  std::vector<std::int64_t> sensors;
  bool of_all = false;  // nobody else has anything in that hour
  PurgeReason reason = PurgeReason::kAge;
  std::int64_t bytes = 0;  // at least so many, the oldest of the hour first; 0: all of it
};

// Bytes that must become free on the vault's disk, and in the catalog's file or tablespace.
struct SpaceNeeded {
  std::int64_t packets = 0;
  std::int64_t rows = 0;
};

// In the order in which they are to go. `stored` is in the order of ReadStored. Hours that are
// spared (pinned) count towards sizes and are not taken. Where the catalog keeps a kind in parts by
// time, what is too old waits until the part is, so that it can go as a whole.
std::vector<Purge> PlanPurges(const RetentionPolicy& policy, std::span<const StoredHour> stored,
                              const SensorNames& names, std::int64_t now_ns,
                              const SpaceNeeded& needed, std::span<const TimePart> parts = {});

// A part of a table that goes as a whole.
struct PartPurge {
  TimePart part;
  std::vector<Purge> hours;  // that it has; none: it is empty
};
// Those parts of which the purges take everything; their hours are taken out of *purges.
std::vector<PartPurge> TakeWholeParts(std::span<const TimePart> parts,
                                      std::span<const StoredHour> stored, std::int64_t now_ns,
                                      std::vector<Purge>* purges);

}  // namespace tapiary::server
