#include "capture/label/noise_list.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"

namespace tapiary::capture {
namespace {

using base::ErrorCode;
using base::MakeError;

constexpr std::size_t kMaxFileBytes = 128u << 20;
constexpr std::size_t kMaxShown = 60;

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// What stands before the next comma; `rest` begins behind it.
std::string_view TakeField(std::string_view& rest) {
  const std::size_t comma = std::min(rest.find(','), rest.size());
  const std::string_view field = Trim(rest.substr(0, comma));
  rest.remove_prefix(std::min(comma + 1, rest.size()));
  return field;
}

base::Error Fault(std::string_view what, std::string_view text) {
  return MakeError(ErrorCode::kInvalid,
                   fmt::format("'{}' {}", base::EscapeBytes(text.substr(0, kMaxShown)), what));
}

void ClearHostBits(IpAddress& address, std::size_t prefix) {
  for (std::size_t bit = prefix; bit < 128; ++bit) {
    address.bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80u >> (bit % 8)));
  }
}

base::Result<> ParseNetwork(std::string_view text, NoiseEntry& entry) {
  const std::size_t slash = text.find('/');
  const auto address = ParseIpAddress(text.substr(0, slash));
  if (!address) return Fault("is no IPv4 or IPv6 network such as 192.0.2.0/24", text);
  const std::uint8_t width = address->version == 4 ? 32 : 128;
  std::uint8_t prefix = width;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (error != std::errc() || end != digits.data() + digits.size() || prefix > width) {
      return Fault(fmt::format("has no prefix length from 0 to {}", width), text);
    }
  }
  entry.network = *address;
  entry.prefix = prefix;
  ClearHostBits(entry.network, prefix);
  return {};
}

// A date alone is the last day, whole; a time is the first moment without the entry.
base::Result<std::int64_t> ParseExpiry(std::string_view text) {
  const auto time = base::ParseTime(text);
  if (!time) return Fault("is no date such as 2027-01-31, nor a time in RFC 3339", text);
  const bool date_alone = text.find_first_of("Tt :") == std::string_view::npos;
  if (!date_alone) return *time;
  return *time > INT64_MAX - base::kNanosPerDay ? INT64_MAX : *time + base::kNanosPerDay;
}

base::Result<NoiseEntry> ParseLine(std::string_view line) {
  NoiseEntry entry;
  TAPIARY_TRY(ParseNetwork(TakeField(line), entry));
  const std::string_view label = TakeField(line);
  if (!label.empty() && !IsNoiseLabel(label)) {
    return Fault(fmt::format("is no label of 1 to {} printable characters", kMaxNoiseLabel), label);
  }
  entry.label = label;
  const std::string_view expires = TakeField(line);
  if (!expires.empty()) {
    TAPIARY_ASSIGN(entry.expires_ns, ParseExpiry(expires));
  }
  if (!line.empty()) return Fault("is more than network, label and expiry", line);
  return entry;
}

}  // namespace

bool IsNoiseLabel(std::string_view label) {
  return !label.empty() && label.size() <= kMaxNoiseLabel && Trim(label) == label &&
         std::all_of(label.begin(), label.end(),
                     [](char c) { return c >= ' ' && c < 0x7f && c != ',' && c != '"'; });
}

base::Result<std::vector<NoiseEntry>> ParseNoiseList(std::string_view text, std::string_view name,
                                                     std::size_t max_entries) {
  std::vector<NoiseEntry> entries;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // the mark of UTF-8
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line = Trim(line.substr(0, line.find_first_of("#;")));
    if (line.empty()) continue;
    const auto where = [&] { return fmt::format("{}:{}", base::EscapeBytes(name), number); };
    if (entries.size() >= max_entries) {
      return MakeError(ErrorCode::kTooLarge, fmt::format("{}: more than {} entries in all lists",
                                                         where(), kMaxNoiseEntries));
    }
    auto entry = ParseLine(line);
    if (!entry) return entry.error().WithContext(where());
    entries.push_back(std::move(*entry));
  }
  return entries;
}

base::Result<std::vector<NoiseEntry>> ReadNoiseList(const std::string& path,
                                                    std::size_t max_entries) {
  TAPIARY_ASSIGN(const std::string text, base::ReadFile(path, kMaxFileBytes));
  return ParseNoiseList(text, path, max_entries);
}

}  // namespace tapiary::capture
