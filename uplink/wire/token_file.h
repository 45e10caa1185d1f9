// The file with the token that a sensor, or a person, shows to the collector. Any thread.
#pragma once

#include <string>

#include "base/result.h"

namespace tapiary::uplink {

// The token, printable ASCII, without the line's end. kPermission when others than the file's owner
// can read it, kInvalid when it holds none (CO-08).
base::Result<std::string> ReadTokenFile(const std::string& path);

}  // namespace tapiary::uplink
