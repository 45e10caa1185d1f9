#include "capture/ot/dnp3/detail.h"

#include <algorithm>

#include "base/text.h"

namespace tapiary::capture::dnp3 {
namespace {

constexpr std::size_t kMaxText = 512;
constexpr std::size_t kMaxBytes = 256;

}  // namespace

void AddDetail(Transaction& out, std::string_view key, std::string_view text) {
  const bool there = std::any_of(out.detail.begin(), out.detail.end(),
                                 [key](const auto& entry) { return entry.first == key; });
  if (!there) out.detail.emplace_back(key, text.substr(0, kMaxText));
}

void AddNumber(Transaction& out, std::string_view key, std::uint64_t number) {
  AddDetail(out, key, std::to_string(number));
}

void AddBytes(Transaction& out, std::string_view key, base::Bytes bytes) {
  if (bytes.empty()) return;
  AddDetail(out, key, base::AsText(bytes.first(std::min(bytes.size(), kMaxBytes))));
}

void AddAnomaly(Transaction& out, std::string_view name) {
  if (std::find(out.anomalies.begin(), out.anomalies.end(), name) == out.anomalies.end()) {
    out.anomalies.emplace_back(name);
  }
}

void WordList::Add(std::string_view word) {
  if (full_) return;
  const std::size_t space = text_.empty() ? 0 : 1;
  if (text_.size() + space + word.size() + 4 > max_) {
    full_ = true;
    text_ += text_.empty() ? "..." : " ...";
    return;
  }
  if (space != 0) text_ += ' ';
  text_ += word;
}

}  // namespace tapiary::capture::dnp3
