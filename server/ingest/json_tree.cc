#include "server/ingest/json_tree.h"

#include <rapidjson/reader.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <span>

namespace tapiary::server {
namespace {

// More are looked for in their order: somebody may send very many.
constexpr std::uint32_t kManyMembers = 32;
constexpr std::size_t kMaxShown = 40;  // of a number that is refused

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

// As much as is shown of the number that the text begins with.
std::string_view NumberAt(std::string_view text) {
  const std::size_t end = text.find_first_not_of("+-.0123456789eE");
  return text.substr(0, std::min(end, kMaxShown));
}

}  // namespace

// What RapidJSON's reader calls, value by value; false ends the reading.
class JsonTreeBuilder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, JsonTreeBuilder> {
 public:
  JsonTreeBuilder(std::vector<JsonNode>& nodes, std::deque<std::vector<std::uint32_t>>& orders)
      : nodes_(nodes), orders_(orders) {}

  bool Null() { return Add(JsonNode::Kind::kNull, "null"); }
  bool Bool(bool value) { return Add(JsonNode::Kind::kFlag, value ? "true" : "false"); }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    const std::string_view number(text, size);
    if (IsFinite(number)) return Add(JsonNode::Kind::kNumber, number);
    too_large_ = NumberAt(number);
    return false;
  }
  bool String(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    return Add(JsonNode::Kind::kText, {text, size});
  }
  bool Key(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    name_ = {text, size};
    return true;
  }
  bool StartObject() { return Open(JsonNode::Kind::kObject); }
  bool StartArray() { return Open(JsonNode::Kind::kArray); }
  bool EndObject(rapidjson::SizeType /*count*/) {
    JsonNode& object = Close();
    if (object.count_ > kManyMembers) object.order_ = OrderOf(object);
    return true;
  }
  bool EndArray(rapidjson::SizeType /*count*/) {
    Close();
    return true;
  }
  [[nodiscard]] std::string_view too_large() const { return too_large_; }

 private:
  bool Add(JsonNode::Kind kind, std::string_view text) {
    if (depth_ > 0) {
      JsonNode& around = nodes_[open_[depth_ - 1]];
      ++around.count_;
      around.marks_ |= MarkOf(name_);
    }
    JsonNode& node = nodes_.emplace_back();
    node.kind_ = kind;
    node.name_ = name_;
    node.text_ = text;
    return true;
  }

  bool Open(JsonNode::Kind kind) {
    if (depth_ == open_.size()) return false;
    Add(kind, {});
    name_ = {};  // elements have none
    open_[depth_++] = nodes_.size() - 1;
    return true;
  }

  JsonNode& Close() {
    const std::size_t index = open_[--depth_];
    nodes_[index].span_ = static_cast<std::uint32_t>(nodes_.size() - index);
    name_ = {};
    return nodes_[index];
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

  std::vector<JsonNode>& nodes_;
  std::deque<std::vector<std::uint32_t>>& orders_;
  std::string_view too_large_;                   // a number that ended the reading
  std::string_view name_;                        // of the member that comes next
  std::array<std::size_t, kMaxJsonDepth> open_;  // structures that have not ended
  std::size_t depth_ = 0;
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

bool JsonTree::Parse(std::string_view text) {
  nodes_.clear();
  orders_.clear();
  too_large_.clear();
  if (text.size() <= std::numeric_limits<std::uint32_t>::max()) {
    text_ = text;
    rapidjson::InsituStringStream in(text_.data());
    rapidjson::Reader reader;
    JsonTreeBuilder builder(nodes_, orders_);
    constexpr unsigned kFlags = rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag |
                                rapidjson::kParseNumbersAsStringsFlag;
    // A NUL ends what it reads.
    if (reader.Parse<kFlags>(in, builder) && in.Tell() == text.size()) return true;
    too_large_ = builder.too_large();
    if (reader.GetParseErrorCode() == rapidjson::kParseErrorNumberTooBig) {
      too_large_ = NumberAt(text.substr(reader.GetErrorOffset()));
    }
  }
  nodes_.assign(1, JsonNode());
  return false;
}

}  // namespace tapiary::server
