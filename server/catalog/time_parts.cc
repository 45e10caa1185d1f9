#include "server/catalog/time_parts.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/clock.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kManyParts = 40;

}  // namespace

std::int64_t DaysOfPart(std::size_t parts) {
  if (parts < kManyParts) return 1;
  return parts < 2 * kManyParts ? 7 : 30;
}

std::string PartName(std::string_view table, std::int64_t from_ns) {
  std::string day = base::FormatTime(from_ns).substr(0, 10);
  std::erase(day, '-');
  return fmt::format("{}_{}", table, day);
}

std::map<std::array<std::int64_t, 2>, NumberRange> NumbersOf(const NewRows& rows) {
  std::map<std::array<std::int64_t, 2>, NumberRange> ranges;
  for (std::size_t at = 0; at < rows.values.size(); at += rows.width) {
    const auto key = [&rows, at](std::size_t i) {
      return std::get<std::int64_t>(rows.values[at + i]);
    };
    const std::int64_t number = key(2);
    const auto [found, added] = ranges.try_emplace({key(0), key(1)}, NumberRange{number, number});
    NumberRange& range = found->second;
    range = {std::min(range.lowest, number), std::max(range.highest, number)};
  }
  return ranges;
}

KeyGroups GroupByKey(const NewRows& rows) {
  KeyGroups groups;
  for (std::size_t row = 0; row < rows.values.size() / rows.width; ++row) {
    const SqlValue* key = &rows.values[row * rows.width];
    std::vector<std::int64_t> prefix;
    for (std::size_t i = 0; i + 1 < rows.keys; ++i) {
      prefix.push_back(std::get<std::int64_t>(key[i]));
    }
    groups[std::move(prefix)].emplace(std::get<std::int64_t>(key[rows.keys - 1]), row);
  }
  return groups;
}

}  // namespace tapiary::server
