#include "capture/ot/cip/decode.h"

#include <fmt/format.h>

#include "capture/ot/cip/attributes.h"
#include "capture/ot/cip/connection_manager.h"
#include "capture/ot/cip/epath.h"
#include "capture/ot/cip/message.h"
#include "capture/ot/cip/pccc.h"
#include "capture/ot/cip/services.h"
#include "capture/ot/cip/status.h"
#include "capture/ot/cip/tags.h"
#include "capture/ot/cip/techniques.h"
#include "capture/ot/detail.h"

namespace tapiary::capture::cip {
namespace {

bool IsTagService(std::uint8_t service) {
  return (service >= kReadTag && service <= kReadModifyWriteTag) || service == kReadTagFragmented ||
         service == kWriteTagFragmented || service == kGetInstanceAttributeList;
}

// Of the request that `in` holds.
Target TargetOf(const Transaction& in) {
  return {FindNumber(in, "class"), FindDetail(in, "tag") != nullptr};
}

bool IsAttributeService(std::uint8_t service) {
  return (service >= kGetAttributesAll && service <= kSetAttributeList) ||
         service == kGetAttributeSingle || service == kSetAttributeSingle;
}

// Carries a piece of a file or firmware: its size tells enough.
bool IsTransfer(std::uint8_t service, const Target& target) {
  if (target.class_id == kFileClass) return service == 0x4f || service == 0x50;
  return target.class_id == kNonVolatileStorageClass && service == 0x4d;
}

void PathDetails(const Epath& path, Transaction& out) {
  if (path.class_id) {
    AddNumber(out, "class", *path.class_id);
    const std::string_view name = ClassName(*path.class_id);
    if (!name.empty()) AddDetail(out, "class_name", name);
  }
  if (path.instance) AddNumber(out, "instance", *path.instance);
  if (path.attribute) AddNumber(out, "attribute", *path.attribute);
  if (path.member) AddNumber(out, "member", *path.member);
  if (!path.connection_points.empty()) AddDetail(out, "connection_points", path.connection_points);
  if (!path.tag.empty()) AddDetail(out, "tag", path.tag);
  if (!path.route.empty()) AddDetail(out, "route", path.route);
}

void ResetDetails(base::Bytes data, const Target& target, Transaction& out, std::int32_t& sub) {
  if (data.empty()) return;
  AddNumber(out, "reset_type", data[0]);
  // Type 0 restarts; 1 and 2 go back to factory settings.
  if (target.class_id == kIdentityClass && (data[0] == 1 || data[0] == 2)) sub = kFactoryReset;
}

// The service's own data; `sub` may become a better sub-code for the technique.
void ServiceDetails(std::uint8_t service, const Target& target, base::Bytes data, Transaction& out,
                    std::int32_t& sub) {
  bool large = false;
  if (service == kMultipleServicePacket) return;  // its messages follow
  if (IsAttributeService(service)) return AttributeRequest(service, target, data, out);
  if (service == kReset) return ResetDetails(data, target, out, sub);
  if (target.class_id == kConnectionManagerClass) {
    if (IsForwardOpen(service, large)) {
      const std::optional<OpenRequest> open = ReadForwardOpen(data, large);
      if (open && open->owner) sub = kIoOwner;
      return ForwardOpenDetails(data, large, out);
    }
    if (service == kForwardClose) return ForwardCloseDetails(data, out);
  }
  if (target.class_id == kPcccClass && service == kExecutePccc) {
    sub = kPccc + static_cast<std::int32_t>(PcccCode(data));
    return PcccRequest(data, out);
  }
  if (IsTag(target) && IsTagService(service)) return TagRequest(service, data, out);
  if (IsTransfer(service, target)) return AddNumber(out, "data_bytes", data.size());
  AddHex(out, "data", data);
}

std::int32_t SubOf(const Target& target) {
  if (IsTag(target)) return kOnTag;
  return target.class_id <= 0xffffu && target.class_id ? static_cast<std::int32_t>(*target.class_id)
                                                       : kAnySub;
}

void SetTechnique(std::int32_t sub, Transaction& out) {
  const Technique technique = FindTechnique(Techniques(), out.code, sub);
  out.command = technique.command;
  out.attack_technique = technique.id;
}

void WrappingDetails(const Part& part, Transaction& out) {
  if (part.index != 0) AddNumber(out, "multiple_index", part.index);
  if (!part.unconnected) return;
  AddDetail(out, "via", "unconnected_send");
  const Epath route = ParseEpath(part.route);
  if (!route.route.empty()) AddDetail(out, "route", route.route);
  AddNumber(out, "timeout_ms", part.timeout_ms);
}

void ResponseData(const ResponseView& view, const Target& target, Transaction& out) {
  bool large = false;
  if (view.service == kMultipleServicePacket || view.data.empty()) return;
  if (IsAttributeService(view.service)) {
    return AttributeResponse(view.service, target, view.data, out);
  }
  if (target.class_id == kConnectionManagerClass) {
    if (IsForwardOpen(view.service, large)) return ForwardOpenReplyDetails(view.data, out);
    if (view.service == kForwardClose) return;
  }
  if (target.class_id == kPcccClass && view.service == kExecutePccc) {
    return PcccResponse(view.data, out);
  }
  if (IsTag(target) && IsTagService(view.service)) {
    return TagResponse(view.service, view.data, out);
  }
  if (IsTransfer(view.service, target)) {
    return AddNumber(out, "response_data_bytes", view.data.size());
  }
  AddHex(out, "response_data", view.data);
}

void StatusDetails(const ResponseView& view, Transaction& out) {
  if (view.status == 0) return;
  AddNumber(out, "general_status", view.status);
  const std::string_view name = StatusName(view.status);
  AddDetail(out, "status_name", name.empty() ? "unknown_status" : name);
  if (view.extended.size() >= 2) {
    base::ByteCursor cursor(view.extended);
    AddDetail(out, "extended_status", fmt::format("0x{:04x}", cursor.U16Le()));
    ConnectionErrorDetails(view, out);
  }
  // There is more to come, or some of the messages inside failed: the service itself did its work.
  if (view.status == kStatusPartialTransfer) return;
  out.status = TransactionStatus::kException;
  out.exception = view.status;
}

}  // namespace

void DecodeRequest(const Part& part, bool cut, Transaction& out) {
  const RequestView view = ReadRequest(part.message);
  const Epath path = ParseEpath(view.path);
  const Target target{path.class_id, !path.tag.empty()};
  out.protocol = kService;
  out.code = view.service;
  out.operation = ServiceName(view.service, target);
  PathDetails(path, out);
  std::int32_t sub = SubOf(target);
  ServiceDetails(view.service, target, view.data, out, sub);
  if (view.service == kMultipleServicePacket) out.quantity = part.count;
  WrappingDetails(part, out);
  if (!part.anomaly.empty() && !cut) AddAnomaly(out, part.anomaly);
  if (cut) AddAnomaly(out, "truncated");
  if (!cut && (view.bad || path.bad)) AddAnomaly(out, "cip-path");
  SetTechnique(sub, out);
}

void DecodeResponse(base::Bytes message, bool cut, bool has_request, Transaction& out) {
  const ResponseView view = ReadResponse(message);
  out.protocol = kService;
  out.status = TransactionStatus::kOk;
  if (!has_request) {
    out.code = view.service;
    out.operation = ServiceName(view.service, {});
    SetTechnique(kAnySub, out);
  }
  if (cut) AddAnomaly(out, "truncated");
  if (view.bad && !cut) AddAnomaly(out, "cip-response-length");
  const bool own = view.service == out.code;
  // The packet or the router that carried the request may answer for it with an error.
  const bool carrier = view.service == kMultipleServicePacket || view.service == kUnconnectedSend;
  if (!own && !(carrier && view.status != 0)) AddAnomaly(out, "cip-service-mismatch");
  StatusDetails(view, out);
  if (own && (view.status == 0 || view.status == kStatusPartialTransfer)) {
    ResponseData(view, TargetOf(out), out);
  }
}

}  // namespace tapiary::capture::cip
