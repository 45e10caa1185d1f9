#include "server/api/host_names.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "base/file.h"
#include "base/text.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kMaxFileBytes = 1 << 20;
constexpr std::size_t kMaxNameBytes = 253;  // of a name in the DNS (RFC 1035 section 3.1)
constexpr std::string_view kSpace = " \t\r";

std::string_view TakeWord(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kSpace), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kSpace));
  line.remove_prefix(word.size());
  return word;
}

bool IsName(std::string_view word) {
  const auto may_stand = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  return !word.empty() && word.size() <= kMaxNameBytes && std::ranges::all_of(word, may_stand);
}

// Nothing for a line without an address.
base::Result<std::optional<capture::HostName>> ParseLine(std::string_view line) {
  line = line.substr(0, line.find('#'));
  const std::string_view address = TakeWord(line);
  if (address.empty()) return std::optional<capture::HostName>();
  const auto ip = capture::ParseIpAddress(address);
  const auto invalid = [](std::string_view word, const char* what) {
    return base::MakeError(
        base::ErrorCode::kInvalid,
        fmt::format("'{}' is not {}", base::EscapeBytes(word.substr(0, 80)), what));
  };
  if (!ip) return invalid(address, "an address");
  const std::string_view name = TakeWord(line);
  if (!IsName(name)) return invalid(name, "a host's name (letters, digits, '-', '_', '.')");
  return std::optional<capture::HostName>({*ip, std::string(name)});
}

}  // namespace

base::Result<HostNames> HostNames::Parse(std::string_view text) {
  HostNames hosts;
  std::set<std::string> seen;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    auto host = ParseLine(text.substr(0, end));
    if (!host) return host.error().WithContext(fmt::format("line {}", number));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!*host || !seen.insert((*host)->address.ToString()).second) continue;
    if (hosts.names_.size() == kMaxHosts) {
      return base::MakeError(base::ErrorCode::kTooLarge,
                             fmt::format("more than {} addresses", kMaxHosts));
    }
    hosts.names_.push_back(*std::move(*host));
  }
  return hosts;
}

base::Result<HostNames> HostNames::Load(const std::string& path) {
  TAPIARY_ASSIGN(const std::string text, base::ReadFile(path, kMaxFileBytes));
  auto hosts = Parse(text);
  if (!hosts) return hosts.error().WithContext(path);
  return hosts;
}

}  // namespace tapiary::server
