// Items of the read API as rows of a table: the columns that people look for, in their order.
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/table.h"

namespace tapiary::cli {

enum class ListKind { kFlows, kCommands, kEvents };

std::string_view ToString(ListKind kind);  // flows, commands, events: the API's path
std::vector<std::string> ListColumns(ListKind kind);

struct ListItem {
  Row row{};
  std::int64_t received_ns = 0;  // by the collector's clock; 0 when the item does not say
};
// `json` is one item. kCorrupt when it is no object.
base::Result<ListItem> ReadListItem(ListKind kind, std::string_view json);

}  // namespace tapiary::cli
