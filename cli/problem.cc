#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "cli/collector_client.h"

namespace tapiary::cli {
namespace {

using Json = nlohmann::json;
using base::ErrorCode;

constexpr std::size_t kLineCharacters = 100;

// Fit for a terminal; backslashes stay, since the collector has escaped its part already.
std::string Printable(std::string_view text) {
  std::string shown;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\\', at), text.size());
    shown += base::EscapeBytes(text.substr(at, end - at));
    if (end < text.size()) shown += '\\';
    at = end + 1;
  }
  return shown;
}

// White space is one space a byte, so that the carets below fit.
std::string OneLine(std::string_view text) {
  std::string line(text);
  for (char& c : line) c = c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
  return Printable(line);
}

std::string Text(const Json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return {};
  return Printable(std::string_view(found->get_ref<const std::string&>()).substr(0, 4096));
}

std::size_t Count(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::size_t>() : 0;
}

std::size_t Characters(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0u) != 0x80u;
  }));
}

// The filter's text around the wrong part, and a line of carets below that.
std::string Caret(std::string_view filter, std::size_t position, std::size_t length) {
  position = std::min(position, filter.size());
  length = std::min(length, filter.size() - position);
  std::string before = OneLine(filter.substr(0, position));
  std::string wrong = OneLine(filter.substr(position, length));
  std::string after = OneLine(filter.substr(position + length));
  const auto cut = [](std::string_view text, bool keep_end) {
    if (text.size() <= kLineCharacters / 2) return std::string(text);
    std::size_t at = keep_end ? text.size() - kLineCharacters / 2 : kLineCharacters / 2;
    while (at > 0 && at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0u) == 0x80u) {
      --at;
    }
    return keep_end ? "..." + std::string(text.substr(at))
                    : std::string(text.substr(0, at)) + "...";
  };
  before = cut(before, true);
  wrong = cut(wrong, false);
  after = cut(after, false);
  const std::size_t carets = std::max<std::size_t>(1, Characters(wrong));
  return fmt::format("\n  {}{}{}\n  {}{}", before, wrong, after,
                     std::string(Characters(before), ' '), "^" + std::string(carets - 1, '~'));
}

ErrorCode CodeOf(int status) {
  switch (status) {
    case 401:
    case 403:
      return ErrorCode::kPermission;
    case 404:
      return ErrorCode::kNotFound;
    case 409:
      return ErrorCode::kConflict;
    case 413:
      return ErrorCode::kTooLarge;
    case 429:
    case 502:
    case 503:
    case 504:
      return ErrorCode::kUnavailable;
    default:
      return status < 500 ? ErrorCode::kInvalid : ErrorCode::kInternal;
  }
}

}  // namespace

base::Error ExplainProblem(int status, std::string_view body, std::string_view filter) {
  const Json problem = Json::parse(body.substr(0, 64 * 1024), nullptr, false);
  if (!problem.is_object()) {
    return base::MakeError(CodeOf(status), fmt::format("the collector answers {}", status));
  }
  std::string title = Text(problem, "title");
  std::string detail = Text(problem, "detail");
  if (title.empty()) title = fmt::format("the collector answers {}", status);
  std::string message = detail.empty() ? title : title + ": " + detail;
  if (problem.contains("position") && !filter.empty()) {
    message += Caret(filter, Count(problem, "position"), Count(problem, "length"));
  }
  return base::MakeError(CodeOf(status), std::move(message));
}

}  // namespace tapiary::cli
