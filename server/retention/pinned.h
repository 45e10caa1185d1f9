// Retention's one place for what a legal hold keeps (table `pins`, server/evidence/pins.h): rows of
// the kind that a pin touches are never removed. Pure; any thread.
#pragma once

#include "server/retention/policy.h"

namespace tapiary::server {

// A condition on the kind's row r that is true when no pin holds it.
const char* NotPinned(DataKind kind);

}  // namespace tapiary::server
