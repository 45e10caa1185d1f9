// SvDecoder: sampled value streams of one publisher, counted.
//
// One transaction when a stream is first seen and when its settings change, one summary a stream
// and minute and at the end; samples themselves are not kept. At most kMaxStreams a flow. One
// thread.
#pragma once

#include <vector>

#include "capture/ot/layer2/frame_decoder.h"
#include "capture/ot/sv/stream.h"

namespace tapiary::capture::sv {

inline constexpr std::string_view kService = "sv";

class SvDecoder final : public layer2::FrameDecoder {
 public:
  static constexpr std::size_t kMaxStreams = 32;

  void OnDatagram(bool from_client, base::Bytes bytes, bool cut, std::int64_t time_ns,
                  OtOutput& out) override;
  void Expire(std::int64_t now_ns, OtOutput& out) override;
  [[nodiscard]] std::int64_t next_due_ns() const override;
  void Finish(OtOutput& out) override;

 private:
  SvStream* Find(std::uint16_t appid, base::Bytes sv_id, OtOutput& out);
  void OnAsdu(const Asdu& asdu, bool first, std::int64_t time_ns, OtOutput& out);
  void Summarise(SvStream& stream, std::int64_t now_ns, OtOutput& out);

  std::vector<SvStream> streams_;
  std::size_t last_ = 0;
  std::vector<std::string_view> names_;
  Message message_;  // of the frame at hand; here because it is large
};

}  // namespace tapiary::capture::sv
