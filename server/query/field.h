// The filter language's fields: one table that the parser, the SQL, the packet evaluator, the API's
// /filter/fields and docs/filter.md all read, so that none can drift from the others.
//
// SQL expressions use fixed aliases (see sql.h): f flows, t transactions, e events, s sensors.
// Constant data; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace tapiary::server {

enum class FilterTable : std::uint8_t { kFlows, kTransactions, kEvents };
inline constexpr std::size_t kFilterTableCount = 3;
std::string_view ToString(FilterTable table);  // flows, transactions, events

enum class FieldType : std::uint8_t {
  kFlag,      // true or false; written alone
  kAddress,   // IPv4 or IPv6 address or network
  kMac,       // 00:11:22:33:44:55
  kNumber,    // whole, decimal or 0x hexadecimal
  kSize,      // bytes, with optional suffix: 1M, 500kB
  kDuration,  // 250ms, 1.5s, 5m; a number alone is seconds
  kTime,      // RFC 3339
  kText,      // "quoted", or one plain word
  kFlowId,    // EPOCH.NUMBER or SENSOR.EPOCH.NUMBER
};
std::string_view ToString(FieldType type);
// "an IPv4 or IPv6 address, or a network such as 10.0.0.0/8": for errors and the reference.
std::string_view ExpectedValue(FieldType type);

// How packets give a field. kNone: only flows, transactions or events do.
enum class PacketField : std::uint8_t {
  kNone,
  kSensor,
  kInterface,
  kTime,
  kAddress,
  kIpProto,
  kTcpPort,
  kUdpPort,
  kVlan,
  kEtherType,
  kMac,
};

// One value of a field in SQL. `high` differs from `low` for a field that is a span of time: "later
// than" asks the high end, "earlier than" the low one.
struct FieldColumn {
  const char* low = nullptr;  // nullptr: no such column
  const char* high = nullptr;
};

// How a table gives a field: any of up to two columns, when `guard` holds, in any of the rows that
// `rows` yields (an open "SELECT 1 FROM ... WHERE ..." for EXISTS). All empty: the table has not
// got the field, and tests of it are false, as in Wireshark.
struct FieldSql {
  FieldColumn first{};
  FieldColumn second{};
  bool nullable = false;
  const char* guard = nullptr;
  const char* rows = nullptr;
  [[nodiscard]] bool absent() const { return first.low == nullptr; }
};

struct FilterField {
  std::string_view name{};
  std::string_view aliases{};  // other names for it, separated by one space
  FieldType type = FieldType::kText;
  std::string_view means{};  // a flag that only abbreviates this filter, or empty
  std::array<FieldSql, kFilterTableCount> sql{};
  PacketField packet = PacketField::kNone;
  std::int64_t max = INT64_MAX;  // of numbers
  std::string_view sentence{};
};

const FieldSql& SqlOf(const FilterField& field, FilterTable table);
std::span<const FilterField> FilterFields();
// By name or alias; nullptr when there is none.
const FilterField* FindFilterField(std::string_view name);
// The name nearest to a misspelt one, or "" when none is near.
std::string_view NearestFieldName(std::string_view name);

}  // namespace tapiary::server
