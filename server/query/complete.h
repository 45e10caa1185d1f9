// What may come next at a place of a filter: fields, operators, values. For people who type.
//
// Works on unfinished and wrong text: what stands before the place decides. Values that only the
// catalog knows (sensors, addresses, names) come from api/filter_complete.h. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/query/filter.h"

namespace tapiary::server {

enum class FilterExpects : std::uint8_t { kField, kOperator, kValue, kSet, kConnective };

struct FilterPlace {
  FilterExpects expects = FilterExpects::kField;
  const FilterField* field = nullptr;  // of the operator or value, when it is a known one
  bool quoted = false;                 // a quote was opened and not closed
  std::size_t from = 0;                // bytes of the text that a choice replaces: [from, to)
  std::size_t to = 0;
  std::string typed{};  // what is there of it, without quotes
};

// `at` is a byte of the text, at most its size.
FilterPlace FindPlace(std::string_view text, std::size_t at);

struct FilterChoice {
  std::string text;    // to put in place of [from, to)
  std::string kind;    // field, operator, value, connective
  std::string detail;  // a sentence, or ""
};

// From the field table, the best first. Fields that `table` has not got are left out.
std::vector<FilterChoice> ChoicesAt(const FilterPlace& place, FilterTable table, std::size_t limit);
// Values of a field that are known beforehand: services, states, operations and the like.
std::vector<std::string_view> KnownValues(const FilterField& field);
// A value as it is written in a filter: as it is, or quoted.
std::string WriteFilterValue(FieldType type, std::string_view stored);
// True when `text` begins with `typed`, in any case of its letters.
bool BeginsWith(std::string_view text, std::string_view typed);

}  // namespace tapiary::server
