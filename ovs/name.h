// Names from files and command lines, checked before anything is called with them (field fault
// OV-08): no white space, no option, no shell or ovs-vsctl syntax, no over-long interface name.
#pragma once

#include <string_view>

#include "base/result.h"

namespace tapiary::ovs {

inline constexpr std::size_t kMaxInterfaceName = 15;  // Linux IFNAMSIZ - 1
inline constexpr std::size_t kMaxName = 63;

// Letters, digits, '_', '.', '-', the first one a letter or digit; 1..max_size. `what` begins the
// message: "port", "bridge". kInvalid otherwise.
base::Result<> CheckName(std::string_view what, std::string_view name, std::size_t max_size);

// As CheckName with kMaxInterfaceName; also refuses names that Open vSwitch or iproute2 keep
// for themselves ("all", "default", "ovs-netdev", ...).
base::Result<> CheckInterfaceName(std::string_view what, std::string_view name);

}  // namespace tapiary::ovs
