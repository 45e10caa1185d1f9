// A JSON string's meaning: its escapes resolved, as bytes. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tapiary::server {

// Reads a string from behind its opening quote; *at is then behind the closing one. A surrogate
// that stands alone gives its three bytes, which are no UTF-8. kInvalid names the offset.
base::Result<std::string> ReadJsonString(std::string_view text, std::size_t* at);

}  // namespace tapiary::server
