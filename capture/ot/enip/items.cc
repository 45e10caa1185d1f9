#include "capture/ot/enip/items.h"

#include <algorithm>

namespace tapiary::capture::enip {
namespace {

constexpr std::size_t kMaxPlausible = 16;

bool IsKnownType(std::uint16_t type) {
  switch (type) {
    case kNullItem:
    case kIdentityItem:
    case 0x0085:
    case 0x0086:  // CIP security
    case 0x0091:
    case kConnectedAddressItem:
    case kConnectedDataItem:
    case kUnconnectedDataItem:
    case kServicesItem:
    case kSocketOToTItem:
    case kSocketTToOItem:
    case kSequencedAddressItem:
    case 0x8003:
      return true;
    default:
      return false;
  }
}

}  // namespace

const Item* ItemList::Find(std::uint16_t type) const {
  for (std::size_t i = 0; i < count; ++i) {
    if (items[i].type == type) return &items[i];
  }
  return nullptr;
}

ItemList ReadItems(base::Bytes bytes) {
  ItemList list;
  base::ByteCursor cursor(bytes);
  const std::size_t claimed = cursor.U16Le();
  if (cursor.failed()) return list;
  list.plausible = claimed <= kMaxPlausible;
  std::size_t seen = 0;
  for (; seen < claimed && cursor.remaining() >= 4; ++seen) {
    Item item;
    item.type = cursor.U16Le();
    const std::size_t length = cursor.U16Le();
    list.plausible = list.plausible && IsKnownType(item.type);
    const bool whole = length <= cursor.remaining();
    item.data = cursor.Take(std::min(length, cursor.remaining()));
    if (list.count < ItemList::kMaxItems) list.items[list.count++] = item;
    if (!whole) return list;
  }
  list.complete = seen == claimed;
  list.trailing = cursor.remaining();
  return list;
}

}  // namespace tapiary::capture::enip
