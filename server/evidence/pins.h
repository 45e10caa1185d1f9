// Pins: what retention must keep, whatever its age, with a note that says why (legal hold).
//
// A pin holds one flow, or everything of a sensor in a window of the sensor's clock: the segments,
// flows, transactions and events that touch it. Retention reads the table `pins` itself
// (schema.cc). Making and removing a pin leaves an audit row. Any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/records.h"
#include "server/catalog/audit_row.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

inline constexpr std::int64_t kMaxPins = 100'000;
inline constexpr std::size_t kMaxPinNoteBytes = 4096;

struct Pin {
  std::int64_t id = 0;
  std::int64_t sensor_id = 0;
  std::string sensor;
  std::int64_t from_ns = 0;
  std::int64_t to_ns = 0;
  std::optional<capture::FlowId> flow;
  std::string note;
  std::string actor;  // who made it
  std::int64_t created_ns = 0;
};

// "plant-a.1a21be0606f.12", escaped: the flow as every list names it; "" for a window.
std::string FlowText(const Pin& pin);

// The pin of a window or, with `flow`, of a flow as far as it is stored (its times are
// taken from the catalog). kNotFound
// when there is no such sensor or flow, kTooLarge when there are too many pins, kInvalid for a
// window that ends before it begins or a note that is too long or empty.
base::Result<Pin> AddPin(Catalog& catalog, Pin pin, const Actor& actor);
// kNotFound when there is none.
base::Result<> RemovePin(Catalog& catalog, std::int64_t id, const Actor& actor);

struct PinsQuery {
  std::string sensor{};  // empty: of all
  std::int64_t before_id = INT64_MAX;
  std::int64_t limit = 100;
};
// Newest first.
base::Result<std::vector<Pin>> ListPins(const Catalog& catalog, const PinsQuery& query);

}  // namespace tapiary::server
