#include "server/api/live_cursor.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace tapiary::server {
namespace {

using Range = LiveCursor::Range;

base::Error NoCursor() {
  return base::MakeError(base::ErrorCode::kInvalid,
                         "live: start, or what Tapiary-Live of an answer says");
}

std::optional<std::int64_t> TakeNumber(std::string_view* text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc() || number < 0) return std::nullopt;
  text->remove_prefix(static_cast<std::size_t>(end - text->data()));
  return number;
}

bool TakeMark(std::string_view* text, char mark) {
  if (!text->starts_with(mark)) return false;
  text->remove_prefix(1);
  return true;
}

// Adds what is between the numbers of `taken` within [first, last].
void AddGaps(const std::vector<std::int64_t>& taken, Range range, std::vector<Range>* gaps) {
  auto next = std::lower_bound(taken.begin(), taken.end(), range.first);
  while (range.first <= range.last) {
    const bool ends = next == taken.end() || *next > range.last;
    const std::int64_t stop = ends ? range.last : *next - 1;
    if (range.first <= stop) gaps->push_back({range.first, stop});
    if (ends) return;
    range.first = *next++ + 1;
  }
}

}  // namespace

bool LiveCursor::Seen(std::int64_t id) const {
  if (id > newest) return false;
  return std::none_of(missing.begin(), missing.end(),
                      [id](const Range& range) { return id >= range.first && id <= range.last; });
}

std::vector<Range> LiveCursor::Unseen() const {
  std::vector<Range> unseen = missing;
  if (newest < INT64_MAX) unseen.push_back({newest + 1, INT64_MAX});
  return unseen;
}

LiveCursor LiveCursor::After(const std::vector<std::int64_t>& taken, std::int64_t searched,
                             std::int64_t settled) const {
  LiveCursor next;
  next.newest = taken.empty() ? newest : std::max(newest, taken.back());
  std::vector<Range> gaps;
  for (const Range& range : missing) AddGaps(taken, range, &gaps);
  if (next.newest > newest) AddGaps(taken, {newest + 1, next.newest}, &gaps);
  for (const Range& gap : gaps) {
    // Above `searched` nobody has looked: what is there is not given up, however old.
    const std::int64_t given_up = std::min(settled, searched);
    if (gap.last > given_up) next.missing.push_back({std::max(gap.first, given_up + 1), gap.last});
  }
  if (next.missing.size() > kMaxRanges) {
    next.missing.erase(next.missing.begin(), next.missing.end() - kMaxRanges);
  }
  return next;
}

std::string LiveCursor::ToString() const {
  std::string text = fmt::format("{}", newest);
  char mark = ':';
  for (const Range& range : missing) {
    text += fmt::format("{}{}", mark, range.first);
    if (range.last != range.first) text += fmt::format("-{}", range.last);
    mark = ',';
  }
  return text;
}

base::Result<LiveCursor> LiveCursor::Parse(std::string_view text) {
  LiveCursor cursor;
  const auto newest = TakeNumber(&text);
  if (!newest) return NoCursor();
  cursor.newest = *newest;
  std::int64_t before = -1;
  for (char mark = ':'; !text.empty(); mark = ',') {
    if (!TakeMark(&text, mark) || cursor.missing.size() == kMaxRanges) return NoCursor();
    const auto first = TakeNumber(&text);
    if (!first) return NoCursor();
    Range range{*first, *first};
    if (TakeMark(&text, '-')) {
      const auto last = TakeNumber(&text);
      if (!last) return NoCursor();
      range.last = *last;
    }
    if (range.first <= before || range.last < range.first || range.last >= cursor.newest) {
      return NoCursor();
    }
    before = range.last;
    cursor.missing.push_back(range);
  }
  return cursor;
}

}  // namespace tapiary::server
