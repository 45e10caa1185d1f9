// Names of MMS services, object classes and errors (ISO 9506-2). Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace tapiary::capture::mms {

std::string_view ServiceName(std::uint32_t tag);      // "get_name_list", or "unknown_service"
std::string_view UnconfirmedName(std::uint32_t tag);  // "information_report", ...
std::string_view ObjectClassName(std::int64_t number);
std::string_view AccessErrorName(std::int64_t number);  // DataAccessError
std::string_view ErrorClassName(std::uint32_t number);  // of ServiceError

}  // namespace tapiary::capture::mms
