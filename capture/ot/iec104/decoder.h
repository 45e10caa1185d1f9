// Iec104Decoder: commands, reports and link control of one IEC 60870-5-104 connection.
//
// Activations are paired with their confirmations by type, common address and first object, and
// wait after that for their termination, at most ten seconds. Reports stand alone. Which end asks
// is told by the cause, not by the port. Jumps of the send sequence number are flagged: a frame is
// missing, or one was put in. One thread.
#pragma once

#include "capture/ot/framed_decoder.h"
#include "capture/ot/iec104/asdu.h"
#include "capture/ot/iec104/framing.h"
#include "capture/ot/pending.h"

namespace tapiary::capture::iec104 {

class Iec104Decoder final : public FramedDecoder {
 public:
  Iec104Decoder();
  [[nodiscard]] std::int64_t next_due_ns() const override;
  [[nodiscard]] std::size_t held_bytes() const override;
  bool GiveUpOldest(OtOutput& output) override;

 private:
  class Held;  // keeps confirmed commands back until their termination

  void OnMessage(bool from_client, const Pdu& pdu) override;
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) override;
  void OnLoss(bool from_client) override;
  void OnExpire(std::int64_t now_ns) override;
  void OnFinish() override;

  void OnIFrame(bool from_client, const Apci& apci, const Pdu& pdu);
  void OnUFrame(bool from_client, std::uint8_t control, const Pdu& pdu);
  void OnTermination(bool from_client, const Asdu& asdu, const Pdu& pdu);
  void EmitAlone(bool from_client, const Asdu& asdu, const Pdu& pdu);
  void Answer(std::uint64_t key, std::optional<std::uint64_t> loose_key, std::uint32_t kind,
              const Pdu& pdu);
  void CheckNumbers(bool from_client, const Apci& apci);

  struct Numbers {
    bool send_known = false;
    std::uint16_t send_next = 0;
  };
  Numbers numbers_[2];
  PendingTable confirmed_;
};

}  // namespace tapiary::capture::iec104
