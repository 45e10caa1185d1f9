// EnipDecoder: encapsulation commands and CIP messages of one EtherNet/IP flow, paired.
//
// Commands and unconnected messages pair by session and sender context, connected ones by
// connection and sequence count, messages inside a Multiple Service Packet by their place in it
// too. What connected data is, Forward Opens say; where none was seen, its form. One thread.
#pragma once

#include <array>
#include <vector>

#include "capture/ot/cip/walk.h"
#include "capture/ot/enip/connections.h"
#include "capture/ot/enip/framing.h"
#include "capture/ot/framed_decoder.h"

namespace tapiary::capture::enip {

class EnipDecoder final : public FramedDecoder {
 public:
  EnipDecoder();
  void OnDatagram(bool from_client, base::Bytes bytes, bool cut, std::int64_t time_ns,
                  OtOutput& out) override;

 private:
  // Where a CIP message came from.
  struct Carrier {
    const Header* header = nullptr;
    const Pdu* pdu = nullptr;
    bool from_client = false;
    bool connected = false;
    bool cut = false;  // the message's end is missing
    std::uint32_t connection_id = 0;
    std::uint16_t sequence = 0;
    std::uint64_t key = 0;
    std::optional<std::uint64_t> loose_key;
  };

  void OnMessage(bool from_client, const Pdu& pdu) override;
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) override;

  void OnCommand(bool from_client, const Header& header, base::Bytes body, const Pdu& pdu);
  void OnData(bool from_client, const Header& header, base::Bytes body, const Pdu& pdu);
  void OnConnected(Carrier& carrier, std::uint32_t connection_id, base::Bytes data);
  void OnCip(const Carrier& carrier, base::Bytes message);
  void OnCipRequest(const Carrier& carrier, base::Bytes message);
  void OnCipResponse(const Carrier& carrier, base::Bytes message);
  void NoteRequest(const cip::Part& part);
  void NoteResponse(base::Bytes message);
  void Answer(const Carrier& carrier, std::uint64_t key, base::Bytes message);
  void AnswerInner(const Carrier& carrier, std::uint64_t key, base::Bytes message);
  void Refused(bool from_client, const Header& header, const Pdu& pdu);

  // Multiple Service Packets asked for lately: when one is refused as a whole, so are its messages.
  struct Multiple {
    std::uint64_t key = 0;
    std::uint32_t count = 0;
  };

  bool datagram_ = false;
  Connections connections_;
  std::vector<cip::Part> parts_;
  std::array<Multiple, 16> multiples_{};
  std::size_t next_multiple_ = 0;
};

}  // namespace tapiary::capture::enip
