#include "capture/ot/mms/register.h"

#include "capture/ot/iso/register.h"
#include "capture/ot/mms/techniques.h"

namespace tapiary::capture::mms {

const OtProtocol kProtocol = iso::RowOf<iso::User::kMms>("mms", Techniques());

}  // namespace tapiary::capture::mms
