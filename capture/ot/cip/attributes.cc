#include "capture/ot/cip/attributes.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "base/text.h"
#include "capture/ot/cip/identity.h"
#include "capture/ot/detail.h"

namespace tapiary::capture::cip {
namespace {

std::string Address(std::uint32_t address) {
  return fmt::format("{}.{}.{}.{}", address >> 24, (address >> 16) & 0xff, (address >> 8) & 0xff,
                     address & 0xff);
}

// Attribute 5 of the TCP/IP Interface object. Addresses are numbers, so low byte first.
void InterfaceConfiguration(base::Bytes data, Transaction& out) {
  constexpr std::string_view kKeys[] = {"ip", "netmask", "gateway", "name_server", "name_server_2"};
  base::ByteCursor cursor(data);
  for (const std::string_view key : kKeys) {
    if (cursor.remaining() >= 4) AddDetail(out, key, Address(cursor.U32Le()));
  }
  const std::size_t size = cursor.U16Le();
  const base::Bytes domain = cursor.Take(std::min(size, cursor.remaining()));
  if (!domain.empty()) AddDetail(out, "domain", base::AsText(domain));
}

void ShortString(base::Bytes data, std::string_view key, std::size_t prefix, Transaction& out) {
  base::ByteCursor cursor(data);
  const std::size_t size = prefix == 2 ? cursor.U16Le() : cursor.U8();
  AddDetail(out, key, base::AsText(cursor.Take(std::min(size, cursor.remaining()))));
}

// One attribute's value: named when it is a known one, a number when it has the size of one.
void Value(const Target& target, std::uint32_t attribute, base::Bytes data, std::string_view key,
           Transaction& out) {
  if (target.class_id == kTcpIpClass && attribute == 5) return InterfaceConfiguration(data, out);
  if (target.class_id == kTcpIpClass && attribute == 6) {
    return ShortString(data, "host_name", 2, out);
  }
  if (target.class_id == kIdentityClass && attribute == 7) {
    return ShortString(data, "product_name", 1, out);
  }
  base::ByteCursor cursor(data);
  const std::size_t size = data.size();
  if (target.class_id == kWallClockClass && size == 8) {
    return AddNumber(out, "time_us", cursor.U64Le());
  }
  if (size == 1 || size == 2 || size == 4) {
    out.values.push_back(size == 1   ? cursor.U8()
                         : size == 2 ? cursor.U16Le()
                                     : static_cast<std::int64_t>(cursor.U32Le()));
    return;
  }
  AddHex(out, key, data);
}

void ListRequest(base::ByteCursor& cursor, Transaction& out) {
  if (cursor.remaining() < 2) return;
  const std::size_t count = cursor.U16Le();
  if (count * 2 != cursor.remaining()) AddAnomaly(out, "cip-count-mismatch");
  std::string attributes;
  while (cursor.remaining() >= 2 && attributes.size() < kMaxDetailBytes) {
    attributes += fmt::format("{}{}", attributes.empty() ? "" : " ", cursor.U16Le());
  }
  AddDetail(out, "attributes", attributes);
}

// The sizes of the values are those of the class: only a list of one can be taken apart.
void SetListRequest(base::ByteCursor& cursor, const Target& target, Transaction& out) {
  if (cursor.remaining() < 4) return;
  const std::uint32_t count = cursor.U16Le();
  AddNumber(out, "attribute_count", count);
  if (count != 1) return AddHex(out, "data", cursor.rest());
  const std::uint32_t attribute = cursor.U16Le();
  AddNumber(out, "attribute", attribute);
  Value(target, attribute, cursor.rest(), "data", out);
}

// As above: count, attribute, status, value.
void ListResponse(const Target& target, base::Bytes data, Transaction& out) {
  base::ByteCursor cursor(data);
  const std::uint32_t count = cursor.U16Le();
  const std::uint32_t attribute = cursor.U16Le();
  const std::uint16_t status = cursor.U16Le();
  if (cursor.failed() || count != 1 || status != 0 || cursor.remaining() == 0) {
    return AddHex(out, "response_data", data);
  }
  if (FindDetail(out, "attribute") == nullptr) AddNumber(out, "attribute", attribute);
  Value(target, attribute, cursor.rest(), "response_data", out);
}

void AllResponse(const Target& target, base::Bytes data, Transaction& out) {
  if (target.class_id == kIdentityClass && data.size() >= 15) {
    base::ByteCursor cursor(data);
    return IdentityDetails(TakeIdentity(cursor), out);
  }
  AddHex(out, "response_data", data);
}

}  // namespace

void AttributeRequest(std::uint8_t service, const Target& target, base::Bytes data,
                      Transaction& out) {
  base::ByteCursor cursor(data);
  switch (service) {
    case kGetAttributeList:
      return ListRequest(cursor, out);
    case kSetAttributeList:
      return SetListRequest(cursor, target, out);
    case kSetAttributeSingle:
      return Value(target, FindNumber(out, "attribute").value_or(0), data, "data", out);
    default:
      return AddHex(out, "data", data);
  }
}

void AttributeResponse(std::uint8_t service, const Target& target, base::Bytes data,
                       Transaction& out) {
  switch (service) {
    case kGetAttributesAll:
      return AllResponse(target, data, out);
    case kGetAttributeList:
      return ListResponse(target, data, out);
    case kGetAttributeSingle:
      return Value(target, FindNumber(out, "attribute").value_or(0), data, "response_data", out);
    default:
      return AddHex(out, "response_data", data);
  }
}

}  // namespace tapiary::capture::cip
