#include "capture/ot/s7comm/items.h"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "capture/ot/detail.h"
#include "capture/ot/s7comm/names.h"

namespace tapiary::capture::s7comm {
namespace {

constexpr std::uint8_t kBool = 1;
constexpr std::uint8_t kReal = 8;
constexpr std::uint8_t kAreaDb = 0x84;

struct Type {
  std::string_view name;
  std::uint8_t size = 1;  // bytes of an element
  bool is_signed = false;
};

Type TypeOf(std::uint8_t type) {
  switch (type) {
    case kBool:
      return {"BOOL"};
    case 2:
      return {"BYTE"};
    case 3:
      return {"CHAR"};
    case 4:
      return {"WORD", 2};
    case 5:
      return {"INT", 2, true};
    case 6:
      return {"DWORD", 4};
    case 7:
      return {"DINT", 4, true};
    case kReal:
      return {"REAL", 4};
    case 9:
      return {"DATE", 2};
    case 10:
      return {"TOD", 4};
    case 11:
      return {"TIME", 4, true};
    case 12:
      return {"S5TIME", 2};
    case 15:
      return {"DT", 8};
    case 28:
      return {"COUNTER", 2};
    case 29:
      return {"TIMER", 2};
    default:
      return {"TYPE"};
  }
}

std::string_view AreaName(std::uint8_t area) {
  switch (area) {
    case 0x03:
      return "SI";
    case 0x05:
      return "SF";
    case 0x06:
      return "AI";
    case 0x07:
      return "AQ";
    case 0x1c:
      return "C";
    case 0x1d:
      return "T";
    case 0x80:
      return "P";
    case 0x81:
      return "I";
    case 0x82:
      return "Q";
    case 0x83:
      return "M";
    case kAreaDb:
      return "DB";
    case 0x85:
      return "DI";
    case 0x86:
      return "L";
    case 0x87:
      return "V";
    default:
      return {};
  }
}

// One job's items as they are collected.
struct Items {
  std::string text;
  std::optional<std::uint64_t> address;
  std::uint64_t elements = 0;
  int area = -1;
  std::optional<std::uint16_t> db;
};

void AddText(Items& items, std::string_view text) {
  if (items.text.size() >= kMaxDetailBytes) return;
  if (!items.text.empty()) items.text += ", ";
  items.text += text;
}

void AnyPointer(base::ByteCursor& item, Items& items, Shapes& shapes) {
  const std::uint8_t type = item.U8();
  const std::uint16_t count = item.U16Be();
  const std::uint16_t db = item.U16Be();
  const std::uint8_t area = item.U8();
  const std::uint32_t address = item.U24Be();
  if (shapes.count < kMaxShapes) shapes.type[shapes.count] = type;
  const bool numbered = area == 0x1c || area == 0x1d;  // counters and timers: no bits
  if (!items.address) items.address = numbered ? address : address >> 3;
  if (items.area < 0) items.area = area;
  const bool in_db = area == kAreaDb || area == 0x85;
  if (in_db && !items.db) items.db = db;
  items.elements += count;
  const std::string_view name = AreaName(area);
  std::string text = name.empty() ? fmt::format("area_{}", area) : std::string(name);
  if (in_db) text += fmt::format("{}.", db);
  text += numbered ? fmt::format("{}", address) : fmt::format("{}.{}", address >> 3, address & 7);
  AddText(items, fmt::format("{} {}*{}", text, TypeOf(type).name, count));
}

void DbRanges(base::ByteCursor& item, Items& items) {
  const std::size_t count = item.U8();
  for (std::size_t i = 0; i < count && item.remaining() >= 5; ++i) {
    const std::uint8_t bytes = item.U8();
    const std::uint16_t db = item.U16Be();
    const std::uint16_t address = item.U16Be();
    if (!items.address) items.address = address;
    if (items.area < 0) items.area = kAreaDb;
    if (!items.db) items.db = db;
    items.elements += bytes;
    AddText(items, fmt::format("DB{}.{}.0 BYTE*{}", db, address, bytes));
  }
}

void OneItem(base::ByteCursor& item, Items& items, Shapes& shapes) {
  const std::uint8_t syntax = item.U8();
  if (syntax == 0x10 && item.remaining() >= 9) {
    AnyPointer(item, items, shapes);
  } else if (syntax == 0xb0 && item.remaining() >= 1) {
    DbRanges(item, items);
  } else {
    const std::string_view name = syntax == 0xb2 ? "symbol" : "syntax";
    AddText(items, fmt::format("{}_{} {}", name, syntax, HexOf(item.rest())));
  }
}

// Length in bits for bit, byte and integer access, in bytes for the others.
std::size_t DataBytes(std::uint8_t transport, std::size_t length) {
  const bool bits = transport >= 3 && transport <= 5;
  return bits ? (length + 7) / 8 : length;
}

std::int64_t Element(base::ByteCursor& cursor, const Type& type) {
  switch (type.size) {
    case 2: {
      const std::uint16_t value = cursor.U16Be();
      return type.is_signed ? static_cast<std::int16_t>(value) : std::int64_t{value};
    }
    case 4: {
      const std::uint32_t value = cursor.U32Be();
      return type.is_signed ? static_cast<std::int32_t>(value) : std::int64_t{value};
    }
    case 8:
      return static_cast<std::int64_t>(cursor.U64Be());
    default:
      return cursor.U8();
  }
}

void TakeValues(base::Bytes data, std::uint8_t type, std::string& reals, Transaction& out) {
  const Type shape = TypeOf(type);
  base::ByteCursor cursor(data);
  while (cursor.remaining() >= shape.size && out.values.size() < kMaxValues) {
    if (type == kReal) {
      if (reals.size() >= kMaxDetailBytes) return;
      const float value = std::bit_cast<float>(cursor.U32Be());
      reals += fmt::format("{}{}", reals.empty() ? "" : " ", value);
    } else {
      const std::int64_t value = Element(cursor, shape);
      out.values.push_back(type == kBool ? value & 1 : value);
    }
  }
}

// One list of return codes, shown when something failed.
class Codes {
 public:
  void Add(std::uint8_t code) {
    if (code != 0xff && !failed_) failed_ = code;
    if (text_.size() < kMaxDetailBytes) {
      text_ += fmt::format("{}{}", text_.empty() ? "" : " ", code);
    }
  }
  void Tell(Transaction& out) const {
    if (!failed_) return;
    AddDetail(out, "return_codes", text_);
    if (!ReturnCodeName(*failed_).empty()) {
      AddDetail(out, "error", std::string(ReturnCodeName(*failed_)));
    }
    if (out.exception) return;  // the header's error counts more
    out.exception = *failed_;
    out.status = TransactionStatus::kException;
  }

 private:
  std::optional<std::uint8_t> failed_;
  std::string text_;
};

}  // namespace

int DecodeItems(base::Bytes parameter, Transaction& out, Shapes& shapes) {
  base::ByteCursor cursor(parameter);
  const std::size_t count = cursor.U8();
  Items items;
  std::size_t found = 0;
  for (; found < count && cursor.remaining() >= 3; ++found) {
    if (cursor.U8() != 0x12) break;
    const std::size_t length = cursor.U8();
    if (length == 0 || length > cursor.remaining()) break;
    base::ByteCursor item(cursor.Take(length));
    OneItem(item, items, shapes);
    if (shapes.count < kMaxShapes) ++shapes.count;
    // Items begin at even offsets.
    if (length % 2 != 0 && cursor.remaining() != 0) cursor.Skip(1);
  }
  if (found != count) AddAnomaly(out, "s7comm-item-count");
  out.address = items.address;
  out.quantity = items.elements;
  if (items.db) AddNumber(out, "db", *items.db);
  if (count != 1) AddNumber(out, "item_count", count);
  if (!items.text.empty()) AddDetail(out, "items", items.text);
  return items.area;
}

void DecodeData(base::Bytes data, std::size_t count, const Shapes& shapes, bool answer,
                Transaction& out) {
  base::ByteCursor cursor(data);
  Codes codes;
  std::string reals;
  std::size_t found = 0;
  for (; found < count && cursor.remaining() >= 4; ++found) {
    const std::uint8_t code = cursor.U8();
    const std::uint8_t transport = cursor.U8();
    const std::size_t length = cursor.U16Be();
    // What failed has no data, whatever length it gives.
    const std::size_t bytes = answer && code != 0xff ? 0 : DataBytes(transport, length);
    if (answer) codes.Add(code);
    if (bytes > cursor.remaining()) break;
    const base::Bytes value = cursor.Take(bytes);
    if (bytes % 2 != 0 && cursor.remaining() != 0) cursor.Skip(1);
    std::uint8_t type = found < shapes.count ? shapes.type[found] : std::uint8_t{2};
    if (transport == 3) type = kBool;
    if (!answer || code == 0xff) TakeValues(value, type, reals, out);
  }
  if (found != count) AddAnomaly(out, "s7comm-data-length");
  if (!reals.empty()) AddDetail(out, "real_values", reals);
  codes.Tell(out);
}

void DecodeReturnCodes(base::Bytes data, Transaction& out) {
  Codes codes;
  for (const std::uint8_t code : data.first(std::min(data.size(), kMaxItems))) codes.Add(code);
  codes.Tell(out);
}

}  // namespace tapiary::capture::s7comm
