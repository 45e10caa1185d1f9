// BacnetDecoder: requests and replies of one BACnet flow, paired.
//
// Datagrams and LLC frames only. Paired by invoke id and the addresses of the network layer; either
// end may ask, so each request has its own direction. Segments are put together first. Unconfirmed
// services, network messages and BVLC messages nobody answers are transactions of their own. One
// thread.
#pragma once

#include "capture/ot/bacnet/apdu.h"
#include "capture/ot/bacnet/network.h"
#include "capture/ot/bacnet/segments.h"
#include "capture/ot/decoder.h"
#include "capture/ot/exchange.h"

namespace tapiary::capture::bacnet {

class BacnetDecoder final : public OtDecoder, private Exchange::Handler {
 public:
  BacnetDecoder();
  void OnBytes(bool, base::Bytes, std::int64_t, OtOutput&) override {}
  void OnGap(bool, std::uint32_t, bool, OtOutput&) override {}
  void OnDatagram(bool from_client, base::Bytes bytes, bool cut, std::int64_t time_ns,
                  OtOutput& out) override;
  void Expire(std::int64_t now_ns, OtOutput& out) override;
  [[nodiscard]] std::int64_t next_due_ns() const override;
  void Finish(OtOutput& out) override;
  [[nodiscard]] std::size_t held_bytes() const override;
  bool GiveUpOldest(OtOutput& out) override;

 private:
  // One datagram on its way up.
  struct Packet {
    bool from_client = false;
    bool cut = false;
    std::int64_t first_ns = 0, last_ns = 0;
    base::Bytes whole;  // from the NPDU on
    Bvlc bvlc;
    Npdu npdu;
    Apdu apdu;
  };
  void OnBvlc(const Packet& packet, OtOutput& out);
  void OnNetworkMessage(const Packet& packet, OtOutput& out);
  void OnApdu(Packet& packet, OtOutput& out);
  void OnSegment(const Packet& packet, OtOutput& out);
  void OnAssembled(const Assembled& message, OtOutput& out);
  void OnWholeApdu(const Packet& packet, OtOutput& out);
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) override;
  Transaction Begin(const Packet& packet, std::string_view kind) const;

  Exchange exchange_;
  SegmentTable segments_;
};

}  // namespace tapiary::capture::bacnet
