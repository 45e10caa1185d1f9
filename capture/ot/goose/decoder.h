// GooseDecoder: the control blocks of one publisher, and GSE management asked and answered.
//
// One transaction a state change or event, one summary a control block and minute (packet time) and
// at the end; repetitions are counted. At most kMaxBlocks control blocks a flow. One thread.
#pragma once

#include <vector>

#include "capture/ot/exchange.h"
#include "capture/ot/goose/control_block.h"
#include "capture/ot/layer2/frame_decoder.h"

namespace tapiary::capture::goose {

class GooseDecoder final : public layer2::FrameDecoder, private Exchange::Handler {
 public:
  static constexpr std::size_t kMaxBlocks = 32;

  GooseDecoder();
  void OnDatagram(bool from_client, base::Bytes bytes, bool cut, std::int64_t time_ns,
                  OtOutput& out) override;
  void Expire(std::int64_t now_ns, OtOutput& out) override;
  [[nodiscard]] std::int64_t next_due_ns() const override;
  void Finish(OtOutput& out) override;
  [[nodiscard]] std::size_t held_bytes() const override { return exchange_.held_bytes(); }
  bool GiveUpOldest(OtOutput& out) override { return exchange_.GiveUpOldest(out); }

 private:
  void OnGoose(const layer2::AppFrame& frame, std::int64_t time_ns, OtOutput& out);
  void OnManagement(const layer2::AppFrame& frame, base::Bytes bytes, std::int64_t time_ns,
                    OtOutput& out);
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) override;
  ControlBlock* Find(const Message& message, std::int64_t time_ns, OtOutput& out);

  std::vector<ControlBlock> blocks_;
  std::size_t last_ = 0;  // found last: most frames ask for the same
  std::vector<std::string_view> names_;
  Exchange exchange_;
};

}  // namespace tapiary::capture::goose
