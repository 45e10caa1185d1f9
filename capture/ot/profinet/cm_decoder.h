// CmDecoder: PROFINET context management, RPC calls of either end, paired by activity and sequence.
//
// The controller connects, writes and ends parameters; the device answers and reports that its
// application is ready, a call of its own. Fragments are put together (fragments.h). Answers come
// from another port than was asked when the device chooses so, which is another flow: they are
// handed over by activity and sequence (OtCalls) and paired where they were asked for. One thread.
#pragma once

#include <cstdint>

#include "capture/ot/exchange.h"
#include "capture/ot/layer2/frame_decoder.h"
#include "capture/ot/profinet/fragments.h"

namespace tapiary::capture::profinet {

inline constexpr std::string_view kCmService = "profinet-io";
// Transaction::code of the endpoint mapper's operations: this and the operation.
inline constexpr std::int32_t kMapperCode = 0x100;

class CmDecoder final : public layer2::FrameDecoder, private Exchange::Handler {
 public:
  CmDecoder() : exchange_(kCmService, *this) {}
  void OnDatagram(bool from_client, base::Bytes bytes, bool cut, std::int64_t time_ns,
                  OtOutput& out) override;
  void Expire(std::int64_t now_ns, OtOutput& out) override;
  [[nodiscard]] std::int64_t next_due_ns() const override;
  void Finish(OtOutput& out) override;
  [[nodiscard]] std::size_t held_bytes() const override { return exchange_.held_bytes(); }
  bool GiveUpOldest(OtOutput& out) override { return exchange_.GiveUpOldest(out); }

 private:
  struct Call {  // a request or response, whole
    bool from_client = false;
    bool cut = false;
    std::uint64_t key = 0;
    std::int64_t first_ns = 0;
    std::int64_t last_ns = 0;
    base::Bytes bytes;  // RPC header of the first fragment and the bodies
  };
  void OnCall(const Call& call, const RpcHeader& header, OtOutput& out);
  void OnRequest(const Call& call, const RpcHeader& header, OtOutput& out);
  void OnAnswer(const Call& call, const RpcHeader& header, OtOutput& out);
  void TakeLeft(OtOutput& out);
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) override;

  Fragments fragments_;
  Exchange exchange_;
  std::uint32_t owner_ = 0;           // in OtCalls; 0: none yet
  std::int64_t look_ns_ = INT64_MAX;  // when to see what was left
  bool elsewhere_ = false;            // the answer being decoded came on another flow
};

}  // namespace tapiary::capture::profinet
