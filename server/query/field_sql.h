// Building blocks of the field table's SQL: how flows, transactions and events give a field.
// Only for field.cc.
#pragma once

#include "server/query/field.h"

// Joins a transaction to its flow, whichever of the two the outer query is over.
#define TAPIARY_FLOW_OF_T \
  "f.sensor_id = t.sensor_id AND f.epoch = t.epoch AND f.number = t.flow_number"
#define TAPIARY_T_OF_FLOW \
  "t.sensor_id = f.sensor_id AND t.epoch = f.epoch AND t.flow_number = f.number"

namespace tapiary::server {

inline constexpr const char* kFlowRows = "SELECT 1 FROM flows f WHERE " TAPIARY_FLOW_OF_T;
inline constexpr const char* kTransactionRows =
    "SELECT 1 FROM transactions t WHERE " TAPIARY_T_OF_FLOW;

inline constexpr const char* kIsTcp = "f.proto = 6";
inline constexpr const char* kIsUdp = "f.proto = 17";
// Facts arrive before flows: while its flow is not here, a transaction may be of either transport.
inline constexpr const char* kMayBeTcp =
    "COALESCE((SELECT f.proto FROM flows f WHERE " TAPIARY_FLOW_OF_T "), 6) = 6";
inline constexpr const char* kMayBeUdp =
    "COALESCE((SELECT f.proto FROM flows f WHERE " TAPIARY_FLOW_OF_T "), 17) = 17";
inline constexpr const char* kIsModbus = "t.protocol = 'modbus'";

inline constexpr FieldSql kNo{};  // the table has not got the field

constexpr FieldSql One(const char* column) {
  return {.first = {column, column}};
}
constexpr FieldSql Text(const char* column) {
  return One(column);
}
constexpr FieldSql Nullable(const char* column) {
  return {.first = {column, column}, .nullable = true};
}
constexpr FieldSql Span(const char* low, const char* high) {
  return {.first = {low, high}};
}
constexpr FieldSql Either(const char* a, const char* b) {
  return {.first = {a, a}, .second = {b, b}, .nullable = true};
}
constexpr FieldSql Guarded(const char* column, const char* guard) {
  return {.first = {column, column}, .guard = guard};
}
constexpr FieldSql Ports(const char* table, const char* guard) {
  const bool flows = table[0] == 'f';
  const char* a = flows ? "f.orig_port" : "t.orig_port";
  const char* b = flows ? "f.resp_port" : "t.resp_port";
  return {.first = {a, a}, .second = {b, b}, .guard = guard};
}
constexpr FieldSql EventPorts() {
  return Either("e.source_port", "e.destination_port");
}
constexpr FieldSql Rows(const char* rows, const char* column) {
  return {.first = {column, column}, .nullable = true, .rows = rows};
}
constexpr FieldSql FlowId(const char* epoch, const char* number) {
  return {.first = {epoch, epoch}, .second = {number, number}};
}
constexpr FieldSql OfFlow(const char* column) {
  return Rows(kFlowRows, column);
}

// A column of flows, also for their transactions.
constexpr std::array<FieldSql, kFilterTableCount> OnFlow(const char* column) {
  return {Nullable(column), OfFlow(column), kNo};
}
// A label of flows, by its path inside the record.
constexpr FilterField Label(std::string_view name, std::string_view aliases, const char* path,
                            std::string_view sentence) {
  return {.name = name,
          .aliases = aliases,
          .type = FieldType::kText,
          .sql = OnFlow(path),
          .sentence = sentence};
}
// A field of events, by its ECS name.
constexpr FilterField OfEvent(std::string_view name, std::string_view aliases, const char* path,
                              std::string_view sentence) {
  return {.name = name,
          .aliases = aliases,
          .type = FieldType::kText,
          .sql = {kNo, kNo, Nullable(path)},
          .sentence = sentence};
}
#define TAPIARY_ECS(key) "json_extract(e.ecs, '$.\"" key "\"')"
#define TAPIARY_LABEL(key) "json_extract(f.record, '$.labels.\"" key "\"')"

// A column of transactions, also for their flows: any transaction of the flow counts.
constexpr std::array<FieldSql, kFilterTableCount> OnTransaction(const char* column,
                                                                const char* guard = nullptr) {
  FieldSql of_flow = Rows(kTransactionRows, column);
  of_flow.guard = guard;
  FieldSql own = Nullable(column);
  own.guard = guard;
  return {of_flow, own, kNo};
}

}  // namespace tapiary::server
