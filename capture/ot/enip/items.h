// The item list ("common packet format") of an EtherNet/IP message.
//
// Count 2, then for each item type 2, length 2, data (LE). Never more than eight are kept; the rest
// is walked over. Source: CIP Networks Library volume 2, section 2-6. Views into the bytes given;
// pure; any thread.
#pragma once

#include <array>
#include <cstdint>

#include "base/byte_cursor.h"

namespace tapiary::capture::enip {

inline constexpr std::size_t kDataHeaderSize = 6;  // interface handle 4, timeout 2

enum ItemType : std::uint16_t {
  kNullItem = 0x0000,
  kIdentityItem = 0x000c,
  kConnectedAddressItem = 0x00a1,
  kConnectedDataItem = 0x00b1,
  kUnconnectedDataItem = 0x00b2,
  kServicesItem = 0x0100,
  kSocketOToTItem = 0x8000,
  kSocketTToOItem = 0x8001,
  kSequencedAddressItem = 0x8002,
};

struct Item {
  std::uint16_t type = 0;
  base::Bytes data;  // as far as it is there
};
struct ItemList {
  static constexpr std::size_t kMaxItems = 8;
  std::array<Item, kMaxItems> items;
  std::size_t count = 0;     // in `items`
  std::size_t trailing = 0;  // bytes behind the last item
  bool complete = false;     // all items that the count claims are there, whole
  bool plausible = true;     // a small count and known types, as far as they are there
  // nullptr when there is none.
  [[nodiscard]] const Item* Find(std::uint16_t type) const;
};

ItemList ReadItems(base::Bytes bytes);

}  // namespace tapiary::capture::enip
