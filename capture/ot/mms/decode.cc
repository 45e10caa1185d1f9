#include "capture/ot/mms/decode.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "capture/ot/detail.h"
#include "capture/ot/mms/data.h"
#include "capture/ot/mms/names.h"
#include "capture/ot/mms/techniques.h"

namespace tapiary::capture::mms {
namespace {

constexpr std::uint32_t kGetNameList = 1;
constexpr std::uint32_t kIdentify = 2;
constexpr std::uint32_t kRead = 4;
constexpr std::uint32_t kWrite = 5;

void SetTechnique(Transaction& out, std::int32_t sub) {
  const Technique technique = FindTechnique(Techniques(), out.code, sub);
  out.command = technique.command;
  out.attack_technique = technique.id;
}

void SetService(std::uint32_t tag, Transaction& out) {
  out.code = static_cast<std::int32_t>(std::min<std::uint32_t>(tag, 255));
  out.operation = ServiceName(tag);
}

void AddNames(base::Bytes bytes, std::string_view key, Transaction& out, Names* all = nullptr) {
  Names names = CollectNames(bytes);
  if (names.limit) AddAnomaly(out, "mms-limit");
  if (names.count > 1) AddNumber(out, "item_count", names.count);
  if (!names.text.empty()) AddDetail(out, key, names.text);
  if (all != nullptr) *all = std::move(names);
}

void AddValues(base::Bytes bytes, bool results, std::string_view key, Transaction& out) {
  Values values = CollectValues(bytes, results, out);
  if (values.limit) AddAnomaly(out, "mms-limit");
  if (!values.text.empty()) AddDetail(out, key, values.text);
  if (!values.failure) return;
  out.status = TransactionStatus::kException;
  out.exception = static_cast<std::uint32_t>(*values.failure);
  const std::string_view name = AccessErrorName(*values.failure);
  if (!name.empty()) AddDetail(out, "error", name);
}

// listOfVariable or variableListName, then listOfData.
void RequestWrite(base::Bytes content, Transaction& out) {
  base::Bytes rest = content;
  const std::optional<BerElement> specification = TakeElement(rest);
  if (!specification) return AddAnomaly(out, "mms-ber");
  Names names;
  AddNames(content.first(content.size() - rest.size()), "items", out, &names);
  SetTechnique(out, WriteKindOf(names.first));
  if (const std::optional<BerElement> data = FindElement(rest, 0xa0)) {
    AddValues(data->content, false, "data", out);
  }
}

void RequestNameList(base::Bytes content, Transaction& out) {
  if (const auto object_class = FindElement(content, 0xa0)) {
    base::Bytes inside = object_class->content;
    const std::optional<BerElement> basic = TakeElement(inside);
    const std::optional<std::int64_t> number = basic ? ToInteger(basic->content) : std::nullopt;
    if (number) AddDetail(out, "object_class", std::string(ObjectClassName(*number)));
  }
  if (const auto scope = FindElement(content, 0xa1)) {
    base::Bytes inside = scope->content;
    const std::optional<BerElement> domain = TakeElement(inside);
    if (domain && domain->tag == 0x81) AddDetail(out, "domain", TextOf(domain->content));
    if (domain && domain->tag == 0x80) AddDetail(out, "scope", "vmd");
  }
  const std::optional<BerElement> after = FindElement(content, 0x82);
  if (after) AddDetail(out, "continue_after", TextOf(after->content));
}

void AnswerIdentify(base::Bytes content, Transaction& out) {
  constexpr std::string_view kKeys[] = {"vendor", "model", "revision"};
  for (std::uint8_t i = 0; i < 3; ++i) {
    const std::optional<BerElement> text =
        FindElement(content, static_cast<std::uint8_t>(0x80 + i));
    if (text) AddDetail(out, kKeys[i], TextOf(text->content));
  }
}

// Success 0x81, failure 0x80, one each.
void AnswerWrite(base::Bytes content, Transaction& out) {
  for (std::size_t i = 0; i < kMaxElements && !content.empty(); ++i) {
    const std::optional<BerElement> result = TakeElement(content);
    if (!result) return AddAnomaly(out, "mms-ber");
    if (result->tag != 0x80) continue;
    const std::int64_t failure = ToInteger(result->content).value_or(0);
    out.status = TransactionStatus::kException;
    out.exception = static_cast<std::uint32_t>(failure);
    AddDetail(out, "error", std::string(AccessErrorName(failure)));
    return;
  }
}

void AnswerFields(const Service& service, Transaction& out) {
  switch (service.tag) {
    case kRead:
      // The specification (0xa0) may be repeated in front of the results (0xa1).
      if (const auto results = FindElement(service.content, 0xa1)) {
        AddValues(results->content, true, "data", out);
      }
      return;
    case kWrite:
      return AnswerWrite(service.content, out);
    case kIdentify:
      return AnswerIdentify(service.content, out);
    case kGetNameList: {
      Names names = CollectNames(service.content);
      out.quantity = names.count;
      if (!names.text.empty()) AddDetail(out, "names", names.text);
      return;
    }
    default:
      return;
  }
}

// Error class and code: {0xa0-0xac {0x80+class code}}.
void AddServiceError(base::Bytes content, Transaction& out) {
  base::Bytes rest = content;
  std::optional<BerElement> element;
  // Invoke id, modifier position, service error.
  for (int i = 0; i < 3 && (element = TakeElement(rest)); ++i) {
    if (element->tag == 0xa2 || element->tag == 0xa0) break;
  }
  if (!element || !element->constructed()) return;
  base::Bytes inside = element->content;
  const std::optional<BerElement> error_class = TakeElement(inside);
  if (!error_class) return;
  base::Bytes choice = error_class->content;
  const std::optional<BerElement> code = TakeElement(choice);
  if (!code) return;
  const std::int64_t number = ToInteger(code->content).value_or(0);
  out.exception = static_cast<std::uint32_t>(number);
  AddNumber(out, "error_class", code->number);
  const std::string_view name = ErrorClassName(code->number);
  if (!name.empty()) AddDetail(out, "error", name);
}

// What an error or reject PDU says; nothing when it says none.
void AddErrorCode(std::uint8_t kind, base::Bytes pdu, Transaction& out) {
  base::Bytes rest = pdu;
  const std::optional<BerElement> outer = TakeElement(rest);
  if (!outer) return;
  if (kind != kReject) return AddServiceError(outer->content, out);
  AddDetail(out, "error", "reject");
  base::Bytes inside = outer->content;
  while (const std::optional<BerElement> reason = TakeElement(inside)) {
    if (reason->tag == 0x80) continue;  // the invoke id
    out.exception = static_cast<std::uint32_t>(ToInteger(reason->content).value_or(0));
    AddNumber(out, "error_class", reason->number);
    return;
  }
}

void AnswerConfirmed(base::Bytes pdu, bool has_request, Transaction& out) {
  const Service service = ReadService(pdu);
  if (!service.known) {
    if (!has_request) out.operation = "unknown_service";
    return AddAnomaly(out, "mms-ber");
  }
  if (!has_request) {
    SetService(service.tag, out);
    SetTechnique(out, kAnySub);
  } else if (static_cast<std::int32_t>(service.tag) != out.code) {
    return AddAnomaly(out, "mms-service-mismatch");
  }
  AnswerFields(service, out);
}

void NoRequest(std::uint8_t pdu, Transaction& out) {
  if (pdu == kInitiateResponse || pdu == kInitiateError) {
    out.code = kInitiateCode;
    out.operation = "initiate";
  } else if (pdu == kConcludeResponse || pdu == kConcludeError) {
    out.code = kConcludeCode;
    out.operation = "conclude";
  } else if (pdu == kCancelResponse || pdu == kCancelError) {
    out.code = kCancelRequest;
    out.operation = "cancel";
  } else if (out.operation.empty()) {
    out.code = 255;
    out.operation = pdu == kReject ? "reject" : "confirmed_error";
  }
}

// Whether a PDU of this kind can answer what has this code.
bool Answers(std::uint8_t pdu, std::int32_t code) {
  if (pdu == kReject) return true;
  if (code == kInitiateCode || code == kAssociateCode) {
    return pdu == kInitiateResponse || pdu == kInitiateError;
  }
  if (code == kConcludeCode) return pdu == kConcludeResponse || pdu == kConcludeError;
  if (code == kCancelRequest) return pdu == kCancelResponse || pdu == kCancelError;
  return pdu == kConfirmedResponse || pdu == kConfirmedError;
}

}  // namespace

Service ReadService(base::Bytes pdu) {
  Service out;
  base::Bytes rest = pdu;
  const std::optional<BerElement> outer = TakeElement(rest);
  if (!outer) return out;
  base::Bytes inside = outer->content;
  std::optional<BerElement> element = TakeElement(inside);
  // Confirmed PDUs begin with the invoke id, as INTEGER or, in errors, as [0].
  if (element && (element->tag == 0x02 || element->tag == 0x80) && pdu[0] != kUnconfirmed) {
    const std::optional<std::int64_t> id = ToInteger(element->content);
    if (id) out.invoke_id = static_cast<std::uint32_t>(*id);
    element = TakeElement(inside);
  }
  // A list of modifiers may stand in front of the service.
  if (element && element->tag == 0x30) element = TakeElement(inside);
  if (!element || !element->context()) return out;
  out.tag = element->number;
  out.content = element->content;
  out.known = true;
  return out;
}

void DecodeRequest(const Service& service, Transaction& out) {
  if (!service.known) {
    out.operation = "unknown_service";
    out.code = 255;
    return AddAnomaly(out, "mms-ber");
  }
  SetService(service.tag, out);
  SetTechnique(out, kAnySub);
  if (service.tag > 255) AddNumber(out, "service", service.tag);
  switch (service.tag) {
    case kGetNameList:
      return RequestNameList(service.content, out);
    case kWrite:
      return RequestWrite(service.content, out);
    default:
      return AddNames(service.content, service.tag == kRead ? "items" : "names", out);
  }
}

void DecodeUnconfirmed(base::Bytes pdu, Transaction& out) {
  const Service service = ReadService(pdu);
  out.status = TransactionStatus::kUnsolicited;
  const std::uint32_t tag = service.known ? std::min<std::uint32_t>(service.tag, 255) : 255;
  out.code = kUnconfirmedCode + static_cast<std::int32_t>(tag);
  out.operation = UnconfirmedName(tag);
  if (!service.known) return AddAnomaly(out, "mms-ber");
  if (tag != 0) return AddNames(service.content, "names", out);
  base::Bytes rest = service.content;
  if (!TakeElement(rest)) return AddAnomaly(out, "mms-ber");
  AddNames(service.content.first(service.content.size() - rest.size()), "items", out);
  const std::optional<BerElement> results = FindElement(rest, 0xa0);
  if (!results) return;
  Values values = CollectValues(results->content, true, out);
  if (values.limit) AddAnomaly(out, "mms-limit");
  if (!values.first_text.empty()) AddDetail(out, "report_id", values.first_text);
  if (!values.text.empty()) AddDetail(out, "data", values.text);
}

void DecodeInitiate(base::Bytes pdu, bool answer, Transaction& out) {
  base::Bytes rest = pdu;
  const std::optional<BerElement> outer = TakeElement(rest);
  if (!outer) return;
  const std::optional<BerElement> size = FindElement(outer->content, 0x80);
  const std::optional<std::int64_t> number = size ? ToInteger(size->content) : std::nullopt;
  if (!number || *number < 0) return;
  AddNumber(out, answer ? "response_pdu_size" : "pdu_size", static_cast<std::uint64_t>(*number));
}

void DecodeAssociate(base::Bytes acse, Transaction& out) {
  // Calling authentication value [12], a choice of text [0], bits [1] and others.
  if (const auto authentication = FindElement(acse, 0xac)) {
    base::Bytes inside = authentication->content;
    const std::optional<BerElement> value = TakeElement(inside);
    const bool text = value && value->tag == 0x80 && IsPrintable(value->content);
    if (text) AddDetail(out, "password", TextOf(value->content));
    if (value && !text) AddDetail(out, "authentication", HexOf(value->content));
  }
}

void DecodeAnswer(base::Bytes pdu, bool has_request, Transaction& out) {
  out.status = TransactionStatus::kOk;
  if (pdu.empty()) return;
  const std::uint8_t kind = pdu[0];
  if (!has_request && kind != kConfirmedResponse) NoRequest(kind, out);
  if (has_request && !Answers(kind, out.code)) return AddAnomaly(out, "mms-answer-kind");
  if (kind == kConfirmedResponse) return AnswerConfirmed(pdu, has_request, out);
  if (kind == kInitiateResponse) return DecodeInitiate(pdu, true, out);
  if (kind == kConcludeResponse || kind == kCancelResponse) return;
  out.status = TransactionStatus::kException;
  AddErrorCode(kind, pdu, out);
  if (!out.exception) AddAnomaly(out, "mms-no-error-code");
}

}  // namespace tapiary::capture::mms
