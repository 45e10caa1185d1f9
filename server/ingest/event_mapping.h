// EventMappings: the operator's own rules for events of other services, from YAML files.
//
// The first mapping whose match fits a record decides all of its fields; it goes before the known
// services. Format: docs/formats/events.md. Built at start, then const: any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "server/ingest/event_fields.h"
#include "server/ingest/event_json.h"

namespace tapiary::server {

struct EventMapping {
  struct Match {
    std::string path;
    std::vector<std::string> values;  // any of them; one that ends in * is the beginning of a text
  };
  struct Field {
    std::string target;              // an ECS name of the schema
    std::vector<std::string> paths;  // the first that is there
  };
  std::string name;
  std::vector<Match> match;  // all of them
  std::vector<Field> fields;
  std::vector<std::pair<std::string, std::string>> constants;  // target, value
  std::vector<std::string> time_paths;
  std::string time_format = "iso";  // iso, epoch, epoch_ms, epoch_us, epoch_ns, or as strptime(3)
  std::int64_t zone_ns = 0;         // what to take away from times without a zone
};

class EventMappings {
 public:
  // kInvalid names file and line. A file holds `mappings:`, a list.
  base::Result<> Load(const std::string& path);
  base::Result<> Parse(const std::string& text, const std::string& path);
  [[nodiscard]] bool empty() const { return mappings_.empty(); }
  // False, and `fields` as it was, when no mapping fits.
  bool Read(const EventJson& event, EventFields& fields) const;

 private:
  std::vector<EventMapping> mappings_;
};

// A time in one of the formats of a mapping.
std::optional<std::int64_t> ParseMappedTime(const std::string& text, const EventMapping& mapping);
// Sets the field that an ECS name stands for. False when the schema has not got it, or the text is
// no value for it.
bool SetEventField(const std::string& target, const std::string& text, EventFields& fields);
bool IsEventField(const std::string& target);
// Of a field that has only these, with blanks between; "" of all others.
std::string_view EventFieldValues(const std::string& target);

}  // namespace tapiary::server
