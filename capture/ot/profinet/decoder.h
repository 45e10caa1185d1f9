// PnDecoder: what two stations say on EtherType 0x8892, DCP and RT alike.
//
// DCP requests are paired with responses by XID; a multicast Identify or Hello has its answers on
// the responders' own flows and is emitted without waiting for one. Cyclic frames are counted: one
// transaction when a frame id is first seen and when its data status changes, one summary a frame
// id and minute and at the end. At most kMaxStreams frame ids a flow. One thread.
#pragma once

#include <vector>

#include "capture/ot/exchange.h"
#include "capture/ot/layer2/frame_decoder.h"
#include "capture/ot/profinet/dcp.h"
#include "capture/ot/profinet/rt.h"

namespace tapiary::capture::profinet {

class PnDecoder final : public layer2::FrameDecoder, private Exchange::Handler {
 public:
  static constexpr std::size_t kMaxStreams = 64;

  PnDecoder();
  void OnDatagram(bool from_client, base::Bytes bytes, bool cut, std::int64_t time_ns,
                  OtOutput& out) override;
  void Expire(std::int64_t now_ns, OtOutput& out) override;
  [[nodiscard]] std::int64_t next_due_ns() const override;
  void Finish(OtOutput& out) override;
  [[nodiscard]] std::size_t held_bytes() const override { return exchange_.held_bytes(); }
  bool GiveUpOldest(OtOutput& out) override { return exchange_.GiveUpOldest(out); }
  // profinet-rt once a cyclic frame or an alarm was seen, else what came first.
  [[nodiscard]] std::string_view service() const override { return service_; }

 private:
  void OnDcp(bool from_client, std::uint16_t frame_id, base::Bytes bytes, bool cut,
             std::int64_t time_ns, OtOutput& out);
  void OnCyclic(bool from_client, std::uint16_t frame_id, base::Bytes frame, bool cut,
                std::int64_t time_ns, OtOutput& out);
  void OnAlarm(bool from_client, bool high, base::Bytes bytes, std::int64_t time_ns, OtOutput& out);
  RtStream* Find(std::uint16_t frame_id, bool from_client, OtOutput& out);
  void Summarise(RtStream& stream, std::int64_t now_ns, OtOutput& out);
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) override;

  std::string_view service_;
  std::vector<RtStream> streams_;
  std::size_t last_ = 0;
  Exchange exchange_;
};

}  // namespace tapiary::capture::profinet
