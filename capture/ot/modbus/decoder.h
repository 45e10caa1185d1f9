// ModbusDecoder: requests and responses of one Modbus/TCP or Modbus/UDP flow, paired.
//
// Paired by (unit, transaction id), the oldest first; a response of another unit with the right id
// is paired and flagged (OT-02, OT-03). What stays unanswered for ten seconds of packet time
// becomes no-reply; a response without request becomes unsolicited, after it was kept for 10 ms in
// case the mirror delivers the request behind it (OT-04). All tables are bounded. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "capture/ot/decoder.h"
#include "capture/ot/modbus/framing.h"
#include "capture/ot/pending.h"

namespace tapiary::capture::modbus {

class ModbusDecoder final : public OtDecoder, private AduSink {
 public:
  void OnBytes(bool from_client, base::Bytes bytes, std::int64_t time_ns, OtOutput& out) override;
  void OnGap(bool from_client, std::uint32_t missed, bool cut, OtOutput& out) override;
  void OnDatagram(bool from_client, base::Bytes bytes, bool cut, std::int64_t time_ns,
                  OtOutput& out) override;
  void Expire(std::int64_t now_ns, OtOutput& out) override;
  [[nodiscard]] std::int64_t next_due_ns() const override;
  void Finish(OtOutput& out) override;

 private:
  // A response that came before its request, or has none.
  struct Early {
    Header header;
    std::vector<std::uint8_t> pdu;
    bool cut = false;
    std::int64_t first_ns = 0;
    std::int64_t last_ns = 0;
  };

  void OnAdu(const Adu& adu) override;
  void OnFault(std::string_view anomaly) override { out_->Anomaly(anomaly); }
  void OnRequest(const Adu& adu);
  void OnResponse(const Adu& adu);
  bool PairWithEarly(const Adu& adu, Transaction& request);
  void EmitUnsolicited(const Adu& adu, std::string_view anomaly);
  void EmitNoReply(Transaction&& request);
  void Emit(Transaction&& transaction);
  void ReleaseEarly(std::int64_t now_ns, bool all);
  Framer& FramerOf(bool from_client) { return from_client ? requests_ : responses_; }

  Framer requests_{true};
  Framer responses_{false};
  PendingTable pending_;
  RecentKeys answered_;
  RecentKeys timed_out_;
  std::vector<Early> early_;
  bool request_side_ = false;  // of the bytes being framed
  OtOutput* out_ = nullptr;    // during a call only
};

}  // namespace tapiary::capture::modbus
