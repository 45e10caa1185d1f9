#include "capture/ot/bacnet/tags.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/text.h"
#include "capture/ot/bacnet/names.h"
#include "capture/ot/detail.h"

namespace tapiary::capture::bacnet {
namespace {

constexpr std::size_t kMaxText = 200;
constexpr std::uint8_t kAny = 0xff;  // of FormatDate and FormatTime: not specified

std::string FormatHex(base::Bytes bytes) {
  constexpr std::size_t kMax = 48;
  std::string hex = "0x" + base::ToHex(bytes.first(std::min(bytes.size(), kMax)));
  if (bytes.size() > kMax) hex += fmt::format("...({} bytes)", bytes.size());
  return hex;
}

// UTF-16 and UCS-4 (big endian) to UTF-8; what is no code point becomes '?'.
std::string FromWide(base::Bytes bytes, std::size_t width) {
  std::string out;
  base::ByteCursor cursor(bytes);
  while (cursor.remaining() >= width && out.size() < kMaxText) {
    const std::uint32_t code = width == 2 ? cursor.U16Be() : cursor.U32Be();
    const bool bad = code >= 0x110000 || (code >= 0xd800 && code < 0xe000);
    if (bad || code < 0x80) {
      out += bad ? '?' : static_cast<char>(code);
    } else if (code < 0x800) {
      out += static_cast<char>(0xc0 | (code >> 6));
      out += static_cast<char>(0x80 | (code & 0x3f));
    } else {
      if (code >= 0x10000) out += static_cast<char>(0xf0 | (code >> 18));
      out +=
          static_cast<char>(code >= 0x10000 ? 0x80 | ((code >> 12) & 0x3f) : 0xe0 | (code >> 12));
      out += static_cast<char>(0x80 | ((code >> 6) & 0x3f));
      out += static_cast<char>(0x80 | (code & 0x3f));
    }
  }
  return out;
}

std::string FormatText(base::Bytes content) {
  if (content.empty()) return {};
  const std::uint8_t set = content[0];
  base::Bytes text = content.subspan(1);
  if (set == 4) return FromWide(text, 2);
  if (set == 3) return FromWide(text, 4);
  if (set == 1) text = text.subspan(std::min<std::size_t>(2, text.size()));  // code page
  return std::string(base::AsText(text.first(std::min(text.size(), kMaxText))));
}

std::string FormatBits(base::Bytes content) {
  if (content.empty()) return {};
  const std::size_t unused = content[0] & 7u;
  const base::Bytes bytes = content.subspan(1);
  const std::size_t bits = bytes.empty() ? 0 : bytes.size() * 8 - unused;
  std::string out;
  for (std::size_t i = 0; i < std::min<std::size_t>(bits, 64); ++i) {
    out += (bytes[i / 8] >> (7 - i % 8)) & 1 ? '1' : '0';
  }
  if (bits > 64) out += "...";
  return out;
}

std::string Part(std::uint8_t value, const char* width) {
  return value == kAny ? "*" : fmt::format(fmt::runtime(width), value);
}

std::string FormatDate(base::Bytes content) {
  if (content.size() != 4) return FormatHex(content);
  const std::string year = content[0] == kAny ? "*" : fmt::format("{}", 1900 + content[0]);
  return fmt::format("{}-{}-{}", year, Part(content[1], "{:02}"), Part(content[2], "{:02}"));
}

std::string FormatTime(base::Bytes content) {
  if (content.size() != 4) return FormatHex(content);
  return fmt::format("{}:{}:{}.{}", Part(content[0], "{:02}"), Part(content[1], "{:02}"),
                     Part(content[2], "{:02}"), Part(content[3], "{:02}"));
}

double ToReal(base::Bytes content) {
  base::ByteCursor cursor(content);
  if (content.size() == 4) return std::bit_cast<float>(cursor.U32Be());
  return std::bit_cast<double>(cursor.U64Be());
}

std::optional<std::int64_t> ToSigned(base::Bytes content) {
  if (content.empty() || content.size() > 8) return std::nullopt;
  std::uint64_t value = (content[0] & 0x80) != 0 ? ~std::uint64_t{0} : 0;
  for (const std::uint8_t byte : content) value = (value << 8) | byte;
  return static_cast<std::int64_t>(value);
}

}  // namespace

bool ReadTag(base::ByteCursor& cursor, Tag& tag) {
  const std::uint8_t first = cursor.U8();
  tag = {};
  tag.number = first >> 4;
  tag.context = (first & 8) != 0;
  const std::uint8_t form = first & 7;
  if (tag.number == 15) tag.number = cursor.U8();
  tag.opening = tag.context && form == 6;
  tag.closing = tag.context && form == 7;
  if (tag.opening || tag.closing) return !cursor.failed();
  tag.size = form;
  if (form == 5) {
    tag.size = cursor.U8();
    if (tag.size == 254)
      tag.size = cursor.U16Be();
    else if (tag.size == 255)
      tag.size = cursor.U32Be();
  }
  if (!tag.context && tag.number == 1) return !cursor.failed();  // boolean: no content
  tag.content = cursor.Take(tag.size);
  return !cursor.failed();
}

std::optional<ObjectId> ToObject(base::Bytes content) {
  if (content.size() != 4) return std::nullopt;
  base::ByteCursor cursor(content);
  const std::uint32_t raw = cursor.U32Be();
  return ObjectId{static_cast<std::uint16_t>(raw >> 22), raw & 0x3fffff};
}

std::optional<std::uint64_t> ToUnsigned(base::Bytes content) {
  if (content.empty() || content.size() > 8) return std::nullopt;
  std::uint64_t value = 0;
  for (const std::uint8_t byte : content) value = (value << 8) | byte;
  return value;
}

std::optional<std::int64_t> ToNumber(Type type, base::Bytes content) {
  switch (type) {
    case Type::kBoolean:
    case Type::kUnsigned:
    case Type::kEnumerated:
      if (const auto value = ToUnsigned(content)) return static_cast<std::int64_t>(*value);
      return std::nullopt;
    case Type::kSigned:
      return ToSigned(content);
    case Type::kReal:
    case Type::kDouble: {
      if (content.size() != (type == Type::kReal ? 4u : 8u)) return std::nullopt;
      const double value = ToReal(content);
      const bool whole =
          std::isfinite(value) && std::fabs(value) < 1e15 && value == std::trunc(value);
      if (!whole) return std::nullopt;
      return static_cast<std::int64_t>(value);
    }
    default:
      return std::nullopt;
  }
}

std::string FormatObject(const ObjectId& object) {
  return fmt::format("{}:{}", ObjectTypeName(object.type), object.instance);
}

std::string FormatContent(Type type, base::Bytes content) {
  switch (type) {
    case Type::kNull:
      return "null";
    case Type::kBoolean:
    case Type::kUnsigned:
    case Type::kEnumerated:
    case Type::kSigned:
      if (type == Type::kBoolean && content.size() == 1) return content[0] != 0 ? "true" : "false";
      if (type != Type::kSigned) {
        if (const auto value = ToUnsigned(content)) return fmt::format("{}", *value);
      } else if (const auto value = ToSigned(content)) {
        return fmt::format("{}", *value);
      }
      return FormatHex(content);
    case Type::kReal:
      return content.size() == 4 ? fmt::format("{}", static_cast<float>(ToReal(content)))
                                 : FormatHex(content);
    case Type::kDouble:
      return content.size() == 8 ? fmt::format("{}", ToReal(content)) : FormatHex(content);
    case Type::kText:
      return FormatText(content);
    case Type::kBits:
      return FormatBits(content);
    case Type::kDate:
      return FormatDate(content);
    case Type::kTime:
      return FormatTime(content);
    case Type::kObject:
      if (const auto object = ToObject(content)) return FormatObject(*object);
      return FormatHex(content);
    case Type::kOctets:
    case Type::kUnknown:
      return FormatHex(content);
  }
  return {};
}

Type TypeOf(const Tag& tag) {
  return tag.context || tag.number > 12 ? Type::kUnknown : static_cast<Type>(tag.number);
}

std::string FormatApplication(const Tag& tag) {
  if (TypeOf(tag) == Type::kBoolean) return tag.size != 0 ? "true" : "false";
  return FormatContent(TypeOf(tag), tag.content);
}

Value ReadValue(base::ByteCursor& cursor, std::uint8_t number) {
  Value out;
  Tag tag;
  int depth = 0;
  while (cursor.remaining() > 0 && ReadTag(cursor, tag)) {
    if (tag.closing) {
      if (depth == 0) {
        out.closed = tag.number == number;
        return out;
      }
      --depth;
      out.text += out.text.size() < kMaxText ? "}" : "";
      continue;
    }
    if (tag.opening) {
      if (++depth > kMaxDepth) return out;
      AppendBounded(out.text, " ", fmt::format("[{}]{{", tag.number));
      continue;
    }
    if (tag.context) {
      AppendBounded(out.text, " ",
                    fmt::format("[{}]{}", tag.number, FormatContent(Type::kUnknown, tag.content)));
      continue;
    }
    AppendBounded(out.text, " ", FormatApplication(tag));
    if (TypeOf(tag) == Type::kOctets) out.octets += tag.content.size();
    std::optional<std::int64_t> value = ToNumber(TypeOf(tag), tag.content);
    if (TypeOf(tag) == Type::kBoolean) value = tag.size != 0 ? 1 : 0;
    if (value && out.numbers.size() < kMaxNumbers) out.numbers.push_back(*value);
  }
  return out;
}

}  // namespace tapiary::capture::bacnet
