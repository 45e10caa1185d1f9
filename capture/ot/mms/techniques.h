// MMS services that matter to an analyst (ot/techniques.h). The code is the confirmed service's
// tag; the sub is, of a write, what its IEC 61850 functional constraint makes of it.
#pragma once

#include <span>
#include <string_view>

#include "capture/ot/techniques.h"

namespace tapiary::capture::mms {

enum WriteKind : std::int32_t {
  kWriteOther = 0,
  kWriteControl = 1,    // $CO$
  kWriteSetting = 2,    // $SP$, $SG$, $SE$, $CF$
  kWriteReporting = 3,  // $BR$, $RP$, $LG$, $GO$
};
WriteKind WriteKindOf(std::string_view item);

std::span<const TechniqueRow> Techniques();

}  // namespace tapiary::capture::mms
