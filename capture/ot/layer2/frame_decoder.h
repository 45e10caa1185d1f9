// FrameDecoder: an OtDecoder of whole frames or datagrams, with what goes wrong counted.
//
// Cyclic publishers live for weeks on one flow and seldom make a transaction that OtSession takes
// as proof of health, so bad frames are reported as anomalies of the flow only kMaxReported times
// and as a counter always: somebody who sends bad frames with a publisher's address must not have
// its decoder cut off. One thread.
#pragma once

#include "capture/ot/decoder.h"

namespace tapiary::capture::layer2 {

class FrameDecoder : public OtDecoder {
 public:
  static constexpr std::uint32_t kMaxReported = 50;  // below OtSession::kMaxFaults

  void OnBytes(bool, base::Bytes, std::int64_t, OtOutput&) final {}
  void OnGap(bool, std::uint32_t, bool, OtOutput&) final {}

 protected:
  // Both static text.
  void Fault(std::string_view anomaly, std::string_view counter, OtOutput& out) {
    out.Count(counter, 1);
    if (reported_ < kMaxReported) {
      ++reported_;
      out.Anomaly(anomaly);
    }
  }

 private:
  std::uint32_t reported_ = 0;
};

}  // namespace tapiary::capture::layer2
