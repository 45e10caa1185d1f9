#include "capture/ot/s7plus/register.h"

#include "capture/ot/iso/register.h"
#include "capture/ot/s7plus/techniques.h"

namespace tapiary::capture::s7plus {

const OtProtocol kProtocol = iso::RowOf<iso::User::kS7Plus>("s7comm-plus", Techniques());

}  // namespace tapiary::capture::s7plus
