// IsoDecoder: everything on ISO transport over TCP (port 102), told apart by its first message.
//
// TPKT and COTP make messages; 0x32 is S7comm, 0x72 S7comm-plus, a session or a bare MMS PDU is
// MMS. A connection may speak both Siemens protocols. service() is what was found, "cotp" until
// then. TPDUs are counted by type. One thread.
#pragma once

#include "capture/ot/framed_decoder.h"
#include "capture/ot/iso/connection.h"
#include "capture/ot/iso/tsdu.h"
#include "capture/ot/mms/user.h"
#include "capture/ot/s7comm/user.h"
#include "capture/ot/s7plus/user.h"

namespace tapiary::capture::iso {

class IsoDecoder final : public FramedDecoder {
 public:
  IsoDecoder();
  [[nodiscard]] std::string_view service() const override { return service_; }
  [[nodiscard]] std::size_t held_bytes() const override;
  bool GiveUpOldest(OtOutput& output) override;

 private:
  void OnMessage(bool from_client, const Pdu& pdu) override;
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) override;
  void OnLoss(bool from_client) override;
  void OnTsdu(const Call& call, const Tsdu& tsdu);
  void Found(std::string_view service, bool strong);

  TsduBuilder messages_[2];  // client's, server's
  bool lost_[2] = {false, false};
  Connection connection_;
  s7comm::S7User s7_;
  s7plus::S7PlusUser s7plus_;
  mms::MmsUser mms_;
  std::string_view service_ = "cotp";
};

std::unique_ptr<OtDecoder> MakeIsoDecoder();

}  // namespace tapiary::capture::iso
