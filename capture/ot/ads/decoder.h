// AdsDecoder: ADS commands of one AMS/TCP connection, or the router's datagrams of one UDP flow.
//
// Paired by invoke id, command and the asker's AMS port. Either end of a connection may ask, since
// it joins two routers; what the TCP server asked says so. Notifications are counted. One thread.
#pragma once

#include "capture/ot/ads/frame.h"
#include "capture/ot/framed_decoder.h"

namespace tapiary::capture::ads {

class AdsDecoder final : public FramedDecoder {
 public:
  AdsDecoder();

 private:
  void OnMessage(bool from_client, const Pdu& pdu) override;
  PduFront DatagramFront(bool from_client, base::Bytes bytes) override;
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) override;
  void OnDiscovery(const Pdu& pdu);
  void OnRequest(bool from_client, const Frame& frame, const Pdu& pdu);
  void Answer(std::uint64_t key, std::uint32_t kind, const Pdu& pdu);
};

}  // namespace tapiary::capture::ads
