#include "server/ingest/event_mapping.h"

#include <algorithm>
#include <charconv>
#include <ctime>

#include "base/clock.h"
#include "server/ingest/event_services.h"

namespace tapiary::server {
namespace {

using Text = std::optional<std::string> EventFields::*;
constexpr std::pair<std::string_view, Text> kTexts[] = {
    {"network.protocol", &EventFields::protocol},
    {"network.transport", &EventFields::transport},
    {"user.name", &EventFields::user},
    {"password", &EventFields::password},
    {"session.id", &EventFields::session},
    {"process.command_line", &EventFields::command},
    {"url.original", &EventFields::url},
    {"file.name", &EventFields::file_name},
    {"user_agent.original", &EventFields::agent},
    {"ssh.hassh", &EventFields::hassh},
    {"vulnerability.id", &EventFields::vulnerability},
};
constexpr std::string_view kOthers[] = {
    "event.code",     "event.action",     "event.outcome",    "source.ip",     "source.port",
    "destination.ip", "destination.port", "file.hash.sha256", "file.hash.md5",
};

constexpr std::string_view kActions =
    "connect disconnect client-info login command request response download upload tunnel exploit "
    "scan session enrichment operational other";
constexpr std::string_view kOutcomes = "success failure";

bool IsWordOf(std::string_view words, std::string_view word) {
  for (std::size_t at = 0; at < words.size();) {
    const std::size_t end = std::min(words.find(' ', at), words.size());
    if (words.substr(at, end - at) == word) return true;
    at = end + 1;
  }
  return false;
}

bool SetAddress(const std::string& text, capture::IpAddress& to) {
  const auto address = capture::ParseIpAddress(text);
  if (address) to = *address;
  return address.has_value();
}

template <class Value>
bool SetIf(std::optional<Value> value, std::optional<Value>& to) {
  if (!value) return false;
  to = std::move(value);
  return true;
}

bool Fits(const EventMapping::Match& match, const EventJson& event) {
  const EventJson* value = FindPath(event, match.path);
  if (value == nullptr) return false;
  const std::string text = ScalarText(value).value_or("");
  return std::ranges::any_of(match.values, [&](const std::string& wanted) {
    if (!wanted.ends_with('*')) return !value->is_structured() && text == wanted;
    return text.starts_with(std::string_view(wanted).substr(0, wanted.size() - 1));
  });
}

std::optional<std::string> First(const EventJson& event, const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    const EventJson* value = FindPath(event, path);
    auto text = value != nullptr && value->is_array() ? JoinedText(value) : ScalarText(value);
    if (text) return text;
  }
  return std::nullopt;
}

// A whole or decimal number of `unit` nanoseconds; nothing outside 1970 to 2262.
std::optional<std::int64_t> ScaledTime(std::string_view text, std::int64_t unit) {
  std::int64_t whole = 0;
  const char* end = text.data() + text.size();
  auto [at, error] = std::from_chars(text.data(), end, whole);
  if (error != std::errc{} || whole < 0 || whole > INT64_MAX / unit - 1) return std::nullopt;
  std::int64_t time = whole * unit;
  if (at != end && *at == '.') {
    for (++at, unit /= 10; at != end && *at >= '0' && *at <= '9'; ++at, unit /= 10) {
      time += (*at - '0') * unit;
    }
  }
  return at == end ? std::optional(time) : std::nullopt;
}

// What strptime leaves: a fraction of a second, and perhaps Z.
std::optional<std::int64_t> Fraction(std::string_view rest) {
  if (rest.ends_with('Z')) rest.remove_suffix(1);
  if (rest.empty()) return 0;
  if ((rest[0] != '.' && rest[0] != ',') || rest.size() > 20) return std::nullopt;
  return ScaledTime("0." + std::string(rest.substr(1)), base::kNanosPerSecond);
}

std::optional<std::int64_t> PatternTime(const std::string& text, const EventMapping& mapping) {
  std::tm parts{};
  const char* rest = ::strptime(text.c_str(), mapping.time_format.c_str(), &parts);
  if (rest == nullptr) return std::nullopt;
  const auto fraction = Fraction(rest);
  const std::int64_t offset = parts.tm_gmtoff;  // timegm clears it
  const std::int64_t seconds = ::timegm(&parts);
  constexpr std::int64_t kMax = 9'000'000'000;
  if (!fraction || seconds < -kMax || seconds > kMax) return std::nullopt;
  const bool has_zone = mapping.time_format.find("%z") != std::string::npos;
  const std::int64_t zone_ns = has_zone ? offset * base::kNanosPerSecond : mapping.zone_ns;
  return seconds * base::kNanosPerSecond + *fraction - zone_ns;
}

}  // namespace

bool IsEventField(const std::string& target) {
  return std::ranges::any_of(kTexts, [&](const auto& row) { return row.first == target; }) ||
         std::ranges::find(kOthers, target) != std::end(kOthers);
}

std::string_view EventFieldValues(const std::string& target) {
  if (target == "event.action") return kActions;
  return target == "event.outcome" ? kOutcomes : std::string_view();
}

bool SetEventField(const std::string& target, const std::string& text, EventFields& fields) {
  const std::string_view values = EventFieldValues(target);
  if (!values.empty() && !IsWordOf(values, text)) return false;
  for (const auto& [name, member] : kTexts) {
    if (name != target) continue;
    fields.*member = name.starts_with("network.") ? ToLower(text) : text;
    return true;
  }
  if (target == "event.code") return fields.type = text, true;
  if (target == "event.action") return fields.action = text, true;
  if (target == "event.outcome") return fields.outcome = text, true;
  if (target == "source.ip") return SetAddress(text, fields.source_ip);
  if (target == "destination.ip") return SetAddress(text, fields.destination_ip);
  if (target == "source.port") return SetIf(ToEventPort(text), fields.source_port);
  if (target == "destination.port") return SetIf(ToEventPort(text), fields.destination_port);
  if (target == "file.hash.sha256") return SetIf(ToEventHash(text, 64), fields.sha256);
  if (target == "file.hash.md5") return SetIf(ToEventHash(text, 32), fields.md5);
  return false;
}

std::optional<std::int64_t> ParseMappedTime(const std::string& text, const EventMapping& mapping) {
  if (text.empty() || text.size() > 100) return std::nullopt;
  const std::string& format = mapping.time_format;
  if (format == "epoch") return ScaledTime(text, base::kNanosPerSecond);
  if (format == "epoch_ms") return ScaledTime(text, base::kNanosPerMilli);
  if (format == "epoch_us") return ScaledTime(text, 1000);
  if (format == "epoch_ns") return ScaledTime(text, 1);
  if (format != "iso") return PatternTime(text, mapping);
  const auto time = ParseEventTime(text);
  const bool plain = text.find_first_of("Zz+", 10) == std::string::npos &&
                     text.find('-', std::min<std::size_t>(text.size(), 10)) == std::string::npos;
  if (!time || !plain) return time;
  return *time - mapping.zone_ns;
}

bool EventMappings::Read(const EventJson& event, EventFields& fields) const {
  for (const EventMapping& mapping : mappings_) {
    const auto fits = [&](const EventMapping::Match& match) { return Fits(match, event); };
    if (!std::ranges::all_of(mapping.match, fits)) continue;
    fields.dataset = mapping.name;
    fields.action = "other";
    for (const auto& [target, value] : mapping.constants) SetEventField(target, value, fields);
    for (const EventMapping::Field& field : mapping.fields) {
      const auto text = First(event, field.paths);
      if (text) SetEventField(field.target, *text, fields);
    }
    const auto time = First(event, mapping.time_paths);
    if (time) fields.time_ns = ParseMappedTime(*time, mapping);
    fields.time_kind = fields.time_ns ? EventTime::kOwn : EventTime::kReceived;
    return true;
  }
  return false;
}

}  // namespace tapiary::server
