// What the tracker asks of capture/label/: noise once a flow, when it is made; labels for the first
// packets of flows that no OT decoder claimed.
#include <algorithm>

#include "capture/flow/tracker.h"

namespace tapiary::capture {
namespace {

constexpr std::uint8_t kUdp = 17;

}  // namespace

void FlowTracker::MarkNoise(std::uint32_t index) {
  FlowHot& hot = table_.hot(index);
  const std::uint8_t orig = hot.orig_side();
  const std::uint8_t resp = orig ^ 1;
  NoiseQuery query{EndAddress(hot.key, orig), EndAddress(hot.key, resp), hot.key.proto, 0,
                   hot.last_ns};
  if (hot.key.kind == KeyKind::kIpPorts) query.resp_port = EndPort(hot.key, resp);
  const NoiseMark* const noise = options_.noise->Match(query);
  if (noise == nullptr) return;
  MakeRare(table_.cold(index)).noise = noise;
  if (!noise->store) hot.Set(kNotStored);
}

void FlowTracker::OfferToLabels(std::uint32_t index, const OtSegment& segment, std::uint32_t ack) {
  FlowHot& hot = table_.hot(index);
  FlowRare& rare = MakeRare(table_.cold(index));
  if (!rare.service.empty() || (rare.session && rare.session->claimed())) {
    hot.label_left = 0;
    rare.labelling.reset();
    return;
  }
  if (segment.bytes.empty()) return;  // not captured
  --hot.label_left;
  const std::uint8_t orig = hot.orig_side();
  if (!rare.labelling) {
    rare.labelling = std::make_unique<FlowLabelling>();
    const std::uint8_t resp = orig ^ 1;
    rare.labelling->session =
        labeler_->Begin(hot.key.proto == kUdp, EndPort(hot.key, orig), EndPort(hot.key, resp));
  }
  FlowLabelling& labelling = *rare.labelling;
  const LabelPacket packet{segment.side == orig, segment.seq, ack, segment.bytes, segment.time_ns};
  const bool more = labelling.session && labelling.session->Offer(packet, labelling.labels);
  if (!more) hot.label_left = 0;
  if (hot.label_left == 0) labelling.session.reset();
}

}  // namespace tapiary::capture
