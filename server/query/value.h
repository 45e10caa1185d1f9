// Values of the filter language: from text to the form that is compared. Pure; any thread.
#pragma once

#include <string_view>

#include "base/result.h"
#include "capture/records.h"
#include "server/query/filter.h"

namespace tapiary::server {

// kInvalid with a message that names the value, when it is none of the field's type.
base::Result<FilterValue> ParseFilterValue(const FilterField& field, std::string_view text,
                                           std::int64_t now_ns);
// Makes *value the range from itself to `end`. False when the type has no order or end < start.
bool JoinRange(const FilterField& field, const FilterValue& end, FilterValue* value);
// The catalog's form of an address; 16 zero bytes for none.
AddressKey ToAddressKey(const capture::IpAddress& address);
// And back; no address when it is not 16 bytes.
capture::IpAddress FromAddressKey(base::Bytes key);

}  // namespace tapiary::server
