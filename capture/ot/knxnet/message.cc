#include "capture/ot/knxnet/message.h"

#include <algorithm>

namespace tapiary::capture::knxnet {
namespace {

constexpr std::uint8_t kVersion = 0x10;

constexpr ServiceRow kServices[] = {
    {0x0201, Role::kRequest, 0, "search_request"},
    {0x0202, Role::kResponse, 0x0201, "search_response"},
    {0x0203, Role::kRequest, 0, "description_request"},
    {0x0204, Role::kResponse, 0x0203, "description_response"},
    {0x0205, Role::kRequest, 0, "connect_request"},
    {0x0206, Role::kResponse, 0x0205, "connect_response"},
    {0x0207, Role::kRequest, 0, "connectionstate_request"},
    {0x0208, Role::kResponse, 0x0207, "connectionstate_response"},
    {0x0209, Role::kRequest, 0, "disconnect_request"},
    {0x020a, Role::kResponse, 0x0209, "disconnect_response"},
    {0x020b, Role::kRequest, 0, "search_request_extended"},
    {0x020c, Role::kResponse, 0x020b, "search_response_extended"},
    {0x0310, Role::kRequest, 0, "device_configuration_request"},
    {0x0311, Role::kResponse, 0x0310, "device_configuration_ack"},
    {0x0420, Role::kRequest, 0, "tunnelling_request"},
    {0x0421, Role::kResponse, 0x0420, "tunnelling_ack"},
    {0x0422, Role::kRequest, 0, "tunnelling_feature_get"},
    {0x0423, Role::kResponse, 0x0422, "tunnelling_feature_response"},
    {0x0424, Role::kAlone, 0, "tunnelling_feature_set"},
    {0x0425, Role::kAlone, 0, "tunnelling_feature_info"},
    {0x0530, Role::kAlone, 0, "routing_indication"},
    {0x0531, Role::kAlone, 0, "routing_lost_message"},
    {0x0532, Role::kAlone, 0, "routing_busy"},
    {0x0740, Role::kRequest, 0, "remote_diagnostic_request"},
    {0x0741, Role::kResponse, 0x0740, "remote_diagnostic_response"},
    {0x0742, Role::kAlone, 0, "remote_basic_configuration_request"},
    {0x0743, Role::kAlone, 0, "remote_reset_request"},
    {0x0950, Role::kAlone, 0, "secure_wrapper"},
    {0x0951, Role::kRequest, 0, "session_request"},
    {0x0952, Role::kResponse, 0x0951, "session_response"},
    {0x0953, Role::kAlone, 0, "session_authenticate"},
    {0x0954, Role::kAlone, 0, "session_status"},
    {0x0955, Role::kAlone, 0, "timer_notify"},
};

PduFront FrontOf(base::Bytes bytes, bool) {
  if (bytes.empty()) return PduFront::More();
  if (bytes[0] != kHeaderSize) return PduFront::Bad("knxnet-header");
  if (bytes.size() > 1 && bytes[1] != kVersion) return PduFront::Bad("knxnet-header");
  Frame frame;
  if (bytes.size() < kHeaderSize) return PduFront::More();
  if (!ReadFrame(bytes, frame)) return PduFront::Bad("knxnet-length");
  return PduFront::Of(frame.length);
}

bool PlausibleFront(base::Bytes bytes, bool) {
  Frame frame;
  return ReadFrame(bytes, frame) && FindService(frame.service).role != Role::kUnknown;
}

}  // namespace

const Framing kFraming = {
    .front = &FrontOf,
    .plausible = &PlausibleFront,
    .whole = nullptr,
    .min_useful = kHeaderSize,
    .max_kept = kMaxFrame,
    .scan = false,
    .fault_length = "knxnet-length",
    .fault_gap = "knxnet-gap",
    .fault_search = "knxnet-lost-sync",
};

bool ReadFrame(base::Bytes bytes, Frame& out) {
  base::ByteCursor cursor(bytes);
  if (cursor.U8() != kHeaderSize || cursor.U8() != kVersion) return false;
  out.service = cursor.U16Be();
  out.length = cursor.U16Be();
  if (cursor.failed() || out.length < kHeaderSize || out.length > kMaxFrame) return false;
  out.body =
      cursor.rest().first(std::min<std::size_t>(out.length - kHeaderSize, cursor.remaining()));
  return true;
}

ServiceRow FindService(std::uint16_t service) {
  const auto* const found = std::lower_bound(
      std::begin(kServices), std::end(kServices), service,
      [](const ServiceRow& row, std::uint16_t wanted) { return row.service < wanted; });
  return found != std::end(kServices) && found->service == service ? *found : ServiceRow{};
}

bool ReadConnection(base::Bytes body, Connection& out) {
  base::ByteCursor cursor(body);
  const std::uint8_t size = cursor.U8();
  out.channel = cursor.U8();
  out.sequence = cursor.U8();
  out.status = cursor.U8();
  if (cursor.failed() || size < 4) return false;
  cursor.Skip(size - 4u);
  out.cemi = cursor.rest();
  return !cursor.failed();
}

}  // namespace tapiary::capture::knxnet
