// The identity of a device: vendor, type, product, revision, serial number, name, state.
//
// One layout, in the Identity object (class 1, Get Attributes All) and in the ListIdentity item of
// EtherNet/IP. Source: CIP Networks Library volume 1, section 5A-2. Pure; any thread.
#pragma once

#include "base/byte_cursor.h"
#include "capture/records.h"

namespace tapiary::capture::cip {

struct Identity {
  std::uint16_t vendor = 0;
  std::uint16_t device_type = 0;
  std::uint16_t product_code = 0;
  std::uint8_t major = 0;
  std::uint8_t minor = 0;
  std::uint16_t status = 0;
  std::uint32_t serial = 0;
  base::Bytes name;  // views the bytes read
  bool bad = false;  // cut
};

// Leaves the cursor behind the name.
Identity TakeIdentity(base::ByteCursor& cursor);
void IdentityDetails(const Identity& identity, Transaction& out);
// "rockwell_automation"; empty for vendors that are not in the short list of usual ones.
std::string_view VendorName(std::uint16_t vendor);

}  // namespace tapiary::capture::cip
