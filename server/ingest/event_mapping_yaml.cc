// The YAML of event mappings; the only file of the server that knows yaml-cpp.
#include <fmt/core.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "server/ingest/event_mapping.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kMaxFileBytes = 1u << 20;
constexpr std::size_t kMaxMappings = 200;
constexpr std::size_t kMaxRows = 100;

// Remembers the first thing that is wrong, with its line.
class Reader {
 public:
  explicit Reader(std::string path) : path_(std::move(path)) {}

  void Wrong(const YAML::Node& at, std::string_view what) {
    if (error_) return;
    error_ = base::MakeError(base::ErrorCode::kInvalid,
                             fmt::format("{}:{}: {}", path_, at.Mark().line + 1, what));
  }
  std::string Word(const YAML::Node& node) {
    if (node.IsScalar()) return base::EscapeBytes(node.Scalar());  // as records are
    Wrong(node, "one value is expected");
    return "";
  }
  std::vector<std::string> Words(const YAML::Node& node) {
    if (!node.IsSequence()) return {Word(node)};
    std::vector<std::string> words;
    for (const auto& part : node) words.push_back(Word(part));
    if (words.empty() || words.size() > kMaxRows) Wrong(node, "1 to 100 values are expected");
    return words;
  }
  // Calls `take` (key, node) for each row of a mapping.
  template <class Take>
  void Rows(const YAML::Node& node, const Take& take) {
    if (!node.IsMap() || node.size() == 0 || node.size() > kMaxRows) {
      return Wrong(node, "1 to 100 lines 'key: value' are expected");
    }
    for (const auto& pair : node) take(Word(pair.first), pair.second, pair.first);
  }

  EventMapping Mapping(const YAML::Node& node);
  const std::optional<base::Error>& error() const { return error_; }

 private:
  void Time(const YAML::Node& node, EventMapping& mapping);
  std::int64_t Zone(const YAML::Node& node);
  void Target(const YAML::Node& node, const std::string& target) {
    if (!IsEventField(target)) {
      Wrong(node, fmt::format("'{}' is no field of events (see docs/formats/events.md)",
                              CutText(target, 80)));
    }
  }

  std::string path_;
  std::optional<base::Error> error_;
};

// "UTC", "+02:00"
std::int64_t Reader::Zone(const YAML::Node& node) {
  const std::string text = Word(node);
  if (text == "UTC" || text == "Z") return 0;
  const auto noon = base::ParseTime("2026-01-01T12:00:00Z");
  const auto there = base::ParseTime("2026-01-01T12:00:00" + text);
  if (noon && there) return *noon - *there;
  Wrong(node, "a zone is UTC, or an offset such as +02:00");
  return 0;
}

void Reader::Time(const YAML::Node& node, EventMapping& mapping) {
  Rows(node, [&](const std::string& key, const YAML::Node& value, const YAML::Node& at) {
    if (key == "path") {
      mapping.time_paths = Words(value);
    } else if (key == "format") {
      mapping.time_format = Word(value);
    } else if (key == "zone") {
      mapping.zone_ns = Zone(value);
    } else {
      Wrong(at, "time has path, format and zone");
    }
  });
  if (mapping.time_paths.empty()) Wrong(node, "time needs a path");
  static constexpr std::string_view kNames[] = {"iso", "epoch", "epoch_ms", "epoch_us", "epoch_ns"};
  const bool known = std::ranges::find(kNames, mapping.time_format) != std::end(kNames);
  if (!known &&
      (mapping.time_format.find('%') == std::string::npos || mapping.time_format.size() > 100)) {
    Wrong(node,
          "a time's format is iso, epoch, epoch_ms, epoch_us, epoch_ns, or a pattern (%Y...)");
  }
}

EventMapping Reader::Mapping(const YAML::Node& node) {
  EventMapping mapping;
  Rows(node, [&](const std::string& key, const YAML::Node& value, const YAML::Node& at) {
    if (key == "name") {
      mapping.name = Word(value);
    } else if (key == "match") {
      Rows(value, [&](const std::string& path, const YAML::Node& wanted, const YAML::Node&) {
        mapping.match.push_back({path, Words(wanted)});
      });
    } else if (key == "fields") {
      Rows(value, [&](const std::string& target, const YAML::Node& paths, const YAML::Node& where) {
        Target(where, target);
        mapping.fields.push_back({target, Words(paths)});
      });
    } else if (key == "set") {
      Rows(value, [&](const std::string& target, const YAML::Node& text, const YAML::Node& where) {
        Target(where, target);
        mapping.constants.emplace_back(target, Word(text));
        EventFields probe;
        if (!SetEventField(target, mapping.constants.back().second, probe)) {
          const std::string_view values = EventFieldValues(target);
          Wrong(text, fmt::format("not a value for this field{}{}",
                                  values.empty() ? "" : ", which is one of: ", values));
        }
      });
    } else if (key == "time") {
      Time(value, mapping);
    } else {
      Wrong(at, "a mapping has name, match, fields, set and time");
    }
  });
  static constexpr std::string_view kNameLetters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  if (mapping.name.empty() || mapping.name.size() > 64 ||
      mapping.name.find_first_not_of(kNameLetters) != std::string::npos) {
    Wrong(node, "a mapping needs a name of letters, digits, '-', '_' and '.'");
  }
  if (mapping.match.empty()) Wrong(node, "a mapping needs match: what tells its records");
  return mapping;
}

}  // namespace

base::Result<> EventMappings::Load(const std::string& path) {
  TAPIARY_ASSIGN(const std::string text, base::ReadFile(path, kMaxFileBytes));
  return Parse(text, path);
}

// yaml-cpp throws on bad input; it stays in here.
base::Result<> EventMappings::Parse(const std::string& text, const std::string& path) {
  const auto fail = [&path](std::string_view what) {
    return base::MakeError(base::ErrorCode::kInvalid, fmt::format("{}: {}", path, what));
  };
  if (!base::IsValidUtf8(text)) return fail("not UTF-8 text");
  try {
    const YAML::Node file = YAML::Load(text);
    if (!file.IsMap() || file.size() != 1 || !file["mappings"].IsDefined()) {
      return fail("one key is expected: mappings");
    }
    const YAML::Node list = file["mappings"];
    if (!list.IsSequence() || list.size() == 0 || list.size() > kMaxMappings) {
      return fail("mappings is a list of 1 to 200");
    }
    Reader reader(path);
    std::vector<EventMapping> read;
    for (const auto& node : list) read.push_back(reader.Mapping(node));
    if (reader.error()) return *reader.error();
    for (EventMapping& mapping : read) mappings_.push_back(std::move(mapping));
  } catch (const YAML::Exception& error) {
    return fail(fmt::format("{}: {}", error.mark.line + 1, base::EscapeBytes(error.msg)));
  }
  return {};
}

}  // namespace tapiary::server
