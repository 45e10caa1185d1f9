// One attacker session seen from both sides: what the honeypot logged and what the wire showed.
//
// An event vouches for the flows it is linked to and for at most one transaction. What nothing
// vouches for, the honeypot never logged; an event without a flow has no packets. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "server/api/event_links.h"

namespace tapiary::server {

// Further apart than this, an event and a transaction are two things.
inline constexpr std::int64_t kVouchNs = 2 * base::kNanosPerSecond;
// A connection that goes on for longer than this after its logged end is worth a word.
inline constexpr std::int64_t kAfterEndNs = 5 * base::kNanosPerSecond;

struct TimelineEvent {
  std::int64_t id = 0;
  LinkEvent ends{};
  bool has_time = true;           // of its own: not the session's start, nor that of receipt
  std::string action{};           // event.action
  std::string protocol{};         // lower case, or ""
  std::optional<int> function{};  // Modbus function code, where the record has it
  // Set by Join. Where it stands in the time line: its time less the clock's error, or, without a
  // time of its own, that of what it vouches for.
  std::int64_t wire_ns = 0;
  LinkState state = LinkState::kNone;
  std::vector<std::size_t> flows{};          // its links
  std::optional<std::size_t> transaction{};  // that it vouches for
};

struct TimelineTransaction {
  std::size_t flow = 0;
  std::int64_t number = 0;
  std::int64_t time_ns = 0;
  std::string protocol{};
  std::int64_t code = 0;
  bool command = false;
  std::string record{};  // JSON
  // Set by Join.
  std::optional<std::int64_t> event{};
};

struct TimelineFlow {
  LinkFlow flow{};
  // Set by Join.
  std::vector<std::int64_t> events{};  // ids
  bool maybe = false;                  // an event may be its own, or that of others
  std::int64_t after_end_ns = 0;       // how long it went on after the logged end of its session
  [[nodiscard]] bool WireOnly() const { return events.empty() && !maybe; }
};

struct Timeline {
  std::vector<TimelineEvent> events{};  // in the order of their stated times
  std::vector<TimelineFlow> flows{};
  std::vector<TimelineTransaction> transactions{};  // in time order
};

void Join(Timeline& line);

// What only one of the two sides has, of a joined time line.
struct TimelineCounts {
  std::int64_t wire_flows = 0, wire_transactions = 0, wire_commands = 0;
  std::int64_t after_end = 0;  // flows that went on after the logged end
  std::int64_t log_events = 0;
};
TimelineCounts CountTimeline(const Timeline& line);

}  // namespace tapiary::server
