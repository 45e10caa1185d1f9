// Rows of the catalog as the API's items, and items as JSON, NDJSON or CSV.
//
// The stored record is the item (of flows: with the columns, flow_item.h), with what only the
// collector knows added: sensor, the id that includes it, and when it was received. Output is valid
// UTF-8 whatever was stored (CO-02); CSV cells cannot become formulas (CO-04). Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/api/flow_item.h"
#include "server/api/list_query.h"

namespace tapiary::server {

enum class ListKind : std::uint8_t { kFlows, kTransactions, kCommands, kEvents };
FilterTable TableOf(ListKind kind);

// One row, as lists.cc selects it.
struct StoredItem {
  std::int64_t id = 0;
  std::int64_t key = 0;  // orders the list
  std::int64_t time_ns = 0;
  std::int64_t received_ns = 0;
  std::string sensor{};
  std::string record{};  // JSON
  FlowColumns flow{};    // flows only
  // Events only; texts are empty when there is none.
  std::string type{}, user{}, password{}, session{};
  std::string source_ip{}, destination_ip{};
  std::string ecs{};  // JSON; empty in rows from before there was one
  std::int64_t source_port = -1, destination_port = -1;  // -1: none
};

// A JSON object. A record that is no JSON object gives one that says so.
std::string ItemJson(ListKind kind, const StoredItem& item);
// Header line and one line an item, CRLF.
std::string ItemsCsv(ListKind kind, const std::vector<StoredItem>& items);
// One CSV cell of text: neutralised and quoted where needed.
std::string CsvText(std::string_view text);

}  // namespace tapiary::server
