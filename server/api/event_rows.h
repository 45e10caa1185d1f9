// Rows of the catalog that a session's time line is made of. Bounded searches; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "server/api/event_timeline.h"
#include "server/api/items.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

struct SessionEvent {
  TimelineEvent line{};
  StoredItem item{};
  std::int64_t received_ns = 0;
  std::string time_kind{};  // event, session-start, received
  [[nodiscard]] std::int64_t Time() const { return line.ends.time_ns; }
  [[nodiscard]] std::tuple<std::int64_t, std::int64_t> Order() const { return {Time(), line.id}; }
};

// Events of a sensor and source within a day of `time_ns`, the nearest first: of `session`, or,
// when it is empty, those that have none. Without a source, too, only `id`, which belongs to none.
struct EventsWanted {
  std::int64_t id = 0;
  std::int64_t sensor_id = 0;
  std::string session{};
  capture::IpAddress source{};
  std::int64_t time_ns = 0;
  std::int64_t limit = 0;
};
struct EventRows {
  std::vector<SessionEvent> events{};  // in order of time
  bool partial = false;                // a time limit ended the search
  bool full = false;                   // there are more
};
base::Result<EventRows> LoadEventRows(const Catalog& catalog, const EventsWanted& wanted);

struct TransactionRows {
  std::vector<TimelineTransaction> transactions{};  // as they were on the wire
  bool partial = false;
  bool full = false;
};
base::Result<TransactionRows> LoadTransactionRows(const Catalog& catalog, const LinkFlow& flow,
                                                  std::int64_t limit);

// The Modbus function code of an event, where its record has one: Conpot's `data.function_code`, or
// the eighth byte of a request in hexadecimal, as in b'0001000000060106002804d2'.
std::optional<int> ModbusFunction(std::string_view record);

}  // namespace tapiary::server
