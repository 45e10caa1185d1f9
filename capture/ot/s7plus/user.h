// S7PlusUser: the S7comm-plus messages of one connection as transactions.
//
// Requests and responses are paired by sequence number; notifications (cyclic) and system events
// are counted. A PDU in several fragments is told by the first; the rest is counted. One thread.
#pragma once

#include "capture/ot/iso/user.h"

namespace tapiary::capture::s7plus {

class S7PlusUser {
 public:
  // False when the message is no S7comm-plus.
  bool OnTsdu(const iso::Call& call, const iso::Tsdu& tsdu);
  static void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out);
  void OnLoss(bool from_client) { continues_[from_client ? 0 : 1] = false; }

 private:
  bool continues_[2] = {false, false};  // another fragment follows; client's, server's
};

}  // namespace tapiary::capture::s7plus
