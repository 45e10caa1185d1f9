// SlmpDecoder: requests and responses of one SLMP or MELSOFT flow.
//
// 4E and MELSOFT pair by serial number. A 3E response has nothing that tells its request: it takes
// the oldest request that it fits (by size; an error names its command), since devices answer in
// order. After a loss only the newest request is still waited for: clients of 3E send the next
// request when the answer, or their patience, has come to an end. One thread.
#pragma once

#include <deque>
#include <optional>

#include "capture/ot/framed_decoder.h"
#include "capture/ot/slmp/frame.h"

namespace tapiary::capture::slmp {

class SlmpDecoder final : public FramedDecoder {
 public:
  SlmpDecoder();

 private:
  struct Waiting {  // a 3E request
    std::uint64_t id = 0;
    std::uint16_t command = 0;
    std::uint16_t subcommand = 0;
    std::optional<std::size_t> size;  // of the response's data
    bool cut = false;
  };

  void OnMessage(bool from_client, const Pdu& pdu) override;
  PduFront DatagramFront(bool from_client, base::Bytes bytes) override;
  void OnLoss(bool from_client) override;
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) override;
  void OnRequest(const Frame& frame, const Pdu& pdu);
  void OnResponse(const Frame& frame, const Pdu& pdu);
  std::uint64_t KeyOfNext(const Frame& frame, const Transaction& request, bool cut);
  std::uint64_t KeyOfAnswered(const Frame& frame);

  std::deque<Waiting> waiting_;  // bounded
  std::uint64_t next_id_ = 0;
  bool datagrams_ = false;
};

}  // namespace tapiary::capture::slmp
