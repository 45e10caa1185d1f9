#include "capture/ot/mms/data.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <bit>

#include "capture/ot/detail.h"

namespace tapiary::capture::mms {
namespace {

constexpr std::uint8_t kVisibleString = 0x1a;

// Visits elements in order without recursion; what cannot be read ends its level.
class Walk {
 public:
  explicit Walk(base::Bytes bytes) { levels_[0] = bytes; }
  // Nothing: the end of the level.
  std::optional<BerElement> Next() {
    if (limit_ || levels_[depth_].empty()) return std::nullopt;
    if (++elements_ > kMaxElements) {
      limit_ = true;
      return std::nullopt;
    }
    return TakeElement(levels_[depth_]);
  }
  // False: too deep.
  bool Enter(base::Bytes inside) {
    if (depth_ + 1 == kMaxDepth) {
      limit_ = true;
      return false;
    }
    levels_[++depth_] = inside;
    return true;
  }
  // False: it was the outermost.
  bool Leave() {
    if (depth_ == 0) return false;
    --depth_;
    return true;
  }
  [[nodiscard]] std::size_t depth() const { return depth_; }
  [[nodiscard]] bool limit() const { return limit_; }

 private:
  std::array<base::Bytes, kMaxDepth> levels_{};
  std::size_t depth_ = 0;
  std::size_t elements_ = 0;
  bool limit_ = false;
};

void AddName(Names& names, std::string_view name) {
  if (name.empty()) return;
  if (names.count++ == 0) names.first = name;
  if (names.text.size() >= kMaxDetailBytes) return;
  if (!names.text.empty()) names.text += ", ";
  names.text += name;
}

// Domain and item side by side; nothing when it is something else.
std::string DomainItem(base::Bytes inside) {
  const std::optional<BerElement> domain = TakeElement(inside);
  if (!domain || domain->tag != kVisibleString) return {};
  const std::optional<BerElement> item = TakeElement(inside);
  if (!item || item->tag != kVisibleString) return {};
  return fmt::format("{}/{}", TextOf(domain->content), TextOf(item->content));
}

bool IsString(const BerElement& element) {
  const bool text = element.tag == kVisibleString || element.tag == 0x19;
  const bool name = element.tag >= 0x80 && element.tag <= 0x82;
  return (text || name) && element.content.size() >= 2 && IsPrintable(element.content);
}

std::string BitString(base::Bytes value) {
  if (value.empty()) return "''";
  const std::size_t unused = value[0] & 7u;
  const std::size_t bits = (value.size() - 1) * 8 - (value.size() > 1 ? unused : 0);
  std::string out = "'";
  for (std::size_t i = 0; i < bits && i < 64; ++i) {
    out += (value[1 + i / 8] >> (7 - i % 8) & 1) != 0 ? '1' : '0';
  }
  return out + "'";
}

// Exponent width 8 and four bytes; 11 and eight.
std::string Float(base::Bytes value) {
  base::ByteCursor cursor(value);
  const std::uint8_t exponent = cursor.U8();
  if (exponent == 8 && value.size() == 5) {
    return fmt::format("{}", std::bit_cast<float>(cursor.U32Be()));
  }
  if (exponent == 11 && value.size() == 9) {
    return fmt::format("{}", std::bit_cast<double>(cursor.U64Be()));
  }
  return base::Bytes(value).empty() ? "" : HexOf(value);
}

void AddValue(Transaction& out, std::int64_t value) {
  if (out.values.size() < kMaxValues) out.values.push_back(value);
}

// Data of ISO 9506-2 that holds no other.
std::string Simple(const BerElement& element, Transaction& out) {
  switch (element.tag) {
    case 0x83: {
      const bool value = !element.content.empty() && element.content[0] != 0;
      AddValue(out, value ? 1 : 0);
      return value ? "true" : "false";
    }
    case 0x84:
      return BitString(element.content);
    case 0x85:
    case 0x86: {
      const std::optional<std::int64_t> value = ToInteger(element.content);
      if (!value) return HexOf(element.content);
      AddValue(out, *value);
      return fmt::format("{}", *value);
    }
    case 0x87:
      return Float(element.content);
    case 0x8a:
    case 0x90:
      return fmt::format("\"{}\"", TextOf(element.content));
    default:
      return HexOf(element.content.first(std::min<std::size_t>(element.content.size(), 32)));
  }
}

void AddText(Values& values, std::string_view text) {
  if (values.text.size() < kMaxDetailBytes) values.text += text;
}

}  // namespace

Names CollectNames(base::Bytes bytes) {
  Names out;
  Walk walk(bytes);
  do {
    while (const std::optional<BerElement> element = walk.Next()) {
      if (!element->constructed()) {
        if (IsString(*element)) AddName(out, TextOf(element->content));
        continue;
      }
      std::string pair = DomainItem(element->content);
      if (!pair.empty()) {
        AddName(out, std::move(pair));
      } else {
        (void)walk.Enter(element->content);
      }
    }
  } while (walk.Leave());
  out.limit = walk.limit();
  return out;
}

Values CollectValues(base::Bytes bytes, bool results, Transaction& out) {
  Values values;
  Walk walk(bytes);
  bool first = true;
  do {
    while (const std::optional<BerElement> element = walk.Next()) {
      if (walk.depth() == 0) ++values.count;
      if (!first) AddText(values, ", ");
      first = false;
      // Array and structure.
      if (element->tag == 0xa1 || element->tag == 0xa2) {
        AddText(values, "{");
        first = true;
        if (!walk.Enter(element->content)) AddText(values, "...}");
        continue;
      }
      if (results && walk.depth() == 0 && element->tag == 0x80) {
        const std::int64_t failure = ToInteger(element->content).value_or(0);
        if (!values.failure) values.failure = failure;
        AddText(values, fmt::format("error {}", failure));
        continue;
      }
      if (element->tag == 0x8a && values.first_text.empty()) {
        values.first_text = TextOf(element->content);
      }
      AddText(values, Simple(*element, out));
    }
    if (walk.depth() > 0) AddText(values, "}");
    first = false;
  } while (walk.Leave());
  values.limit = walk.limit();
  return values;
}

}  // namespace tapiary::capture::mms
