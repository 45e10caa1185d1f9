#include "server/ingest/json_tree.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <span>
#include <utility>

#include "server/ingest/json_string.h"

namespace tapiary::server {
namespace {

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

bool IsSpace(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool IsHex(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// More are looked for in their order: somebody may send very many.
constexpr std::uint32_t kManyMembers = 32;

// One of 64 bits.
std::uint64_t MarkOf(std::string_view name) {
  const auto first = name.empty() ? 0u : static_cast<unsigned char>(name.front());
  const auto last = name.empty() ? 0u : static_cast<unsigned char>(name.back());
  return std::uint64_t{1} << ((first + 5 * last + 11 * name.size()) % 64);
}

// A number that no double holds is none to most who read it later.
bool IsFinite(std::string_view number) {
  constexpr std::size_t kSurelyFinite = 300;  // digits without an exponent
  const bool plain = number.find_first_of("eE") == std::string_view::npos;
  if (plain && number.size() <= kSurelyFinite) return true;
  return std::isfinite(std::strtod(std::string(number).c_str(), nullptr));
}

}  // namespace

class JsonParser {
 public:
  JsonParser(std::string_view text, std::vector<JsonNode>& nodes, std::deque<std::string>& names,
             std::deque<std::vector<std::uint32_t>>& orders)
      : text_(text), nodes_(nodes), names_(names), orders_(orders) {}

  bool Whole() {
    if (text_.size() > std::numeric_limits<std::uint32_t>::max()) return false;
    if (!Value({})) return false;
    SkipSpace();
    return at_ == text_.size();
  }

 private:
  [[nodiscard]] char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool Take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void SkipSpace() {
    while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
  }

  bool Value(std::string_view name) {
    SkipSpace();
    const std::size_t index = nodes_.size();
    JsonNode& node = nodes_.emplace_back();
    node.name_ = name;
    switch (Peek()) {
      case '{':
        return Structure(index, JsonNode::Kind::kObject, '}');
      case '[':
        return Structure(index, JsonNode::Kind::kArray, ']');
      case '"':
        node.kind_ = JsonNode::Kind::kText;
        return String(&node.text_, &node.escaped_);
      case 't':
        return Word("true", JsonNode::Kind::kFlag, node);
      case 'f':
        return Word("false", JsonNode::Kind::kFlag, node);
      case 'n':
        return Word("null", JsonNode::Kind::kNull, node);
      default:
        node.kind_ = JsonNode::Kind::kNumber;
        return Number(&node.text_);
    }
  }

  // The node may move while those inside are added.
  bool Structure(std::size_t index, JsonNode::Kind kind, char end) {
    if (++depth_ > kMaxJsonDepth) return false;
    ++at_;
    std::uint32_t count = 0;
    std::uint64_t marks = 0;
    SkipSpace();
    bool more = !Take(end);
    while (more) {
      std::string_view name;
      if (kind == JsonNode::Kind::kObject && !Name(&name)) return false;
      if (!Value(name)) return false;
      ++count;
      marks |= MarkOf(name);
      SkipSpace();
      more = Take(',');
      if (!more && !Take(end)) return false;
    }
    --depth_;
    JsonNode& node = nodes_[index];
    node.kind_ = kind;
    node.count_ = count;
    node.span_ = static_cast<std::uint32_t>(nodes_.size() - index);
    node.marks_ = marks;
    if (node.is_object() && count > kManyMembers) node.order_ = OrderOf(node);
    return true;
  }

  // Those of one name stay as they came.
  const std::uint32_t* OrderOf(const JsonNode& object) {
    std::vector<std::uint32_t>& order = orders_.emplace_back();
    order.reserve(object.count_);
    for (const JsonNode& member : object) {
      order.push_back(static_cast<std::uint32_t>(&member - &object));
    }
    std::ranges::stable_sort(order, {},
                             [&object](std::uint32_t at) { return (&object)[at].name_; });
    return order.data();
  }

  bool Name(std::string_view* name) {
    SkipSpace();
    bool escaped = false;
    if (!String(name, &escaped)) return false;
    if (escaped) {
      std::size_t at = static_cast<std::size_t>(name->data() - text_.data());
      auto meant = ReadJsonString(text_, &at);
      if (!meant) return false;
      *name = names_.emplace_back(*std::move(meant));
    }
    SkipSpace();
    return Take(':');
  }

  bool String(std::string_view* inside, bool* escaped) {
    if (!Take('"')) return false;
    const std::size_t begin = at_;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '"') {
        *inside = text_.substr(begin, at_++ - begin);
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') continue;
      *escaped = true;
      ++at_;
      if (!Escape()) return false;
    }
    return false;
  }

  // What follows a backslash; at_ is then at its last character.
  bool Escape() {
    if (Peek() != 'u')
      return Peek() != '\0' && std::string_view("\"\\/bfnrt").find(Peek()) != text_.npos;
    const std::string_view digits = text_.substr(at_ + 1, 4);
    at_ += 4;
    return digits.size() == 4 && std::ranges::all_of(digits, IsHex);
  }

  bool Word(std::string_view word, JsonNode::Kind kind, JsonNode& node) {
    if (text_.substr(at_, word.size()) != word) return false;
    node.kind_ = kind;
    node.text_ = text_.substr(at_, word.size());
    at_ += word.size();
    return true;
  }

  bool Digits() {
    const std::size_t begin = at_;
    while (IsDigit(Peek())) ++at_;
    return at_ > begin;
  }

  bool Number(std::string_view* number) {
    const std::size_t begin = at_;
    Take('-');
    if (!Take('0') && !Digits()) return false;
    if (Take('.') && !Digits()) return false;
    if (Take('e') || Take('E')) {
      if (!Take('+')) Take('-');
      if (!Digits()) return false;
    }
    *number = text_.substr(begin, at_ - begin);
    return IsFinite(*number);
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::vector<JsonNode>& nodes_;
  std::deque<std::string>& names_;
  std::deque<std::vector<std::uint32_t>>& orders_;
};

const JsonNode* JsonNode::Find(std::string_view name) const {
  if (!is_object() || (marks_ & MarkOf(name)) == 0) return nullptr;
  if (order_ != nullptr) {
    const std::span order(order_, count_);
    const auto behind = std::ranges::upper_bound(
        order, name, {}, [this](std::uint32_t at) { return this[at].name_; });
    if (behind == order.begin()) return nullptr;
    const JsonNode& last = this[*std::prev(behind)];
    return last.name_ == name ? &last : nullptr;
  }
  const JsonNode* found = nullptr;
  for (const JsonNode& member : *this) {
    if (member.name_ == name) found = &member;
  }
  return found;
}

const JsonNode* JsonNode::At(std::size_t index) const {
  if (!is_array() || index >= count_) return nullptr;
  Iterator at = begin();
  for (; index > 0; --index) ++at;
  return &*at;
}

std::string JsonNode::Text() const {
  if (!escaped_) return std::string(text_);
  std::size_t at = 0;
  auto meant = ReadJsonString({text_.data(), text_.size() + 1}, &at);  // with the closing quote
  return meant ? *std::move(meant) : std::string();
}

bool JsonTree::Parse(std::string_view text) {
  nodes_.clear();
  names_.clear();
  orders_.clear();
  if (JsonParser(text, nodes_, names_, orders_).Whole()) return true;
  nodes_.assign(1, JsonNode());
  return false;
}

}  // namespace tapiary::server
