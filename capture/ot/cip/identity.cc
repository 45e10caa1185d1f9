#include "capture/ot/cip/identity.h"

#include <fmt/format.h>

#include "base/text.h"
#include "capture/ot/detail.h"

namespace tapiary::capture::cip {

Identity TakeIdentity(base::ByteCursor& cursor) {
  Identity identity;
  identity.vendor = cursor.U16Le();
  identity.device_type = cursor.U16Le();
  identity.product_code = cursor.U16Le();
  identity.major = cursor.U8();
  identity.minor = cursor.U8();
  identity.status = cursor.U16Le();
  identity.serial = cursor.U32Le();
  identity.bad = cursor.failed();
  if (identity.bad) return identity;
  const std::size_t size = cursor.U8();
  identity.bad = cursor.failed() || size > cursor.remaining();
  identity.name = cursor.Take(std::min(size, cursor.remaining()));
  return identity;
}

void IdentityDetails(const Identity& identity, Transaction& out) {
  if (identity.bad && identity.name.empty()) return AddAnomaly(out, "cip-identity");
  AddNumber(out, "vendor", identity.vendor);
  const std::string_view vendor = VendorName(identity.vendor);
  if (!vendor.empty()) AddDetail(out, "vendor_name", vendor);
  AddNumber(out, "device_type", identity.device_type);
  AddNumber(out, "product_code", identity.product_code);
  AddDetail(out, "revision", fmt::format("{}.{}", identity.major, identity.minor));
  AddDetail(out, "device_status", fmt::format("0x{:04x}", identity.status));
  AddDetail(out, "serial", fmt::format("0x{:08x}", identity.serial));
  AddDetail(out, "product_name", base::AsText(identity.name));
  if (identity.bad) AddAnomaly(out, "cip-identity");
}

std::string_view VendorName(std::uint16_t vendor) {
  switch (vendor) {
    case 1:
      return "rockwell_automation";
    case 5:
      return "rockwell_reliance";
    case 26:
      return "festo";
    case 40:
      return "wago";
    case 44:
      return "yaskawa";
    case 47:
      return "omron";
    case 48:
      return "turck";
    case 57:
      return "sew_eurodrive";
    case 90:
      return "hms_industrial_networks";
    case 161:
      return "mitsubishi_electric";
    case 243:
      return "schneider_electric";
    case 283:
      return "hilscher";
    case 562:
      return "phoenix_contact";
    case 808:
      return "sick";
    default:
      return {};
  }
}

}  // namespace tapiary::capture::cip
