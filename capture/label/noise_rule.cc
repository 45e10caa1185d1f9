#include "capture/label/noise_rule.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "capture/label/noise_list.h"

namespace tapiary::capture {
namespace {

template <class... Parts>
base::Error Fault(fmt::format_string<Parts...> format, Parts&&... parts) {
  return base::MakeError(base::ErrorCode::kInvalid,
                         fmt::format(format, std::forward<Parts>(parts)...));
}

template <class T>
bool ParseNumber(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

bool ParsePorts(std::string_view text, NoiseRule& rule) {
  const std::size_t dash = text.find('-');
  if (!ParseNumber(text.substr(0, dash), rule.first_port)) return false;
  rule.last_port = rule.first_port;
  if (dash == std::string_view::npos) return true;
  return ParseNumber(text.substr(dash + 1), rule.last_port) && rule.first_port <= rule.last_port;
}

bool ParseProto(std::string_view text, NoiseRule& rule) {
  std::uint8_t number = 0;
  if (text == "tcp") {
    number = 6;
  } else if (text == "udp") {
    number = 17;
  } else if (text == "icmp") {
    number = 1;
  } else if (text == "icmp6") {
    number = 58;
  } else if (!ParseNumber(text, number)) {
    return false;
  }
  rule.proto = number;
  return true;
}

// One of two words.
bool ParseChoice(std::string_view text, std::string_view yes, std::string_view no, bool& value) {
  value = text == yes;
  return text == yes || text == no;
}

base::Result<> SetOption(std::string_view option, NoiseRule& rule) {
  const std::size_t equals = std::min(option.find('='), option.size());
  const std::string_view key = option.substr(0, equals);
  const std::string_view value = option.substr(std::min(equals + 1, option.size()));
  bool good = false;
  if (key == "store") {
    good = ParseChoice(value, "yes", "no", rule.store);
  } else if (key == "side") {
    good = ParseChoice(value, "either", "originator", rule.either);
  } else if (key == "proto") {
    good = ParseProto(value, rule);
  } else if (key == "port") {
    good = ParsePorts(value, rule);
  } else {
    return Fault("'{}' is no option: store=yes|no, side=either|originator, proto=, port=",
                 base::EscapeBytes(option));
  }
  if (!good) return Fault("'{}' is no value of {}", base::EscapeBytes(value), key);
  return {};
}

// "shodan" for "/etc/tapiary/shodan.txt".
std::string_view Stem(std::string_view path) {
  std::string_view stem = path.substr(path.rfind('/') + 1);
  const std::size_t dot = stem.find('.');
  return dot == 0 ? stem : stem.substr(0, dot);
}

}  // namespace

base::Result<NoiseRule> ParseNoiseRule(std::string_view text) {
  NoiseRule rule;
  std::size_t comma = std::min(text.find(','), text.size());
  const std::string_view file = text.substr(0, comma);
  const std::size_t equals = file.rfind('=');
  rule.path = file.substr(0, equals);
  if (rule.path.empty()) return Fault("'{}' names no list file", base::EscapeBytes(text));
  rule.name = equals == std::string_view::npos ? Stem(rule.path) : file.substr(equals + 1);
  if (!IsNoiseLabel(rule.name)) {
    return Fault("'{}' is no name of 1 to {} printable characters; write FILE=NAME",
                 base::EscapeBytes(rule.name), kMaxNoiseLabel);
  }
  while (comma < text.size()) {
    text.remove_prefix(comma + 1);
    comma = std::min(text.find(','), text.size());
    TAPIARY_TRY(SetOption(text.substr(0, comma), rule));
  }
  return rule;
}

}  // namespace tapiary::capture
