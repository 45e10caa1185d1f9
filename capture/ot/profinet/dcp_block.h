// One block of a DCP message to details of a transaction (IEC 61158-6-10 clause 4.3). Pure; any
// thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/byte_cursor.h"
#include "capture/records.h"

namespace tapiary::capture::profinet {

// "ip_parameter"; empty when not known.
std::string_view DcpOptionName(std::uint8_t option, std::uint8_t suboption);
// `data`: behind block info or qualifier.
void DecodeDcpBlock(std::uint8_t option, std::uint8_t suboption, base::Bytes data,
                    Transaction& out);

}  // namespace tapiary::capture::profinet
