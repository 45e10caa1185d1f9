#include "server/catalog/parted_table.h"

#include <fmt/core.h>

#include <span>

namespace tapiary::server {
namespace {

// As in schema.cc. sensor_id names no table: SQLite would look the sensor up for each row.
constexpr std::string_view kFlows[] = {"sensor_id INTEGER NOT NULL",
                                       "epoch INTEGER NOT NULL",
                                       "number INTEGER NOT NULL",
                                       "part INTEGER NOT NULL",
                                       "stream INTEGER NOT NULL",
                                       "interface TEXT NOT NULL",
                                       "start_ns INTEGER NOT NULL",
                                       "end_ns INTEGER NOT NULL",
                                       "proto INTEGER NOT NULL",
                                       "ether_type INTEGER NOT NULL",
                                       "vlan INTEGER",
                                       "orig_ip BLOB",
                                       "orig_port INTEGER NOT NULL",
                                       "resp_ip BLOB",
                                       "resp_port INTEGER NOT NULL",
                                       "orig_packets INTEGER NOT NULL",
                                       "orig_bytes INTEGER NOT NULL",
                                       "resp_packets INTEGER NOT NULL",
                                       "resp_bytes INTEGER NOT NULL",
                                       "community_id TEXT NOT NULL",
                                       "service TEXT NOT NULL",
                                       "transactions INTEGER NOT NULL",
                                       "commands INTEGER NOT NULL",
                                       "received_ns INTEGER NOT NULL",
                                       "blocks TEXT NOT NULL",
                                       "record TEXT NOT NULL"};
constexpr std::string_view kTransactions[] = {"sensor_id INTEGER NOT NULL",
                                              "epoch INTEGER NOT NULL",
                                              "flow_number INTEGER NOT NULL",
                                              "number INTEGER NOT NULL",
                                              "time_ns INTEGER NOT NULL",
                                              "protocol TEXT NOT NULL",
                                              "operation TEXT NOT NULL",
                                              "code INTEGER NOT NULL",
                                              "unit INTEGER",
                                              "address INTEGER",
                                              "quantity INTEGER",
                                              "status TEXT NOT NULL",
                                              "command INTEGER NOT NULL",
                                              "technique TEXT NOT NULL",
                                              "orig_ip BLOB",
                                              "orig_port INTEGER NOT NULL",
                                              "resp_ip BLOB",
                                              "resp_port INTEGER NOT NULL",
                                              "community_id TEXT NOT NULL",
                                              "received_ns INTEGER NOT NULL",
                                              "record TEXT NOT NULL"};
constexpr std::string_view kEvents[] = {"sensor_id INTEGER NOT NULL",
                                        "time_ns INTEGER NOT NULL",
                                        "received_ns INTEGER NOT NULL",
                                        "type TEXT NOT NULL",
                                        "source_ip BLOB",
                                        "source_port INTEGER",
                                        "destination_ip BLOB",
                                        "destination_port INTEGER",
                                        "user_name TEXT",
                                        "password TEXT",
                                        "session TEXT",
                                        "record TEXT NOT NULL",
                                        "ecs TEXT"};

constexpr std::string_view kIsLong = "end_ns / 4 - start_ns / 4 >= 500000000";
constexpr std::string_view kIsShort = "end_ns / 4 - start_ns / 4 < 500000000";

PartedTable Make(std::string name, std::span<const std::string_view> stored,
                 std::string_view start) {
  PartedTable table{.name = std::move(name), .columns = {}};
  for (const std::string_view definition : stored) {
    const std::string column(definition.substr(0, definition.find(' ')));
    const int place = static_cast<int>(table.columns.size());
    if (column == "received_ns") table.received = place;
    if (column == start) table.start = place;
    table.columns.push_back({column, column, std::string(definition)});
  }
  table.id = static_cast<int>(table.columns.size());
  table.columns.push_back(
      {.name = "id", .sql = "rowid", .definition = "id INTEGER", .of_id = OfId::kAll});
  return table;
}

PartedTable MakeFlows() {
  PartedTable table = Make("flows", kFlows, "start_ns");
  table.keys = 3;
  table.over_parts = true;
  table.indexes = fmt::format(
      "CREATE INDEX {{0}}_by_received ON {{0}} (received_ns, number);"
      "CREATE INDEX {{0}}_short_by_start ON {{0}} (start_ns) WHERE {};"
      "CREATE INDEX {{0}}_long_by_start ON {{0}} (start_ns) WHERE {};",
      kIsShort, kIsLong);
  table.halves = static_cast<int>(table.columns.size());
  table.columns.push_back({.name = "is_long",
                           .sql = fmt::format("({})", kIsLong),
                           .definition = "is_long INTEGER HIDDEN",
                           .conditions = {std::string(kIsShort), std::string(kIsLong)}});
  return table;
}

PartedTable MakeTransactions() {
  PartedTable table = Make("transactions", kTransactions, "time_ns");
  table.keys = 4;
  table.indexes =
      "CREATE INDEX {0}_by_time ON {0} (time_ns);"
      "CREATE INDEX {0}_commands_by_time ON {0} (time_ns) WHERE command = 1;"
      "CREATE INDEX {0}_by_received ON {0} (received_ns);"
      "CREATE INDEX {0}_commands_by_received ON {0} (received_ns) WHERE command = 1;";
  for (PartedColumn& column : table.columns) {
    if (column.name == "command") column.conditions = {"command = 0", "command = 1"};
  }
  return table;
}

PartedTable MakeEvents() {
  PartedTable table = Make("events", kEvents, "time_ns");
  table.indexes =
      "CREATE INDEX {0}_by_time ON {0} (time_ns);"
      "CREATE INDEX {0}_by_received ON {0} (received_ns);"
      "CREATE INDEX {0}_by_source ON {0} ((id / 4096), source_ip, time_ns);"
      "CREATE INDEX {0}_by_session ON {0} (sensor_id, session, time_ns);";
  table.columns.push_back(
      {.name = "run", .sql = "id / 4096", .definition = "run INTEGER HIDDEN", .of_id = OfId::kRun});
  return table;
}

}  // namespace

const PartedTable* FindPartedTable(std::string_view name) {
  static const std::array tables{MakeFlows(), MakeTransactions(), MakeEvents()};
  for (const PartedTable& table : tables) {
    if (table.name == name) return &table;
  }
  return nullptr;
}

std::string PartText(const PartedTable& table, std::string_view part) {
  std::string columns = "id INTEGER PRIMARY KEY";
  for (int i = 0; i < table.id; ++i) columns += ", " + table.at(i).definition;
  std::string key;
  for (int i = 0; i < table.keys; ++i) key += (i == 0 ? "" : ", ") + table.at(i).name;
  if (!key.empty()) columns += fmt::format(", UNIQUE ({})", key);
  return fmt::format("CREATE TABLE {} ({});", part, columns) +
         fmt::format(fmt::runtime(table.indexes), part);
}

}  // namespace tapiary::server
