// Dnp3Decoder: link frames, fragments and transactions of one DNP3 flow.
//
// Requests and responses are paired by master, outstation and application sequence, link services
// by their addresses. What is a request is told by the function, not by the end that sent it: both
// ends may use port 20000, and an outstation may open the connection (OT-09). One thread.
#pragma once

#include "capture/ot/dnp3/transport.h"
#include "capture/ot/framed_decoder.h"

namespace tapiary::capture::dnp3 {

class Dnp3Decoder final : public FramedDecoder, private FragmentSink {
 public:
  Dnp3Decoder();
  [[nodiscard]] std::size_t held_bytes() const override;
  bool GiveUpOldest(OtOutput& output) override;

 private:
  void OnMessage(bool from_client, const Pdu& pdu) override;
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) override;
  void OnLoss(bool from_client) override;
  void OnFinish() override;
  void OnFragment(const Fragment& fragment, std::int64_t first_ns, std::int64_t last_ns) override;
  void OnTransportFault(std::string_view anomaly) override { OnFault(anomaly); }

  void CountFrame(const LinkHeader& header);
  void OnLinkService(const LinkHeader& header, bool from_client, const Pdu& pdu);
  bool TakesAck(const LinkHeader& header, bool from_client);
  void Ask(std::uint64_t key, std::uint32_t kind, const Fragment& fragment, std::int64_t time_ns);
  void Answer(std::uint64_t key, std::uint32_t kind, const Fragment& fragment,
              std::int64_t first_ns, std::int64_t last_ns);
  void EmitAlone(const Fragment& fragment, std::int64_t time_ns);

  static constexpr std::size_t kAckWaits = 8;
  struct AckWait {  // confirmed user data whose link acknowledgement is to come
    std::uint32_t count = 0;
    std::uint16_t source = 0, destination = 0;
  };
  Transport transport_;
  AckWait ack_waits_[2][kAckWaits];
  std::size_t next_wait_ = 0;
};

}  // namespace tapiary::capture::dnp3
