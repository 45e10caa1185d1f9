// COTP connection set-up and end as transactions: TSAPs, references, reasons.
//
// CR and its CC, DR or ER are one `connect`; a later DR is a `disconnect`, an ER a `tpdu_error`,
// both without answer in class 0. Sources: X.224 (13.3-13.5, 13.12); the meaning of two-byte TSAPs
// (connection type, rack and slot) is Siemens's, from public captures. One thread.
#pragma once

#include "capture/ot/iso/user.h"

namespace tapiary::capture::iso {

// What a variable part of CR or CC must look like to be one of ours: known parameters that fit, and
// for `strong` a TSAP. RDP's requests have none.
struct ConnectLook {
  bool possible = false;
  bool strong = false;
};
ConnectLook LookAtConnect(const Tpdu& tpdu);

class Connection {
 public:
  // CR, CC, DR, DC or ER.
  void OnTpdu(const Call& call, const Tpdu& tpdu, const Pdu& pdu);
  static void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out);

 private:
  void OnRequest(const Call& call, const Tpdu& tpdu, const Pdu& pdu);
  bool TakeOpen(bool asked_by_client, std::optional<std::uint16_t> reference);

  // The client's and the server's CR that nobody answered yet.
  std::optional<std::uint16_t> open_[2];
};

}  // namespace tapiary::capture::iso
