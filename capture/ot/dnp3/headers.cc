#include "capture/ot/dnp3/headers.h"

#include <fmt/core.h>

#include <algorithm>

namespace tapiary::capture::dnp3 {
namespace {

std::uint32_t TakeLe(base::ByteCursor& cursor, unsigned bytes) {
  switch (bytes) {
    case 1:
      return cursor.U8();
    case 2:
      return cursor.U16Le();
    case 4:
      return cursor.U32Le();
    default:
      return 0;
  }
}

bool TakePrefixKind(ObjectHeader& header) {
  switch ((header.qualifier >> 4) & 7) {
    case 0:
      return true;
    case 1:
      header.index_bytes = 1;
      return true;
    case 2:
      header.index_bytes = 2;
      return true;
    case 3:
      header.index_bytes = 4;
      return true;
    case 4:
      header.size_bytes = 1;
      return true;
    case 5:
      header.size_bytes = 2;
      return true;
    case 6:
      header.size_bytes = 4;
      return true;
    default:
      return false;
  }
}

HeaderResult TakeRange(base::ByteCursor& cursor, ObjectHeader& header) {
  const unsigned code = header.qualifier & 0x0f;
  if (code <= 5) {  // 3-5: virtual addresses
    const unsigned bytes = 1u << (code % 3);
    header.ranged = true;
    header.first = TakeLe(cursor, bytes);
    const std::uint32_t last = TakeLe(cursor, bytes);
    if (cursor.failed()) return HeaderResult::kTruncated;
    if (last < header.first) return HeaderResult::kRange;
    header.count = std::uint64_t{last} - header.first + 1;
    return HeaderResult::kHeader;
  }
  if (code == 6) {
    header.all = true;
    return HeaderResult::kHeader;
  }
  if (code >= 7 && code <= 9) {
    header.count = TakeLe(cursor, 1u << (code - 7));
  } else if (code == 0x0b) {
    header.count = cursor.U8();
  } else {
    return HeaderResult::kQualifier;
  }
  return cursor.failed() ? HeaderResult::kTruncated : HeaderResult::kHeader;
}

HeaderResult TakeExactly(base::ByteCursor& cursor, std::uint64_t size, ObjectHeader& header) {
  const std::size_t there = cursor.remaining();
  header.objects = cursor.Take(static_cast<std::size_t>(std::min<std::uint64_t>(size, there)));
  return size <= there ? HeaderResult::kHeader : HeaderResult::kTruncated;
}

// Each object has its size in front.
HeaderResult TakeSized(base::ByteCursor& cursor, ObjectHeader& header) {
  const base::Bytes all = cursor.rest();
  const std::size_t begin = cursor.offset();
  for (std::uint64_t i = 0; i < header.count && !cursor.failed(); ++i) {
    const std::uint32_t size = TakeLe(cursor, header.size_bytes);
    cursor.Skip(size);
  }
  header.objects = all.first(std::min(all.size(), cursor.offset() - begin));
  return cursor.failed() ? HeaderResult::kTruncated : HeaderResult::kHeader;
}

// Bits of one object, or 0 for "not known".
std::uint64_t BitsOf(const ObjectHeader& header) {
  if (IsStringGroup(header.group)) return std::uint64_t{header.variation} * 8;
  if (header.layout == nullptr) return 0;
  // A packed object with an index in front of it fills an octet.
  if (header.index_bytes != 0 && header.layout->bits < 8) return 8;
  return header.layout->bits;
}

HeaderResult TakeObjects(base::ByteCursor& cursor, bool with_data, ObjectHeader& header) {
  if (header.all || header.count == 0) return HeaderResult::kHeader;
  if (header.size_bytes != 0) return TakeSized(cursor, header);
  if (!with_data || header.group == 60) {
    return TakeExactly(cursor, header.count * header.index_bytes, header);
  }
  const std::uint64_t bits = BitsOf(header);
  if (bits == 0 && !IsStringGroup(header.group)) {
    header.objects = cursor.Take(cursor.remaining());
    return HeaderResult::kUnknown;
  }
  // count is below 2^33 and an object below 2^12 bits: no overflow.
  const std::uint64_t size = header.index_bytes != 0
                                 ? header.count * (header.index_bytes + bits / 8)
                                 : (header.count * bits + 7) / 8;
  return TakeExactly(cursor, size, header);
}

}  // namespace

HeaderResult NextHeader(base::ByteCursor& cursor, bool with_data, ObjectHeader& header) {
  header = {};
  if (cursor.remaining() == 0) return HeaderResult::kEnd;
  header.group = cursor.U8();
  header.variation = cursor.U8();
  if (cursor.failed()) return HeaderResult::kTruncated;
  header.layout = FindObject(header.group, header.variation);
  header.qualifier = cursor.U8();
  if (cursor.failed()) return HeaderResult::kTruncated;
  if (!TakePrefixKind(header)) return HeaderResult::kQualifier;
  const HeaderResult range = TakeRange(cursor, header);
  if (range != HeaderResult::kHeader) return range;
  return TakeObjects(cursor, with_data, header);
}

std::string ToText(const ObjectHeader& header) {
  const std::string name = fmt::format("{}/{}", header.group, header.variation);
  if (header.all) return name + ":all";
  if (!header.ranged) return fmt::format("{}:x{}", name, header.count);
  if (header.count == 1) return fmt::format("{}:{}", name, header.first);
  return fmt::format("{}:{}-{}", name, header.first, header.first + header.count - 1);
}

bool ObjectWalk::Next(Object& object) {
  if (done_ == header_.count || header_.objects.empty()) return false;
  object = {};
  object.index = header_.first + static_cast<std::uint32_t>(done_);
  const std::uint64_t bits = BitsOf(header_);
  if (header_.size_bytes != 0) {
    object.bytes = cursor_.Take(TakeLe(cursor_, header_.size_bytes));
  } else if (header_.index_bytes == 0 && bits != 0 && bits < 8) {
    const std::uint64_t at = done_ * bits;
    if (at / 8 >= header_.objects.size()) return false;
    object.bytes = header_.objects.subspan(static_cast<std::size_t>(at / 8), 1);
    object.bit = static_cast<unsigned>(at % 8);
  } else {
    if (header_.index_bytes != 0) object.index = TakeLe(cursor_, header_.index_bytes);
    if (cursor_.failed()) return false;
    const std::size_t size = static_cast<std::size_t>(bits / 8);
    object.bytes = cursor_.Take(std::min(size, cursor_.remaining()));
  }
  if (cursor_.failed()) return false;
  ++done_;
  return object.bytes.size() != 0 || header_.index_bytes != 0;
}

}  // namespace tapiary::capture::dnp3
