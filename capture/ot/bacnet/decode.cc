#include "capture/ot/bacnet/decode.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "capture/ot/bacnet/fields.h"
#include "capture/ot/bacnet/names.h"
#include "capture/ot/bacnet/properties.h"
#include "capture/ot/bacnet/techniques.h"
#include "capture/ot/detail.h"

namespace tapiary::capture::bacnet {
namespace {

constexpr std::string_view kBadTags = "bacnet-tags";
constexpr std::string_view kMismatch = "bacnet-object-mismatch";
constexpr std::uint8_t kReadPropertyMultiple = 14;
constexpr std::uint8_t kWritePropertyMultiple = 16;
constexpr std::uint8_t kReinitializeDevice = 20;
constexpr std::uint16_t kDeviceType = 8;

// What decides on the technique beside the service.
struct Sub {
  std::int32_t value = kAnySub;
  bool device = false;  // the object is a device
};

std::string FormatMeaning(Meaning meaning, Type type, base::Bytes content) {
  const auto number = static_cast<std::uint32_t>(ToUnsigned(content).value_or(UINT32_MAX));
  switch (meaning) {
    case Meaning::kProperty:
      return PropertyName(number);
    case Meaning::kObjectType:
      return ObjectTypeName(static_cast<std::uint16_t>(number));
    case Meaning::kEnableDisable:
      return EnableDisableName(number);
    case Meaning::kReinitialize:
      return ReinitializeStateName(number);
    case Meaning::kSegmentation:
      return SegmentationName(number);
    default:
      return FormatContent(type, content);
  }
}

void SetObject(const std::optional<ObjectId>& object, Transaction& out, Sub& sub) {
  if (!object) return AddAnomaly(out, kBadTags);
  if (!out.address) out.address = object->instance;
  sub.device = sub.device || object->type == kDeviceType;
}

void TakeList(const PropertyList& list, std::string_view key, Transaction& out, Sub& sub) {
  if (!list.whole) AddAnomaly(out, kBadTags);
  if (list.first_object) {
    SetObject(list.first_object, out, sub);
    AddDetail(out, "object", FormatObject(*list.first_object));
  }
  if (list.objects > 1) AddNumber(out, "objects", static_cast<std::int64_t>(list.objects));
  if (list.properties == 1) AddDetail(out, "property", list.first_property);
  if (!out.quantity) out.quantity = list.properties;
  AddDetail(out, key, list.text);
  if (list.errors > 0) AddNumber(out, "property_errors", static_cast<std::int64_t>(list.errors));
}

void TakeFile(const Field& field, const Value& value, Transaction& out) {
  AddDetail(out, "access", field.key);
  if (!value.numbers.empty()) AddNumber(out, "file_start", value.numbers[0]);
  if (value.octets > 0) {
    AddNumber(out, "file_bytes", static_cast<std::int64_t>(value.octets));
    AddDetail(out, "file_data", value.text);
  } else if (value.numbers.size() > 1 && value.numbers[1] >= 0) {
    out.quantity = static_cast<std::uint64_t>(value.numbers[1]);
  }
}

void TakeGroup(const Tag& tag, const Field* field, base::ByteCursor& cursor, Transaction& out,
               Sub& sub) {
  if (field != nullptr && field->meaning == Meaning::kProperties) {
    PropertyList list;
    ReadPropertyList(cursor, tag.number, ListForm::kRequest, list);
    out.values = list.numbers;
    return TakeList(list, field->key, out, sub);
  }
  const Value value = ReadValue(cursor, tag.number);
  if (!value.closed) AddAnomaly(out, kBadTags);
  if (field == nullptr) {
    return AddDetail(out, fmt::format("parameter_{}", tag.number), value.text);
  }
  if (field->meaning == Meaning::kFile) return TakeFile(*field, value, out);
  if (field->meaning == Meaning::kValue) out.values = value.numbers;
  AddDetail(out, field->key, value.text);
}

void TakePrimitive(const Tag& tag, const Field* field, std::uint8_t position, Transaction& out,
                   Sub& sub) {
  if (field == nullptr) {
    const std::string text =
        tag.context ? FormatContent(Type::kUnknown, tag.content) : FormatApplication(tag);
    return AddDetail(out, fmt::format("parameter_{}", tag.context ? tag.number : position), text);
  }
  if (field->type == Type::kObject && (field->key == "object" || field->key == "device")) {
    SetObject(ToObject(tag.content), out, sub);
  }
  if (field->meaning == Meaning::kReinitialize) {
    sub.value = ReinitializeSub(ToUnsigned(tag.content).value_or(0));
  }
  const bool plain = !tag.context && field->meaning == Meaning::kPlain;
  AddDetail(
      out, field->key,
      plain ? FormatApplication(tag) : FormatMeaning(field->meaning, field->type, tag.content));
}

void WalkFields(Pdu pdu, std::uint8_t service, base::Bytes data, Transaction& out, Sub& sub) {
  base::ByteCursor cursor(data);
  Tag tag;
  std::uint8_t position = 0;
  for (int count = 0; cursor.remaining() > 0 && count < 64; ++count) {
    if (!ReadTag(cursor, tag) || tag.closing) return AddAnomaly(out, kBadTags);
    const std::uint8_t number = tag.context ? tag.number : position;
    const Field* const field = FindField(pdu, service, tag.context, number);
    tag.opening ? TakeGroup(tag, field, cursor, out, sub)
                : TakePrimitive(tag, field, position, out, sub);
    if (!tag.context) ++position;
  }
}

void SetTechnique(std::int32_t sub, Transaction& out) {
  const Technique technique = FindTechnique(Techniques(), out.code, sub);
  out.command = technique.command;
  out.attack_technique = technique.id;
}

void SetService(bool confirmed, std::uint8_t service, Transaction& out) {
  out.code = service;
  out.operation = confirmed ? ConfirmedServiceName(service) : UnconfirmedServiceName(service);
  SetTechnique(confirmed ? kConfirmedSub : kUnconfirmedSub, out);
}

// The two enumerations of an error, alone or in group 0 with more behind it.
void DecodeError(const Apdu& apdu, Transaction& out) {
  base::ByteCursor cursor(apdu.data);
  Tag tag;
  std::int64_t numbers[2] = {-1, -1};
  for (std::int64_t& number : numbers) {
    bool good = ReadTag(cursor, tag);
    while (good && tag.opening) good = ReadTag(cursor, tag);
    if (!good || TypeOf(tag) != Type::kEnumerated) return AddAnomaly(out, kBadTags);
    number = static_cast<std::int64_t>(ToUnsigned(tag.content).value_or(0) & 0xffffffff);
  }
  const auto error_class = static_cast<std::uint32_t>(numbers[0]);
  const auto code = static_cast<std::uint32_t>(numbers[1]);
  out.exception = code;
  AddNumber(out, "error_class", numbers[0]);
  AddNumber(out, "error_code", numbers[1]);
  AddDetail(out, "error", ErrorClassName(error_class) + "/" + ErrorCodeName(code));
}

// What the ack repeats of the request must be the same.
void CheckEcho(const Transaction& ack, Transaction& out) {
  for (const auto& [key, text] : ack.detail) {
    if (key != "object" && key != "property") continue;
    for (const auto& [known, asked] : out.detail) {
      if (known == key && asked != text) AddAnomaly(out, kMismatch);
    }
  }
}

void DecodeAck(const Apdu& apdu, Transaction& out) {
  Transaction ack;
  Sub sub;
  if (apdu.service == kReadPropertyMultiple) {
    const PropertyList list = ReadObjectList(apdu.data, ListForm::kAck);
    TakeList(list, "results", ack, sub);
    if (list.properties == 1) ack.values = list.numbers;
  } else {
    WalkFields(Pdu::kAck, apdu.service, apdu.data, ack, sub);
  }
  CheckEcho(ack, out);
  for (const auto& [key, text] : ack.detail) AddDetail(out, key, text);
  for (const std::string& anomaly : ack.anomalies) AddAnomaly(out, anomaly);
  if (!ack.values.empty()) out.values = std::move(ack.values);
  if (!out.address) out.address = ack.address;
  if (!out.quantity) out.quantity = ack.quantity;
}

}  // namespace

void DecodeRequest(const Apdu& apdu, bool cut, Transaction& out) {
  const bool confirmed = apdu.type == kConfirmedRequest;
  SetService(confirmed, apdu.service, out);
  Sub sub;
  sub.value = confirmed ? kConfirmedSub : kUnconfirmedSub;
  if (confirmed &&
      (apdu.service == kReadPropertyMultiple || apdu.service == kWritePropertyMultiple)) {
    const PropertyList list = ReadObjectList(apdu.data, ListForm::kRequest);
    TakeList(list, "items", out, sub);
    out.values = list.numbers;
  } else {
    WalkFields(confirmed ? Pdu::kConfirmed : Pdu::kUnconfirmed, apdu.service, apdu.data, out, sub);
  }
  SetTechnique(sub.device && confirmed ? DeviceSub(sub.value) : sub.value, out);
  if (!cut) return;
  out.anomalies.clear();  // the tags end where the bytes do
  AddAnomaly(out, "truncated");
}

void DecodeReply(const Apdu& apdu, bool cut, bool has_request, Transaction& out) {
  const bool names_service =
      apdu.type == kSimpleAck || apdu.type == kComplexAck || apdu.type == kError;
  if (!has_request && names_service) SetService(true, apdu.service, out);
  if (!has_request && !names_service) out.operation = ApduTypeName(apdu.type);
  if (!has_request) AddNumber(out, "invoke_id", apdu.invoke_id);
  AddDetail(out, "response", ApduTypeName(apdu.type));
  out.status = TransactionStatus::kOk;
  if (has_request && names_service && apdu.service != out.code) {
    AddAnomaly(out, "bacnet-service-mismatch");
    AddNumber(out, "response_service", apdu.service);
  }
  if (apdu.type == kComplexAck) {
    DecodeAck(apdu, out);
  } else if (apdu.type != kSimpleAck) {
    out.status = TransactionStatus::kException;
    if (apdu.type == kError) {
      DecodeError(apdu, out);
    } else {
      out.exception = apdu.service;
      AddDetail(
          out, apdu.type == kReject ? "reject_reason" : "abort_reason",
          apdu.type == kReject ? RejectReasonName(apdu.service) : AbortReasonName(apdu.service));
      if (apdu.type == kAbort && !apdu.from_server) AddDetail(out, "aborted_by", "client");
    }
  }
  if (!cut) return;
  std::erase(out.anomalies, kBadTags);
  AddAnomaly(out, "truncated");
}

}  // namespace tapiary::capture::bacnet
