// Variables of S7comm read and write jobs: addresses and values.
//
// An item is 0x12, length, syntax and what that wants: 0x10 (any pointer) area, DB and bit address,
// 0xb0 a list of DB ranges, 0xb2 a symbolic address of S7-1200. A data item is return code,
// transport size, length in bits or bytes, data, and a fill byte when another follows. Pure; any
// thread.
#pragma once

#include <array>
#include <cstdint>

#include "base/byte_cursor.h"
#include "capture/records.h"

namespace tapiary::capture::s7comm {

inline constexpr std::size_t kMaxItems = 255;
inline constexpr std::size_t kMaxShapes = 20;   // items whose values are decoded by type
inline constexpr std::size_t kMaxValues = 256;  // of one transaction

// The type of each item a job asked for, to read the answer's values.
struct Shapes {
  std::array<std::uint8_t, kMaxShapes> type{};
  std::size_t count = 0;
};

// The items of a job behind the function code. Sets address (byte), quantity (elements of all
// items), detail items and db; returns the area of the first.
int DecodeItems(base::Bytes parameter, Transaction& out, Shapes& shapes);
// Values of a write job or of the answer to a read.
void DecodeData(base::Bytes data, std::size_t count, const Shapes& shapes, bool answer,
                Transaction& out);
// The return codes of the answer to a write.
void DecodeReturnCodes(base::Bytes data, Transaction& out);

}  // namespace tapiary::capture::s7comm
