#include "capture/ot/cip/epath.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace tapiary::capture::cip {
namespace {

constexpr std::size_t kMaxRouteBytes = 128;
constexpr std::size_t kMaxPointBytes = 64;

enum class SegmentKind : std::uint8_t { kPort, kLogical, kKey, kInhibit, kSymbol, kOther };
enum LogicalType : std::uint8_t {
  kClass = 0,
  kInstance = 1,
  kMember = 2,
  kConnectionPoint = 3,
  kAttribute = 4,
  kSpecial = 5,
  kService = 6,
};

struct Segment {
  SegmentKind kind = SegmentKind::kOther;
  std::uint8_t logical = 0;
  std::uint32_t value = 0;  // logical value, port, inhibit time
  base::Bytes bytes;        // link address, symbol, key
  bool text_address = false;
};

void PadToEven(base::ByteCursor& cursor) {
  if (cursor.offset() % 2 != 0 && cursor.remaining() > 0) cursor.Skip(1);
}

Segment TakePort(base::ByteCursor& cursor, std::uint8_t first) {
  Segment segment;
  segment.kind = SegmentKind::kPort;
  const std::size_t address = (first & 0x10) != 0 ? cursor.U8() : 1;
  segment.value = first & 0x0f;
  if (segment.value == 15) segment.value = cursor.U16Le();
  segment.text_address = (first & 0x10) != 0;
  segment.bytes = cursor.Take(address);
  PadToEven(cursor);
  return segment;
}

bool TakeLogical(base::ByteCursor& cursor, std::uint8_t first, Segment& segment) {
  segment.kind = SegmentKind::kLogical;
  segment.logical = (first >> 2) & 7;
  const unsigned format = first & 3;
  if (segment.logical == kSpecial) {
    segment.kind = SegmentKind::kKey;
    if (format != 0 || cursor.U8() != 4) return false;  // key format 4 is the only one
    segment.bytes = cursor.Take(8);
    return true;
  }
  if (segment.logical > kService) return false;
  if (format == 0 || segment.logical == kService) {
    segment.value = cursor.U8();
    return true;
  }
  if (format == 3) return false;
  cursor.Skip(1);
  segment.value = format == 1 ? cursor.U16Le() : cursor.U32Le();
  return true;
}

bool TakeNetwork(base::ByteCursor& cursor, std::uint8_t first, Segment& segment) {
  if (first == 0x43) {
    segment.kind = SegmentKind::kInhibit;
    segment.value = cursor.U8();
  } else if (first == 0x41 || first == 0x42) {
    cursor.Skip(1);
  } else {  // with a length in words: safety, extended
    if (first < 0x50) return false;
    cursor.Skip(cursor.U8() * 2u);
  }
  return true;
}

// Takes the next segment; false when it is none or does not fit.
bool TakeSegment(base::ByteCursor& cursor, Segment& segment) {
  const std::uint8_t first = cursor.U8();
  bool good = true;
  switch (first >> 5) {
    case 0:
      segment = TakePort(cursor, first);
      good = segment.value != 0;
      break;
    case 1:
      good = TakeLogical(cursor, first, segment);
      break;
    case 2:
      good = TakeNetwork(cursor, first, segment);
      break;
    case 3:
      segment.kind = SegmentKind::kSymbol;
      good = (first & 0x1f) != 0;
      segment.bytes = cursor.Take(first & 0x1f);
      PadToEven(cursor);
      break;
    case 4:
      if (first == 0x91) {
        segment.kind = SegmentKind::kSymbol;
        segment.bytes = cursor.Take(cursor.U8());
        PadToEven(cursor);
      } else {
        good = first == 0x80;
        cursor.Skip(cursor.U8() * 2u);
      }
      break;
    default:
      good = false;
  }
  return good && !cursor.failed();
}

void AddSymbol(base::Bytes symbol, Epath& path) {
  if (path.tag.size() >= kMaxTagBytes) return;
  if (!path.tag.empty()) path.tag += '.';
  path.tag += base::AsText(symbol.first(std::min(symbol.size(), kMaxTagBytes - path.tag.size())));
}

void AddLogical(const Segment& segment, Epath& path) {
  switch (segment.logical) {
    case kClass:
      if (!path.class_id) path.class_id = segment.value;
      break;
    case kInstance:
      if (!path.instance) path.instance = segment.value;
      break;
    case kAttribute:
      if (!path.attribute) path.attribute = segment.value;
      break;
    case kMember:
      if (path.tag.empty()) {
        if (!path.member) path.member = segment.value;
      } else if (path.tag.size() < kMaxTagBytes) {
        path.tag += fmt::format("[{}]", segment.value);
      }
      break;
    case kConnectionPoint:
      if (path.connection_points.size() >= kMaxPointBytes) break;
      if (!path.connection_points.empty()) path.connection_points += ' ';
      path.connection_points += fmt::format("{}", segment.value);
      break;
    default:
      break;
  }
}

void AddPort(const Segment& segment, Epath& path) {
  if (path.route.size() >= kMaxRouteBytes) return;
  if (!path.route.empty()) path.route += ' ';
  path.route += fmt::format("{}/", segment.value);
  const std::size_t room = std::min<std::size_t>(segment.bytes.size(), 64);
  if (segment.text_address) {
    std::string_view text = base::AsText(segment.bytes.first(room));
    while (!text.empty() && text.back() == '\0') text.remove_suffix(1);  // the pad counts
    path.route += text;
  } else if (!segment.bytes.empty()) {
    path.route += fmt::format("{}", segment.bytes[0]);
  }
}

void AddKey(base::Bytes bytes, Epath& path) {
  base::ByteCursor cursor(bytes);
  ElectronicKey key;
  key.vendor = cursor.U16Le();
  key.device_type = cursor.U16Le();
  key.product_code = cursor.U16Le();
  key.major = cursor.U8() & 0x7f;  // the high bit: compatible is enough
  key.minor = cursor.U8();
  path.key = key;
}

}  // namespace

Epath ParseEpath(base::Bytes bytes) {
  Epath path;
  base::ByteCursor cursor(bytes);
  while (cursor.remaining() > 0) {
    Segment segment;
    if (!TakeSegment(cursor, segment)) {
      path.bad = true;
      break;
    }
    switch (segment.kind) {
      case SegmentKind::kPort:
        AddPort(segment, path);
        break;
      case SegmentKind::kLogical:
        AddLogical(segment, path);
        break;
      case SegmentKind::kKey:
        AddKey(segment.bytes, path);
        break;
      case SegmentKind::kInhibit:
        path.inhibit_ms = segment.value;
        break;
      case SegmentKind::kSymbol:
        AddSymbol(segment.bytes, path);
        break;
      case SegmentKind::kOther:
        break;
    }
  }
  return path;
}

bool IsEpath(base::Bytes bytes) {
  base::ByteCursor cursor(bytes);
  if (bytes.empty()) return false;
  while (cursor.remaining() > 0) {
    Segment segment;
    if (!TakeSegment(cursor, segment)) return false;
  }
  return true;
}

}  // namespace tapiary::capture::cip
