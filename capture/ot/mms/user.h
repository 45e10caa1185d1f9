// MmsUser: the MMS messages of one connection as transactions.
//
// Association with initiate is one `initiate` transaction; confirmed services are paired by invoke
// id and asking end; reports and other unconfirmed PDUs are transactions each. One thread.
#pragma once

#include "capture/ot/iso/user.h"

namespace tapiary::capture::mms {

class MmsUser {
 public:
  void OnTsdu(const iso::Call& call, const iso::Tsdu& tsdu);
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) const;

 private:
  bool concluding_[2] = {false, false};  // the server, the client waits for the end
};

}  // namespace tapiary::capture::mms
