#include "capture/ot/iso/detail.h"

#include <algorithm>

#include "base/text.h"

namespace tapiary::capture::iso {

void AddDetail(Transaction& out, std::string_view key, std::string text) {
  for (const auto& [known, value] : out.detail) {
    if (known == key) return;
  }
  if (text.size() > kMaxDetailBytes) text.resize(kMaxDetailBytes);
  out.detail.emplace_back(std::string(key), std::move(text));
}

void AddNumber(Transaction& out, std::string_view key, std::uint64_t number) {
  AddDetail(out, key, std::to_string(number));
}

void AddAnomaly(Transaction& out, std::string_view name) {
  if (std::find(out.anomalies.begin(), out.anomalies.end(), name) == out.anomalies.end()) {
    out.anomalies.emplace_back(name);
  }
}

std::string HexOf(base::Bytes bytes) {
  return base::ToHex(bytes.first(std::min(bytes.size(), kMaxDetailBytes / 2)));
}

std::string TextOf(base::Bytes bytes) {
  while (!bytes.empty() && (bytes.back() == 0 || bytes.back() == ' ')) {
    bytes = bytes.first(bytes.size() - 1);
  }
  bytes = bytes.first(std::min(bytes.size(), kMaxDetailBytes));
  return {bytes.begin(), bytes.end()};
}

bool IsPrintable(base::Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(),
                     [](std::uint8_t byte) { return byte >= 0x20 && byte < 0x7f; });
}

}  // namespace tapiary::capture::iso
