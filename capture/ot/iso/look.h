// What lives on a connection, told by its first message.
//
// Shared by the decoder and the recognisers of all rows. Strict, since RDP, H.323 and others use
// the same framing: a message is claimed only when its own lengths add up. Pure; any thread.
#pragma once

#include "capture/ot/iso/user.h"
#include "capture/ot/recognise.h"

namespace tapiary::capture::iso {

struct MessageLook {
  User user = User::kNone;
  bool request = true;  // could be one; both: the bytes do not tell
  bool response = true;
};
// `bytes` is the begin of a message of `size` bytes; SIZE_MAX: not known.
MessageLook UserOfMessage(base::Bytes bytes, std::size_t size);

// The first TPDUs of one side.
struct StreamLook {
  OtLook look;
  User user = User::kNone;  // kConnection: a set-up and no message yet
};
StreamLook LookAtStream(base::Bytes bytes, bool cut);

}  // namespace tapiary::capture::iso
