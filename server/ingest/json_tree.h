// JsonTree: a JSON text (RFC 8259) taken apart, for looking things up in it.
//
// RapidJSON reads it, in a copy of its own. All values are in one list, each followed by those
// inside it; the next text takes list and copy over. A few names are looked for one by one, behind
// a mark of all of them that says no to most of what is not there; many are sorted. Bounded: 64
// values within each other. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace tapiary::server {

inline constexpr int kMaxJsonDepth = 64;

// Borrowed from its tree, until that parses another text.
class JsonNode {
 public:
  enum class Kind : std::uint8_t { kNull, kFlag, kNumber, kText, kArray, kObject };

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] bool is_null() const { return kind_ == Kind::kNull; }
  [[nodiscard]] bool is_text() const { return kind_ == Kind::kText; }
  [[nodiscard]] bool is_array() const { return kind_ == Kind::kArray; }
  [[nodiscard]] bool is_object() const { return kind_ == Kind::kObject; }
  [[nodiscard]] bool is_structured() const { return is_array() || is_object(); }
  // How many are directly inside.
  [[nodiscard]] std::size_t size() const { return count_; }
  // Of an object, the last member of the name; of an array. nullptr when there is none.
  [[nodiscard]] const JsonNode* Find(std::string_view name) const;
  [[nodiscard]] const JsonNode* At(std::size_t index) const;
  // A text's meaning; of null, flag and number, how it is written.
  [[nodiscard]] std::string_view text() const { return text_; }

  class Iterator {
   public:
    explicit Iterator(const JsonNode* at) : at_(at) {}
    const JsonNode& operator*() const { return *at_; }
    Iterator& operator++() {
      at_ += at_->span_;
      return *this;
    }
    bool operator==(const Iterator&) const = default;

   private:
    const JsonNode* at_;
  };
  // Those directly inside.
  [[nodiscard]] Iterator begin() const { return Iterator(this + 1); }
  [[nodiscard]] Iterator end() const { return Iterator(this + span_); }

 private:
  friend class JsonTreeBuilder;

  Kind kind_ = Kind::kNull;
  std::uint32_t count_ = 0;  // directly inside
  std::uint32_t span_ = 1;   // with itself and all inside
  std::uint64_t marks_ = 0;  // of the names inside
  std::string_view name_{};  // as a member
  std::string_view text_{};
  // Of an object with many members, where they are, in the order of their names.
  const std::uint32_t* order_ = nullptr;
};

class JsonTree {
 public:
  JsonTree() = default;
  JsonTree(const JsonTree&) = delete;
  JsonTree& operator=(const JsonTree&) = delete;

  // False when the text is not JSON, or no tree that is bounded so; when it has a number or
  // exponent beyond a double's, or half a surrogate pair, the first: event_text.h escapes those.
  // Whether bytes are UTF-8 is not looked at.
  bool Parse(std::string_view text);
  // The number, of at most 40 characters, that made the last Parse fail; else "".
  [[nodiscard]] const std::string& too_large() const { return too_large_; }
  // Of what was parsed last; null before, and where that failed.
  [[nodiscard]] const JsonNode& root() const { return nodes_.front(); }

 private:
  std::string text_;  // its strings' escapes are resolved in place
  std::string too_large_;
  std::vector<JsonNode> nodes_{1};
  std::deque<std::vector<std::uint32_t>> orders_;
};

}  // namespace tapiary::server
