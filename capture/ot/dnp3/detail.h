// Helpers to fill Transaction::detail and ::anomalies. Texts are bounded, so that no fragment makes
// a large record. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/byte_cursor.h"
#include "capture/records.h"

namespace tapiary::capture::dnp3 {

// A key that is there already stays as it is.
void AddDetail(Transaction& out, std::string_view key, std::string_view text);
void AddNumber(Transaction& out, std::string_view key, std::uint64_t number);
void AddBytes(Transaction& out, std::string_view key, base::Bytes bytes);
// Each name once.
void AddAnomaly(Transaction& out, std::string_view name);

// A list of words in one text; what does not fit is replaced by "...".
class WordList {
 public:
  explicit WordList(std::size_t max = 256) : max_(max) {}
  void Add(std::string_view word);
  [[nodiscard]] bool full() const { return full_; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::size_t max_;
  std::string text_;
  bool full_ = false;
};

}  // namespace tapiary::capture::dnp3
