#include "capture/ot/s7comm/register.h"

#include "capture/ot/iso/register.h"
#include "capture/ot/s7comm/techniques.h"

namespace tapiary::capture::s7comm {

const OtProtocol kProtocol = iso::RowOf<iso::User::kS7>("s7comm", Techniques());

}  // namespace tapiary::capture::s7comm
