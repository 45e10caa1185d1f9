// Event bodies as text: one JSON object, an array, or NDJSON, cut into records that stand alone, so
// that a bad one spoils no other (CO-03). Format: docs/formats/events.md. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/ingest/event_fields.h"

namespace tapiary::server {

struct EventText {
  std::string json;      // valid JSON on one line, an object, every string escaped (base/text.h)
  std::string reason;    // why it is refused; then `json` is empty
  std::string_view raw;  // as it came, borrowed from the body
  EventFields fields{};  // what was recognised
};

// kInvalid when the body is empty or an array that does not end; kTooLarge for too many records.
// `mappings` may be null.
base::Result<std::vector<EventText>> SplitEvents(std::string_view body, std::size_t max_events,
                                                 const EventMappings* mappings = nullptr);

// Rewrites each string of a JSON text: what it means, as bytes, goes through EscapeBytes. So NUL,
// control characters, lone surrogates (as their three bytes) and bytes that are not UTF-8 become
// \xNN. Numbers and structure stay as they came. kInvalid names the offset; structure is not
// checked.
base::Result<std::string> EscapeJsonStrings(std::string_view text);

}  // namespace tapiary::server
