#include "server/http/target.h"

#include <optional>

#include "base/text.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kMaxParameters = 100;

base::Error Invalid(std::string message) {
  return base::MakeError(base::ErrorCode::kInvalid, std::move(message));
}

std::optional<unsigned> HexDigit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

base::Result<std::string> Decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    const auto high = i + 2 < text.size() ? HexDigit(text[i + 1]) : std::nullopt;
    const auto low = i + 2 < text.size() ? HexDigit(text[i + 2]) : std::nullopt;
    if (!high || !low) return Invalid("the address has a % that two hex digits do not follow");
    const unsigned byte = *high << 4U | *low;
    if (byte == 0) return Invalid("the address has a NUL character");
    out.push_back(static_cast<char>(byte));
    i += 2;
  }
  return out;
}

base::Result<std::map<std::string, std::string>> ParseQuery(std::string_view text) {
  std::map<std::string, std::string> query;
  for (std::size_t count = 0; !text.empty(); ++count) {
    if (count == kMaxParameters) return Invalid("the address has too many parameters");
    const std::size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (pair.empty()) continue;
    const std::size_t equal = pair.find('=');
    TAPIARY_ASSIGN(std::string name, Decode(pair.substr(0, equal), true));
    std::string value;
    if (equal != std::string_view::npos) {
      TAPIARY_ASSIGN(value, Decode(pair.substr(equal + 1), true));
    }
    const auto [at, fresh] = query.emplace(std::move(name), std::move(value));
    // Which of two filters counts is nothing to guess at.
    if (!fresh) return Invalid("the parameter '" + base::EscapeBytes(at->first) + "' comes twice");
  }
  return query;
}

// "http://host/path" as a proxy sends it: the path is what counts here.
std::string_view WithoutAuthority(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!text.starts_with(scheme)) continue;
    const std::size_t end = text.find_first_of("/?", scheme.size());
    return end == std::string_view::npos ? std::string_view("/") : text.substr(end);
  }
  return text;
}

std::string_view Trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) text.remove_prefix(1);
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

base::Result<Target> ParseTarget(std::string_view text) {
  text = WithoutAuthority(text);
  if (!text.starts_with('/')) return Invalid("the address does not start with /");
  const std::size_t mark = text.find('?');
  Target target;
  TAPIARY_ASSIGN(target.path, Decode(text.substr(0, mark), false));
  for (const char c : target.path) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return Invalid("the path has a control character");
    }
  }
  if (mark != std::string_view::npos) {
    std::string_view query = text.substr(mark + 1);
    query = query.substr(0, query.find('#'));
    TAPIARY_ASSIGN(target.query, ParseQuery(query));
  }
  return target;
}

std::string_view FindCookie(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    const std::size_t end = header.find(';');
    const std::string_view pair = Trim(header.substr(0, end));
    header = end == std::string_view::npos ? std::string_view{} : header.substr(end + 1);
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
      return pair.substr(name.size() + 1);
    }
  }
  return {};
}

}  // namespace tapiary::server
