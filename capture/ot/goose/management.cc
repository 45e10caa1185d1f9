#include "capture/ot/goose/management.h"

#include <fmt/core.h>

#include "capture/ot/ber.h"
#include "capture/ot/detail.h"
#include "capture/ot/goose/message.h"

namespace tapiary::capture::goose {
namespace {

constexpr std::size_t kMaxItems = 32;

std::string_view ServiceName(std::uint8_t service) {
  switch (service) {
    case 0:
      return "gse_management_not_supported";
    case 1:
      return "get_go_reference";
    case 2:
      return "get_goose_element_number";
    case 3:
      return "get_gs_reference";
    case 4:
      return "get_gsse_data_offset";
    default:
      return "unknown_gse_management";
  }
}

void SetService(const Management& message, Transaction& out) {
  out.code = kManagementCode + message.service;
  out.operation = ServiceName(message.service);
}

// References are texts, offsets numbers; in a result also NULLs and errors.
std::string ItemText(const BerElement& item) {
  if (item.tag == 0x1a || item.tag == 0x80) return std::string(TextOf(item.content));
  return fmt::format("{}", BerUnsigned(item.content));
}

std::string ListText(base::Bytes bytes, std::uint64_t& count) {
  std::string text;
  BerReader reader(bytes);
  BerElement item;
  for (count = 0; reader.Next(item); ++count) {
    if (count >= kMaxItems || text.size() > kMaxDetailBytes) continue;
    if (!text.empty()) text += ", ";
    text += ItemText(item);
  }
  return text;
}

void Positive(base::Bytes body, Transaction& out) {
  BerReader reader(body);
  BerElement element;
  while (reader.Next(element)) {
    if (element.tag == 0x80) AddDetail(out, "dat_set", TextOf(element.content));
    if (element.tag != 0xa1) continue;
    std::uint64_t count = 0;
    AddDetail(out, "result", ListText(element.content, count));
    if (!out.quantity) out.quantity = count;
  }
}

}  // namespace

Management ReadManagement(const layer2::AppFrame& frame) {
  Management message;
  BerReader outer(frame.apdu);
  BerElement pdu;
  if (!outer.Next(pdu) || pdu.tag != kManagementTag) return message;
  BerReader reader(pdu.content);
  BerElement state, choice, inner;
  if (!reader.Next(state) || state.tag != 0x80 || state.cut) return message;
  message.state_id = BerUnsigned(state.content);
  if (!reader.Next(choice) || (choice.tag != 0xa1 && choice.tag != 0xa2)) return message;
  message.response = choice.tag == 0xa2;
  BerReader service(choice.content);
  if (!service.Next(inner)) return message;
  message.service = inner.tag & 0x1f;
  message.body = inner.content;
  message.valid = (inner.tag & 0xc0) == 0x80 && message.service <= 4;
  return message;
}

void DecodeManagementRequest(const Management& message, Transaction& out) {
  SetService(message, out);
  AddNumber(out, "state_id", message.state_id);
  BerReader reader(message.body);
  BerElement element;
  while (reader.Next(element)) {
    if (element.tag == 0x80) AddDetail(out, "reference", TextOf(element.content));
    if (element.tag != 0xa1) continue;
    std::uint64_t count = 0;
    AddDetail(out, "asked", ListText(element.content, count));
    out.quantity = count;
  }
  if (reader.bad()) AddAnomaly(out, "goose-malformed");
}

void DecodeManagementResponse(const Management& message, Transaction& out) {
  if (out.operation.empty()) SetService(message, out);
  out.status = TransactionStatus::kOk;
  if (message.service == 0) {
    out.status = TransactionStatus::kException;
    AddDetail(out, "error", "not_supported");
    return;
  }
  BerReader reader(message.body);
  BerElement element;
  while (reader.Next(element)) {
    if (element.tag == 0x80 && out.detail.empty()) {
      AddDetail(out, "reference", TextOf(element.content));
    } else if (element.tag == 0x81) {
      AddNumber(out, "conf_rev", BerUnsigned(element.content));
    } else if (element.tag == 0xa2) {
      Positive(element.content, out);
    } else if (element.tag == 0x83) {
      out.status = TransactionStatus::kException;
      out.exception = static_cast<std::uint32_t>(BerUnsigned(element.content));
    }
  }
  if (reader.bad()) AddAnomaly(out, "goose-malformed");
}

}  // namespace tapiary::capture::goose
