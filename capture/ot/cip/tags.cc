#include "capture/ot/cip/tags.h"

#include <fmt/format.h>

#include <bit>
#include <string>

#include "base/text.h"
#include "capture/ot/cip/services.h"
#include "capture/ot/detail.h"

namespace tapiary::capture::cip {
namespace {

constexpr std::uint16_t kStructure = 0x02a0;  // a handle of two bytes follows
constexpr std::string_view kCountMismatch = "cip-count-mismatch";
constexpr std::size_t kMaxValues = 512;

enum class Form : std::uint8_t { kSigned, kUnsigned, kReal };
struct Type {
  std::uint16_t code;
  std::uint8_t size;
  Form form;
  std::string_view name;
};
constexpr Type kTypes[] = {
    {0xc1, 1, Form::kUnsigned, "bool"},  {0xc2, 1, Form::kSigned, "sint"},
    {0xc3, 2, Form::kSigned, "int"},     {0xc4, 4, Form::kSigned, "dint"},
    {0xc5, 8, Form::kSigned, "lint"},    {0xc6, 1, Form::kUnsigned, "usint"},
    {0xc7, 2, Form::kUnsigned, "uint"},  {0xc8, 4, Form::kUnsigned, "udint"},
    {0xc9, 8, Form::kUnsigned, "ulint"}, {0xca, 4, Form::kReal, "real"},
    {0xcb, 8, Form::kReal, "lreal"},     {0xd1, 1, Form::kUnsigned, "byte"},
    {0xd2, 2, Form::kUnsigned, "word"},  {0xd3, 4, Form::kUnsigned, "dword"},
    {0xd4, 8, Form::kUnsigned, "lword"},
};

const Type* FindType(std::uint16_t code) {
  for (const Type& type : kTypes) {
    if (type.code == code) return &type;
  }
  return nullptr;
}

std::uint64_t TakeRaw(base::ByteCursor& cursor, std::uint8_t size) {
  if (size == 1) return cursor.U8();
  if (size == 2) return cursor.U16Le();
  return size == 4 ? cursor.U32Le() : cursor.U64Le();
}

std::int64_t SignExtend(std::uint64_t raw, std::uint8_t size) {
  const unsigned shift = 64u - size * 8u;
  return static_cast<std::int64_t>(raw << shift) >> shift;
}

void TakeValues(base::ByteCursor& cursor, const Type& type, Transaction& out) {
  std::string reals;
  while (cursor.remaining() >= type.size && out.values.size() < kMaxValues) {
    const std::uint64_t raw = TakeRaw(cursor, type.size);
    if (type.form == Form::kReal) {
      if (reals.size() >= kMaxDetailBytes) break;
      if (!reals.empty()) reals += ' ';
      reals += type.size == 4
                   ? fmt::format("{}", std::bit_cast<float>(static_cast<std::uint32_t>(raw)))
                   : fmt::format("{}", std::bit_cast<double>(raw));
    } else {
      out.values.push_back(type.form == Form::kSigned ? SignExtend(raw, type.size)
                                                      : static_cast<std::int64_t>(raw));
    }
  }
  if (!reals.empty()) AddDetail(out, "reals", reals);
}

// The type, and for structures its handle; nullptr for what is not elementary.
const Type* TakeType(base::ByteCursor& cursor, Transaction& out) {
  if (cursor.remaining() < 2) return nullptr;
  const std::uint16_t code = cursor.U16Le();
  if (code == kStructure) {
    AddDetail(out, "type", "struct");
    if (cursor.remaining() >= 2) AddNumber(out, "struct_handle", cursor.U16Le());
    return nullptr;
  }
  const Type* const type = FindType(code);
  AddDetail(out, "type", type != nullptr ? std::string(type->name) : fmt::format("{}", code));
  return type;
}

void TakeData(base::ByteCursor& cursor, const Type* type, Transaction& out) {
  if (type != nullptr) {
    TakeValues(cursor, *type, out);
  } else {
    AddHex(out, "data", cursor.rest());
  }
}

void WriteRequest(base::ByteCursor& cursor, bool fragmented, Transaction& out) {
  const Type* const type = TakeType(cursor, out);
  if (cursor.remaining() < 2) return;
  out.quantity = cursor.U16Le();
  if (fragmented && cursor.remaining() >= 4) AddNumber(out, "offset", cursor.U32Le());
  const std::uint64_t wanted = type != nullptr ? *out.quantity * type->size : 0;
  // A single byte is padded to a word by some clients.
  if (type != nullptr && !fragmented && cursor.remaining() != wanted &&
      cursor.remaining() != wanted + wanted % 2) {
    AddAnomaly(out, kCountMismatch);
  }
  TakeData(cursor, type, out);
}

void ModifyRequest(base::ByteCursor& cursor, Transaction& out) {
  if (cursor.remaining() < 2) return;
  const std::size_t size = cursor.U16Le();
  if (size * 2 != cursor.remaining()) AddAnomaly(out, kCountMismatch);
  if (size > cursor.remaining()) return;
  AddHex(out, "or_mask", cursor.Take(size));
  AddHex(out, "and_mask", cursor.Take(std::min(size, cursor.remaining())));
}

void ListRequest(base::ByteCursor& cursor, Transaction& out) {
  if (cursor.remaining() < 2) return;
  const std::size_t count = cursor.U16Le();
  std::string attributes;
  for (std::size_t i = 0; i < count && cursor.remaining() >= 2; ++i) {
    if (attributes.size() < kMaxDetailBytes) {
      attributes += fmt::format("{}{}", attributes.empty() ? "" : " ", cursor.U16Le());
    }
  }
  AddDetail(out, "attributes", attributes);
}

// Each entry: instance 4, then the attributes asked for; names when 1 (name) is the first and 2
// (type) the second or none.
void ListResponse(base::ByteCursor& cursor, Transaction& out) {
  const std::string* const attributes = FindDetail(out, "attributes");
  if (attributes == nullptr || (*attributes != "1" && *attributes != "1 2")) {
    return AddHex(out, "data", cursor.rest());
  }
  const bool with_type = *attributes == "1 2";
  std::string names;
  std::uint64_t count = 0;
  while (cursor.remaining() >= 6) {
    cursor.Skip(4);
    const base::Bytes name = cursor.Take(cursor.U16Le());
    if (with_type) cursor.Skip(2);
    if (cursor.failed()) break;
    ++count;
    if (names.size() >= kMaxDetailBytes) continue;
    if (!names.empty()) names += ' ';
    names += base::AsText(name);
  }
  out.quantity = count;
  AddDetail(out, "tags", names);
}

}  // namespace

void TagRequest(std::uint8_t service, base::Bytes data, Transaction& out) {
  base::ByteCursor cursor(data);
  switch (service) {
    case kReadTag:
    case kReadTagFragmented:
      if (cursor.remaining() >= 2) out.quantity = cursor.U16Le();
      if (service == kReadTagFragmented && cursor.remaining() >= 4) {
        AddNumber(out, "offset", cursor.U32Le());
      }
      return;
    case kWriteTag:
    case kWriteTagFragmented:
      return WriteRequest(cursor, service == kWriteTagFragmented, out);
    case kReadModifyWriteTag:
      return ModifyRequest(cursor, out);
    case kGetInstanceAttributeList:
      return ListRequest(cursor, out);
    default:
      return AddHex(out, "data", data);
  }
}

void TagResponse(std::uint8_t service, base::Bytes data, Transaction& out) {
  base::ByteCursor cursor(data);
  if (service == kReadTag || service == kReadTagFragmented) {
    const Type* const type = TakeType(cursor, out);
    TakeData(cursor, type, out);
  } else if (service == kGetInstanceAttributeList) {
    ListResponse(cursor, out);
  }
}

}  // namespace tapiary::capture::cip
