#include "cli/list_rows.h"

#include <array>
#include <nlohmann/json.hpp>
#include <span>

#include "base/clock.h"
#include "base/text.h"

namespace tapiary::cli {
namespace {

using Json = nlohmann::json;

// Where a column's value is: the first of the pointers that has one. "+" adds two numbers up.
struct Column {
  const char* name;
  const char* pointer;
  const char* other = nullptr;
  bool sum = false;
};

constexpr std::array kFlowColumns = {
    Column{"start", "/start"},
    Column{"sensor", "/sensor"},
    Column{"orig", "/orig/ip", "/orig/mac"},
    Column{"port", "/orig/port"},
    Column{"resp", "/resp/ip", "/resp/mac"},
    Column{"port", "/resp/port"},
    Column{"proto", "/proto"},
    Column{"service", "/service"},
    Column{"packets", "/orig/packets", "/resp/packets", true},
    Column{"bytes", "/orig/bytes", "/resp/bytes", true},
    Column{"duration", "/duration"},
    Column{"commands", "/commands"},
    Column{"id", "/id"},
};
constexpr std::array kCommandColumns = {
    Column{"time", "/time"},
    Column{"sensor", "/sensor"},
    Column{"orig", "/orig/ip", "/orig/mac"},
    Column{"resp", "/resp/ip", "/resp/mac"},
    Column{"port", "/resp/port"},
    Column{"protocol", "/protocol"},
    Column{"unit", "/unit"},
    Column{"operation", "/operation"},
    Column{"address", "/address"},
    Column{"quantity", "/quantity"},
    Column{"values", "/values"},
    Column{"status", "/status"},
    Column{"technique", "/attack_technique"},
    Column{"flow_id", "/flow_id"},
};
constexpr std::array kEventColumns = {
    Column{"time", "/time"},
    Column{"sensor", "/sensor"},
    Column{"dataset", "/ecs/event.dataset"},
    Column{"action", "/ecs/event.action", "/type"},
    Column{"source", "/source/ip"},
    Column{"destination", "/destination/ip"},
    Column{"port", "/destination/port"},
    Column{"user", "/user"},
    Column{"password", "/password"},
    Column{"outcome", "/ecs/event.outcome"},
    Column{"command", "/ecs/process.command_line", "/ecs/url.original"},
    Column{"session", "/session"},
};

std::span<const Column> ColumnsOf(ListKind kind) {
  switch (kind) {
    case ListKind::kFlows:
      return kFlowColumns;
    case ListKind::kCommands:
      return kCommandColumns;
    case ListKind::kEvents:
      return kEventColumns;
  }
  return kFlowColumns;
}

// The collector has escaped its text; the table escapes once more, so this takes it back.
std::string Plain(const std::string& text) {
  auto bytes = base::UnescapeBytes(text);
  return bytes ? std::move(*bytes) : text;
}

const Json* At(const Json& item, const char* pointer) {
  if (pointer == nullptr) return nullptr;
  const Json::json_pointer where(pointer);
  if (!item.contains(where)) return nullptr;
  const Json& value = item.at(where);
  return value.is_null() ? nullptr : &value;
}

Cell ToCell(const Json& value) {
  if (value.is_string()) return Plain(value.get_ref<const std::string&>());
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number()) return value.get<double>();
  if (!value.is_array()) return value.dump(-1, ' ', false, Json::error_handler_t::replace);
  std::vector<std::string> texts;
  for (const Json& element : value) {
    texts.push_back(element.is_string()
                        ? Plain(element.get_ref<const std::string&>())
                        : element.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  return texts.empty() ? Cell() : Cell(std::move(texts));
}

Cell CellOf(const Json& item, const Column& column) {
  const Json* const first = At(item, column.pointer);
  const Json* const second = At(item, column.other);
  if (column.sum) {
    const auto number = [](const Json* value) {
      return value != nullptr && value->is_number_unsigned() ? value->get<std::uint64_t>() : 0;
    };
    return number(first) + number(second);
  }
  if (first != nullptr) return ToCell(*first);
  return second != nullptr ? ToCell(*second) : Cell();
}

}  // namespace

std::string_view ToString(ListKind kind) {
  constexpr std::string_view kNames[] = {"flows", "commands", "events"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::vector<std::string> ListColumns(ListKind kind) {
  std::vector<std::string> names;
  for (const Column& column : ColumnsOf(kind)) names.emplace_back(column.name);
  return names;
}

base::Result<ListItem> ReadListItem(ListKind kind, std::string_view json) {
  const Json item = Json::parse(json, nullptr, false);
  if (!item.is_object()) {
    return base::MakeError(base::ErrorCode::kCorrupt, "the collector's answer is not understood");
  }
  ListItem out;
  for (const Column& column : ColumnsOf(kind)) out.row.push_back(CellOf(item, column));
  if (const Json* const received = At(item, "/received");
      received != nullptr && received->is_string()) {
    const auto time_ns = base::ParseTime(received->get_ref<const std::string&>());
    out.received_ns = time_ns ? *time_ns : 0;
  }
  return out;
}

}  // namespace tapiary::cli
