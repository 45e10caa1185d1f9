#include "capture/ot/detail.h"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "base/text.h"

namespace tapiary::capture {
namespace {

constexpr std::size_t kMaxAnomalies = 16;
constexpr std::string_view kMore = "...";

}  // namespace

void AddDetail(Transaction& out, std::string_view key, std::string_view text, std::size_t max) {
  if (out.detail.size() >= kMaxDetails || FindDetail(out, key) != nullptr) return;
  out.detail.emplace_back(key, text.substr(0, max));
}

void AddRepeated(Transaction& out, std::string_view key, std::string_view text) {
  std::string name(key);
  for (char number = '2'; number <= '9'; ++number) {
    const std::string* const known = FindDetail(out, name);
    if (known == nullptr) break;
    if (*known == text.substr(0, kMaxDetailBytes)) return;
    name = std::string(key) + '_' + number;
  }
  AddDetail(out, name, text);
}

void AddHex(Transaction& out, std::string_view key, base::Bytes bytes) {
  if (bytes.empty()) return;
  AddDetail(out, key, HexOf(bytes));
  if (bytes.size() > kMaxHexBytes) AddNumber(out, std::string(key) + "_bytes", bytes.size());
}

void AddAnomaly(Transaction& out, std::string_view name) {
  if (out.anomalies.size() >= kMaxAnomalies) return;
  if (std::find(out.anomalies.begin(), out.anomalies.end(), name) == out.anomalies.end()) {
    out.anomalies.emplace_back(name);
  }
}

const std::string* FindDetail(const Transaction& in, std::string_view key) {
  for (const auto& [name, text] : in.detail) {
    if (name == key) return &text;
  }
  return nullptr;
}

std::optional<std::uint32_t> FindNumber(const Transaction& in, std::string_view key) {
  const std::string* const text = FindDetail(in, key);
  std::uint32_t number = 0;
  if (text == nullptr) return std::nullopt;
  const char* const end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

std::string HexOf(base::Bytes bytes) {
  return base::ToHex(bytes.first(std::min(bytes.size(), kMaxHexBytes)));
}

std::string_view TextOf(base::Bytes bytes) {
  std::string_view text = base::AsText(bytes);
  while (!text.empty() && (text.back() == '\0' || text.back() == ' ')) text.remove_suffix(1);
  return text.substr(0, kMaxDetailBytes);
}

bool IsPrintable(base::Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](std::uint8_t byte) { return byte >= 0x20 && byte < 0x7f; });
}

bool AppendBounded(std::string& list, std::string_view separator, std::string_view text,
                   std::size_t max) {
  if (list.ends_with(kMore)) return false;
  if (!list.empty()) list += separator;
  const bool fits = list.size() + text.size() + separator.size() + kMore.size() <= max;
  list += fits ? text : kMore;
  return fits;
}

}  // namespace tapiary::capture
