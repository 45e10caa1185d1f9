#include "capture/ot/cip/detail.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/text.h"

namespace tapiary::capture::cip {

void AddDetail(Transaction& out, std::string_view key, std::string_view text) {
  out.detail.emplace_back(key, text.substr(0, kMaxDetailBytes));
}

void AddNumber(Transaction& out, std::string_view key, std::uint64_t number) {
  out.detail.emplace_back(key, fmt::format("{}", number));
}

void AddHex(Transaction& out, std::string_view key, base::Bytes bytes) {
  if (bytes.empty()) return;
  constexpr std::size_t kMax = kMaxDetailBytes / 2;
  out.detail.emplace_back(key, base::ToHex(bytes.first(std::min(bytes.size(), kMax))));
  if (bytes.size() > kMax) AddNumber(out, std::string(key) + "_bytes", bytes.size());
}

void AddAnomaly(Transaction& out, std::string_view name) {
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
  if (std::from_chars(text->data(), end, number).ptr != end) return std::nullopt;
  return number;
}

Target TargetOf(const Transaction& in) {
  return {FindNumber(in, "class"), FindDetail(in, "tag") != nullptr};
}

}  // namespace tapiary::capture::cip
