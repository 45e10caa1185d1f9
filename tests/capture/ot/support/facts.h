// What a run of the meter found, as text fields: to compare runs and to say where they differ.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/capture/support/meter_run.h"

namespace tapiary::capture::test {

using Fields = std::vector<std::pair<std::string, std::string>>;

enum class Scope : std::uint8_t {
  kAll,        // all but time, latency and identity
  kCore,       // without detail and anomalies, which may depend on what came before
  kRequest,    // what the request alone says
  kOperation,  // protocol, operation, code
};

Fields FieldsOf(const Transaction& transaction, Scope scope);
// Service, anomalies and counters of all flows, and how many transactions and commands.
Fields FlowFields(const MeterRun& run);
// "" when equal, else the first field that differs.
std::string Difference(const Fields& expected, const Fields& actual);
std::string ToText(const Fields& fields);

}  // namespace tapiary::capture::test
