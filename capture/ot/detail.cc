#include "capture/ot/detail.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/text.h"

namespace tapiary::capture {
namespace {

constexpr std::size_t kMaxHex = 64;
constexpr std::size_t kMaxAnomalies = 16;
constexpr std::string_view kMore = "...";

}  // namespace

void AddDetail(Transaction& out, std::string_view key, std::string_view text) {
  if (out.detail.size() >= kMaxDetails) return;
  for (const auto& entry : out.detail) {
    if (entry.first == key) return;
  }
  out.detail.emplace_back(key, text.substr(0, kMaxDetailBytes));
}

void AddNumber(Transaction& out, std::string_view key, std::int64_t number) {
  AddDetail(out, key, fmt::format("{}", number));
}

void AddHex(Transaction& out, std::string_view key, base::Bytes bytes) {
  if (bytes.empty()) return;
  AddDetail(out, key, base::ToHex(bytes.first(std::min(bytes.size(), kMaxHex))));
  if (bytes.size() > kMaxHex) {
    AddNumber(out, std::string(key) + "_bytes", static_cast<std::int64_t>(bytes.size()));
  }
}

void AddAnomaly(Transaction& out, std::string_view name) {
  if (out.anomalies.size() >= kMaxAnomalies) return;
  if (std::find(out.anomalies.begin(), out.anomalies.end(), name) == out.anomalies.end()) {
    out.anomalies.emplace_back(name);
  }
}

void AppendBounded(std::string& list, std::string_view separator, std::string_view text) {
  if (list.ends_with(kMore)) return;
  if (list.size() + separator.size() + text.size() + kMore.size() > kMaxDetailBytes) {
    list += kMore;
    return;
  }
  if (!list.empty()) list += separator;
  list += text;
}

}  // namespace tapiary::capture
