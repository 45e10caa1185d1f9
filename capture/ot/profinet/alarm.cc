#include "capture/ot/profinet/alarm.h"

#include <fmt/core.h>

#include "capture/ot/detail.h"

namespace tapiary::capture::profinet {
namespace {

constexpr std::size_t kTypeAt = 4;
constexpr std::size_t kHeaderBytes = 12;

std::string_view AlarmName(std::uint16_t type) {
  constexpr std::string_view kNames[] = {
      "",
      "diagnosis",
      "process",
      "pull",
      "plug",
      "status",
      "update",
      "media_redundancy",
      "controlled_by_supervisor",
      "released",
      "plug_wrong_submodule",
      "return_of_submodule",
      "diagnosis_disappears",
      "multicast_mismatch",
      "port_data_change",
      "sync_data_change",
      "isochronous_mode_problem",
      "network_component_problem",
      "time_data_change",
      "dynamic_frame_packing_problem",
      "mrpd_problem",
      "multiple_interface_mismatch",
  };
  if (type >= std::size(kNames)) return type == 31 ? "pull_module" : "";
  return kNames[type];
}

}  // namespace

RtaKind KindOfRta(base::Bytes bytes) {
  if (bytes.size() <= kTypeAt) return RtaKind::kBad;
  const unsigned type = bytes[kTypeAt] & 0x0f;
  const unsigned version = bytes[kTypeAt] >> 4;
  if (version == 0 || version > 2 || type == 0 || type > 4) return RtaKind::kBad;
  return static_cast<RtaKind>(type);
}

void DecodeRta(base::Bytes bytes, bool high, Transaction& out) {
  base::ByteCursor cursor(bytes);
  cursor.Skip(kHeaderBytes - 2);
  const std::size_t length = cursor.U16Be();
  if (length > cursor.remaining()) AddAnomaly(out, "profinet-rt-length");
  if (KindOfRta(bytes) == RtaKind::kError) {
    out.operation = "alarm_error";
    out.status = TransactionStatus::kUnsolicited;
    if (cursor.remaining() >= 4) out.exception = cursor.U32Be();
    return;
  }
  const std::uint16_t block = cursor.U16Be();
  cursor.Skip(4);  // length, version
  const std::uint16_t type = cursor.U16Be();
  const bool acknowledges = (block & 0x8000) != 0;
  out.operation = acknowledges ? (high ? "alarm_ack_high" : "alarm_ack_low")
                               : (high ? "alarm_notification_high" : "alarm_notification_low");
  const std::string_view name = AlarmName(type);
  AddDetail(out, "alarm_type", name.empty() ? fmt::format("{}", type) : std::string(name));
  AddNumber(out, "api", cursor.U32Be());
  AddNumber(out, "slot", cursor.U16Be());
  AddNumber(out, "subslot", cursor.U16Be());
  if (!acknowledges) {
    AddDetail(out, "module_ident", fmt::format("0x{:08x}", cursor.U32Be()));
    AddDetail(out, "submodule_ident", fmt::format("0x{:08x}", cursor.U32Be()));
  }
  const std::uint16_t specifier = cursor.U16Be();
  AddNumber(out, "alarm_sequence", specifier & 0x7ff);
  if (cursor.remaining() >= 4 && acknowledges) out.exception = cursor.U32Be();
  if (out.exception && *out.exception == 0) out.exception.reset();
  if (!acknowledges && cursor.remaining() >= 2) {
    AddDetail(out, "usi", fmt::format("0x{:04x}", cursor.U16Be()));
    if (cursor.remaining() > 0) AddDetail(out, "data", HexOf(cursor.rest()));
  }
  if (cursor.failed()) AddAnomaly(out, "profinet-rt-length");
}

}  // namespace tapiary::capture::profinet
