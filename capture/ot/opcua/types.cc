#include "capture/ot/opcua/types.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "base/text.h"
#include "capture/ot/detail.h"
#include "capture/ot/opcua/names.h"

namespace tapiary::capture::opcua {
namespace {

constexpr std::uint32_t kNull = UINT32_MAX;

void Fail(base::ByteCursor& cursor) {
  cursor.Skip(cursor.remaining() + 1);
}

std::string Hex(base::Bytes bytes) {
  constexpr std::size_t kMax = 32;
  std::string text = "0x" + base::ToHex(bytes.first(std::min(bytes.size(), kMax)));
  if (bytes.size() > kMax) text += fmt::format("...({} bytes)", bytes.size());
  return text;
}

void Add(Content& out, std::string_view text) {
  AppendBounded(out.text, " ", text);
}

void AddNumber(Content& out, std::int64_t number) {
  Add(out, fmt::format("{}", number));
  if (out.numbers.size() < kMaxNumbers) out.numbers.push_back(number);
}

void AddReal(Content& out, double value, bool single) {
  Add(out, single ? fmt::format("{}", static_cast<float>(value)) : fmt::format("{}", value));
  const bool whole = std::isfinite(value) && std::fabs(value) < 1e15 && value == std::trunc(value);
  if (whole && out.numbers.size() < kMaxNumbers) {
    out.numbers.push_back(static_cast<std::int64_t>(value));
  }
}

void ReadScalar(std::uint8_t type, base::ByteCursor& cursor, Content& out) {
  switch (type) {
    case 1:
    case 3:
      return AddNumber(out, cursor.U8());
    case 2:
      return AddNumber(out, static_cast<std::int8_t>(cursor.U8()));
    case 4:
      return AddNumber(out, static_cast<std::int16_t>(cursor.U16Le()));
    case 5:
      return AddNumber(out, cursor.U16Le());
    case 6:
      return AddNumber(out, static_cast<std::int32_t>(cursor.U32Le()));
    case 7:
      return AddNumber(out, cursor.U32Le());
    case 8:
    case 9:
    case 13:
      return AddNumber(out, static_cast<std::int64_t>(cursor.U64Le()));
    case 10:
      return AddReal(out, std::bit_cast<float>(cursor.U32Le()), true);
    default:
      return AddReal(out, std::bit_cast<double>(cursor.U64Le()), false);
  }
}

// One element of a variant; types 1 to 25.
void ReadElement(std::uint8_t type, base::ByteCursor& cursor, Content& out, int depth) {
  switch (type) {
    case 12:
    case 16:
      return Add(out, ReadString(cursor).substr(0, kMaxText));
    case 14:
      return Add(out, Hex(cursor.Take(16)));
    case 15:
      return Add(out, Hex(ReadByteString(cursor)));
    case 17:
    case 18:
      return Add(out, Format(ReadNodeId(cursor, type == 18)));
    case 19:
      return Add(out, StatusName(cursor.U32Le()));
    case 20:
      return Add(out, ReadQualifiedName(cursor).substr(0, kMaxText));
    case 21:
      return Add(out, ReadLocalizedText(cursor).substr(0, kMaxText));
    case 22: {
      const Extension extension = ReadExtension(cursor);
      return Add(out, Format(extension.type) + ":" + Hex(extension.body));
    }
    case 23:
      return ReadDataValue(cursor, out, depth + 1);
    case 24:
      return ReadVariant(cursor, out, depth + 1);
    case 25:
      return SkipDiagnosticInfo(cursor);
    default:
      return ReadScalar(type, cursor, out);
  }
}

}  // namespace

base::Bytes ReadByteString(base::ByteCursor& cursor) {
  const std::uint32_t size = cursor.U32Le();
  return size == kNull ? base::Bytes{} : cursor.Take(size);
}

std::string_view ReadString(base::ByteCursor& cursor) {
  return base::AsText(ReadByteString(cursor));
}

std::uint32_t ReadCount(base::ByteCursor& cursor) {
  const std::uint32_t count = cursor.U32Le();
  if (count == kNull) return 0;
  if (count > cursor.remaining()) Fail(cursor);
  return cursor.failed() ? 0 : count;
}

NodeId ReadNodeId(base::ByteCursor& cursor, bool expanded) {
  NodeId node;
  const std::uint8_t encoding = cursor.U8();
  switch (encoding & 0x3f) {
    case 0:
      node.number = cursor.U8();
      break;
    case 1:
      node.name_space = cursor.U8();
      node.number = cursor.U16Le();
      break;
    case 2:
      node.name_space = cursor.U16Le();
      node.number = cursor.U32Le();
      break;
    case 3:
    case 5:
      node.kind = (encoding & 0x3f) == 3 ? 's' : 'b';
      node.name_space = cursor.U16Le();
      node.bytes = ReadByteString(cursor);
      break;
    case 4:
      node.kind = 'g';
      node.name_space = cursor.U16Le();
      node.bytes = cursor.Take(16);
      break;
    default:
      Fail(cursor);
  }
  if (!expanded && (encoding & 0xc0) != 0) Fail(cursor);
  if (expanded && (encoding & 0x80) != 0) (void)ReadString(cursor);
  if (expanded && (encoding & 0x40) != 0) cursor.Skip(4);
  return node;
}

std::string Format(const NodeId& node) {
  std::string text = node.name_space == 0 ? "" : fmt::format("ns={};", node.name_space);
  if (node.kind == 'i') return text + fmt::format("i={}", node.number);
  text += fmt::format("{}=", node.kind);
  if (node.kind == 's') return text + std::string(base::AsText(node.bytes).substr(0, kMaxText));
  return text + base::ToHex(node.bytes.first(std::min<std::size_t>(node.bytes.size(), 32)));
}

std::string_view ReadQualifiedName(base::ByteCursor& cursor) {
  cursor.Skip(2);
  return ReadString(cursor);
}

std::string_view ReadLocalizedText(base::ByteCursor& cursor) {
  const std::uint8_t mask = cursor.U8();
  if ((mask & 1) != 0) (void)ReadString(cursor);
  return (mask & 2) != 0 ? ReadString(cursor) : std::string_view{};
}

void SkipDiagnosticInfo(base::ByteCursor& cursor) {
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    const std::uint8_t mask = cursor.U8();
    for (const int bit : {0x01, 0x02, 0x04, 0x08}) {
      if ((mask & bit) != 0) cursor.Skip(4);
    }
    if ((mask & 0x10) != 0) (void)ReadString(cursor);
    if ((mask & 0x20) != 0) cursor.Skip(4);
    if ((mask & 0x40) == 0) return;  // no inner one
  }
  Fail(cursor);
}

Extension ReadExtension(base::ByteCursor& cursor) {
  Extension extension;
  extension.type = ReadNodeId(cursor);
  const std::uint8_t encoding = cursor.U8();
  if (encoding == 1 || encoding == 2) extension.body = ReadByteString(cursor);
  if (encoding > 2) Fail(cursor);
  return extension;
}

void ReadVariant(base::ByteCursor& cursor, Content& out, int depth) {
  const std::uint8_t encoding = cursor.U8();
  const std::uint8_t type = encoding & 0x3f;
  if (type > 25 || depth > kMaxDepth) return Fail(cursor);
  if (type == 0) return Add(out, "null");
  if ((encoding & 0x80) == 0) return ReadElement(type, cursor, out, depth);
  const std::uint32_t count = ReadCount(cursor);
  Add(out, fmt::format("[{}]", count));
  for (std::uint32_t i = 0; i < count && !cursor.failed(); ++i) {
    ReadElement(type, cursor, out, depth);
  }
  if ((encoding & 0x40) == 0) return;
  const std::uint32_t dimensions = ReadCount(cursor);
  cursor.Skip(std::size_t{dimensions} * 4);
}

void ReadDataValue(base::ByteCursor& cursor, Content& out, int depth) {
  const std::uint8_t mask = cursor.U8();
  if ((mask & 0xc0) != 0 || depth > kMaxDepth) return Fail(cursor);
  if ((mask & 0x01) != 0) ReadVariant(cursor, out, depth);
  if ((mask & 0x02) != 0) out.status = cursor.U32Le();
  if ((mask & 0x04) != 0) cursor.Skip(8);  // source time
  if ((mask & 0x10) != 0) cursor.Skip(2);
  if ((mask & 0x08) != 0) cursor.Skip(8);  // server time
  if ((mask & 0x20) != 0) cursor.Skip(2);
}

void AddValues(const Content& content, Transaction& out) {
  for (const std::int64_t number : content.numbers) {
    if (out.values.size() < kMaxNumbers) out.values.push_back(number);
  }
}

}  // namespace tapiary::capture::opcua
