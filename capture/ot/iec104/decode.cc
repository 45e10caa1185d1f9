#include "capture/ot/iec104/decode.h"

#include <fmt/core.h>

#include <utility>

#include "capture/ot/detail.h"
#include "capture/ot/iec104/elements.h"
#include "capture/ot/iec104/techniques.h"

namespace tapiary::capture::iec104 {
namespace {

// What the objects of one ASDU tell.
struct Objects {
  std::vector<std::int64_t> values;
  std::string points;  // "101=1 102=0!iv"
  std::uint8_t quality = 0;
  ElementValue first;
  std::string time;
  unsigned seen = 0;
  bool overflow = false;  // of `points`
};

void TakeObject(const Asdu& asdu, const InformationObject& object, Objects& objects) {
  ElementValue value;
  if (!ReadElement(*asdu.info, object.element, value)) return;
  if (objects.seen == 0) {
    objects.first = value;
    objects.time = LongTimeText(*asdu.info, object.element);
  }
  ++objects.seen;
  objects.quality |= value.quality;
  if (value.number) objects.values.push_back(*value.number);
  if (objects.overflow) return;
  std::string word = std::to_string(object.address);
  if (!value.text.empty()) word += "=" + value.text;
  if (value.quality != 0) word += "!" + QualityText(value.quality);
  objects.overflow = !AppendBounded(objects.points, " ", word);
}

Objects TakeObjects(const Asdu& asdu, Transaction& out) {
  Objects objects;
  ObjectWalk walk(asdu);
  InformationObject object;
  while (walk.Next(object)) {
    if (!out.address) out.address = object.address;
    TakeObject(asdu, object, objects);
  }
  return objects;
}

void FlagForm(const Asdu& asdu, Transaction& out) {
  if (asdu.info == nullptr) return AddAnomaly(out, "iec104-unknown-type");
  if (!asdu.fits) AddAnomaly(out, "iec104-asdu-length");
  if (asdu.count == 0) AddAnomaly(out, "iec104-no-objects");
  if (asdu.has_cause && CauseName(asdu.cause).empty()) AddAnomaly(out, "iec104-cause");
}

void AddCause(const Asdu& asdu, Transaction& out) {
  if (!asdu.has_cause) return;
  AddNumber(out, "cause", asdu.cause);
  const std::string_view name = CauseName(asdu.cause);
  if (!name.empty()) AddDetail(out, "cause_name", name);
  if (asdu.negative) AddNumber(out, "negative", 1);
  if (asdu.test) AddNumber(out, "test", 1);
  if (asdu.originator != 0) AddNumber(out, "originator", asdu.originator);
}

void AddObjects(const Asdu& asdu, const Objects& objects, Transaction& out) {
  // One object with a whole number is said by address and values.
  if (objects.seen > 1 || (objects.seen == 1 && objects.values.empty())) {
    AddDetail(out, "points", objects.points);
  }
  if (objects.quality != 0) AddDetail(out, "quality", QualityText(objects.quality));
  if (objects.seen != 0 && objects.first.command && IsCommandType(asdu.type) && asdu.type < 110) {
    AddDetail(out, "mode", objects.first.select ? "select" : "execute");
    AddNumber(out, "qualifier", objects.first.qualifier);
  } else if (objects.seen != 0 && asdu.info->element == Element::kQualifier) {
    AddNumber(out, "qualifier", objects.first.qualifier);
  }
  if (!objects.time.empty()) AddDetail(out, "time", objects.time);
}

void SetTechnique(const Asdu& asdu, const Objects& objects, Transaction& out) {
  const std::int32_t sub = asdu.type == 101 ? objects.first.qualifier >> 6 : kNoSub;
  const Technique technique = FindTechnique(Techniques(), asdu.type, sub);
  out.command = technique.command;
  out.attack_technique = technique.id;
}

}  // namespace

bool IsNegative(const Asdu& asdu) {
  return asdu.negative || (asdu.cause >= kUnknownType && asdu.cause <= kUnknownAddress);
}

void DecodeOpening(const Asdu& asdu, bool command, Transaction& out) {
  out.code = asdu.type;
  out.operation = asdu.info != nullptr ? asdu.info->name : "unknown_type";
  if (asdu.has_common) out.unit = asdu.common;
  out.quantity = asdu.count;
  if (asdu.info != nullptr) AddDetail(out, "asdu", asdu.info->label);
  AddCause(asdu, out);
  FlagForm(asdu, out);
  if (asdu.fits && asdu.sizes.object + asdu.sizes.cause + asdu.sizes.common != 7) {
    AddDetail(out, "field_sizes",
              fmt::format("{},{},{}", asdu.sizes.cause, asdu.sizes.common, asdu.sizes.object));
  }
  Objects objects = TakeObjects(asdu, out);
  AddObjects(asdu, objects, out);
  out.values = std::move(objects.values);
  if (command) SetTechnique(asdu, objects, out);
}

void DecodeReply(const Asdu& asdu, Transaction& out) {
  out.status = TransactionStatus::kOk;
  AddNumber(out, "reply_type", asdu.type);
  if (asdu.has_cause) {
    AddNumber(out, "reply_cause", asdu.cause);
    const std::string_view name = CauseName(asdu.cause);
    if (!name.empty()) AddDetail(out, "reply_cause_name", name);
  }
  if (asdu.has_common && out.unit != asdu.common) AddNumber(out, "reply_unit", asdu.common);
  if (IsNegative(asdu)) {
    out.status = TransactionStatus::kException;
    out.exception = asdu.cause;
    if (asdu.negative) AddNumber(out, "reply_negative", 1);
  }
  FlagForm(asdu, out);
  Transaction reply;
  Objects objects = TakeObjects(asdu, reply);
  const bool is_read = out.code != asdu.type;
  if (is_read) {  // the values that a read command asked for
    if (!objects.points.empty()) AddDetail(out, "reply_points", objects.points);
    if (objects.quality != 0) AddDetail(out, "quality", QualityText(objects.quality));
    out.values = std::move(objects.values);
    return;
  }
  const bool echoes = reply.address == out.address && objects.values == out.values;
  if (!echoes && objects.seen != 0 && asdu.fits) AddAnomaly(out, "iec104-echo-mismatch");
}

void DecodeTermination(const Asdu& asdu, Transaction& out) {
  AddNumber(out, "term_cause", asdu.cause);
  if (asdu.negative) {
    AddNumber(out, "term_negative", 1);
    out.status = TransactionStatus::kException;
    out.exception = asdu.cause;
  }
}

std::uint8_t ActOf(std::uint8_t control) {
  switch (control) {
    case kStartDt:
    case 0x0b:
      return kStartDt;
    case kStopDt:
    case 0x23:
      return kStopDt;
    case kTestFr:
    case 0x83:
      return kTestFr;
    default:
      return 0;
  }
}

bool IsUAct(std::uint8_t control) {
  return control != 0 && ActOf(control) == control;
}

void DecodeUFrame(std::uint8_t control, Transaction& out) {
  out.code = control;
  AddDetail(out, "layer", "apci");
  switch (ActOf(control)) {
    case kStartDt:
      out.operation = "startdt";
      break;
    case kStopDt:
      out.operation = "stopdt";
      break;
    case kTestFr:
      out.operation = "testfr";
      break;
    default:
      out.operation = "unknown_u_frame";
      AddAnomaly(out, "iec104-u-frame");
      break;
  }
  if (!IsUAct(control)) return;
  const Technique technique = FindTechnique(Techniques(), control, kUFrame);
  out.command = technique.command;
  out.attack_technique = technique.id;
}

void DecodeUReply(Transaction& out) {
  out.status = TransactionStatus::kOk;
  AddNumber(out, "confirmed", 1);
}

bool IsTerminated(const Transaction& request) {
  if (request.status != TransactionStatus::kOk) return false;
  const bool process = (request.code >= 45 && request.code <= 64);
  if (!process && request.code != 100 && request.code != 101) return false;
  bool activated = false, confirmed = false;
  for (const auto& [key, text] : request.detail) {
    if (key == "layer" || (key == "mode" && text == "select")) return false;
    activated = activated || (key == "cause" && text == "6");
    confirmed = confirmed || (key == "reply_cause" && text == "7");
  }
  return activated && confirmed;
}

}  // namespace tapiary::capture::iec104
