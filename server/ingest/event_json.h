// Inside ingest: looking things up in an event's JSON. Whatever is not there, or is of another
// kind, is nothing; nothing here fails. Pure.
//
// A path is names joined by dots; a number picks from an array. A key that itself holds dots
// ("source.ip") is found as well.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "capture/records.h"
#include "server/ingest/json_tree.h"

namespace tapiary::server {

using EventJson = JsonNode;
using EventPaths = std::initializer_list<std::string_view>;

// The value, unless it is null. Borrowed from `event`.
const EventJson* FindPath(const EventJson& event, std::string_view path);
const EventJson* FindFirst(const EventJson& event, EventPaths paths);
// A text, or a number or truth value as it is written; cut to 8 KiB.
std::optional<std::string> ScalarText(const EventJson* value);
std::optional<std::string> FindText(const EventJson& event, EventPaths paths);
// The texts of an array's scalars, joined by "; ".
std::optional<std::string> JoinedText(const EventJson* value);
// Texts joined so, and cut to 8 KiB.
class TextJoiner {
 public:
  void Add(std::string_view text);
  [[nodiscard]] std::string Take();

 private:
  std::string text_;
};
// Names are no addresses; ::ffff:192.0.2.1 is 192.0.2.1.
capture::IpAddress ToEventAddress(const std::optional<std::string>& text);
// A number or a text of digits; OpenCanary says -1 for none.
std::optional<std::uint16_t> ToEventPort(const std::optional<std::string>& text);
// Keeps escapes and characters whole (base/text.h).
std::string CutText(std::string text, std::size_t max);

}  // namespace tapiary::server
