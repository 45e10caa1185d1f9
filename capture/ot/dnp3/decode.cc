#include "capture/ot/dnp3/decode.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "base/clock.h"
#include "capture/ot/detail.h"
#include "capture/ot/dnp3/files.h"
#include "capture/ot/dnp3/functions.h"
#include "capture/ot/dnp3/points.h"
#include "capture/ot/dnp3/techniques.h"

namespace tapiary::capture::dnp3 {
namespace {

constexpr std::size_t kMaxControls = 64;
constexpr std::size_t kMaxObjectsText = 480;
constexpr std::size_t kMaxHeaders = 256;

// What the object headers of one fragment tell.
struct Objects {
  std::string names;
  std::string points;
  std::string controls;
  std::vector<std::int64_t> values;
  std::uint8_t failed_status = 0;  // of the first control that was refused
  std::size_t headers = 0;
  ObjectHeader first;  // its bytes are not looked at
};

std::string_view AnomalyOf(HeaderResult result) {
  switch (result) {
    case HeaderResult::kTruncated:
      return "dnp3-object-truncated";
    case HeaderResult::kRange:
      return "dnp3-range";
    case HeaderResult::kQualifier:
      return "dnp3-qualifier";
    case HeaderResult::kUnknown:
      return "dnp3-unknown-object";
    default:
      return {};
  }
}

void TakeControls(const ObjectHeader& header, Objects& objects) {
  ObjectWalk walk(header);
  Object object;
  Control control;
  while (objects.values.size() < kMaxControls && walk.Next(object)) {
    if (!ReadControl(header, object, control)) return;
    AppendBounded(objects.controls, " ", control.text);
    objects.values.push_back(control.value);
    if (objects.failed_status == 0) objects.failed_status = control.status;
  }
}

void AddTime(const ObjectHeader& header, Transaction& out) {
  ObjectWalk walk(header);
  Object object;
  if (!walk.Next(object)) return;
  base::ByteCursor cursor(object.bytes);
  const std::uint64_t low = cursor.U32Le();
  const std::uint64_t ms = low | (std::uint64_t{cursor.U16Le()} << 32);
  constexpr std::uint64_t kMost = INT64_MAX / base::kNanosPerMilli;
  if (cursor.failed() || ms > kMost) return;
  AddDetail(out, "time", base::FormatTime(static_cast<std::int64_t>(ms) * base::kNanosPerMilli));
}

void TakeHeader(const ObjectHeader& header, bool response, Objects& objects, Transaction& out) {
  if (objects.headers == 0) objects.first = header;
  ++objects.headers;
  AppendBounded(objects.names, " ", ToText(header), kMaxObjectsText);
  if (header.objects.empty()) return;
  if (header.group == kFileGroup) return DecodeFile(header, response, out);
  if (IsControl(header)) return TakeControls(header, objects);
  if (header.group == 50) return AddTime(header, out);
  AddPoints(header, objects.points);
}

void TakeObjects(base::Bytes bytes, const Fragment& fragment, const AppHeader& app,
                 Objects& objects, Transaction& out) {
  const bool response = !IsRequest(app.function);
  const bool with_data = CarriesObjects(app.function);
  base::ByteCursor cursor(bytes);
  for (std::size_t i = 0; i < kMaxHeaders; ++i) {
    ObjectHeader header;
    const HeaderResult result = NextHeader(cursor, with_data, header);
    if (result == HeaderResult::kEnd) return;
    TakeHeader(header, response, objects, out);
    if (result == HeaderResult::kHeader) continue;
    // A cut fragment ends somewhere: that is said already.
    if (!fragment.cut || result != HeaderResult::kTruncated) AddAnomaly(out, AnomalyOf(result));
    return;
  }
  if (cursor.remaining() != 0) AddAnomaly(out, "dnp3-too-many-objects");
}

void AddText(Transaction& out, std::string_view key, std::string_view words) {
  if (!words.empty()) AddDetail(out, key, words, kMaxObjectsText);
}

void AddLink(const Fragment& fragment, Transaction& out) {
  AddNumber(out, "source", fragment.source);
  AddNumber(out, "destination", fragment.destination);
}

// The IIN octets and what they refuse.
void DecodeIin(std::uint16_t iin, Transaction& out) {
  AddDetail(out, "iin", fmt::format("0x{:04x}", iin));
  if (iin != 0) AddDetail(out, "iin_bits", IinNames(iin), kMaxObjectsText);
  const std::uint8_t errors = iin & kIinErrors;
  if (errors == 0) return;
  out.status = TransactionStatus::kException;
  out.exception = errors;
}

void OpenLinkOnly(const Fragment& fragment, bool primary, std::uint8_t function, Transaction& out) {
  out.operation = LinkOperation(primary, function);
  out.code = function;
  out.unit = primary ? fragment.destination : fragment.source;
  AddDetail(out, "layer", "link");
  AddLink(fragment, out);
  AddNumber(out, "frames", fragment.frames);
  if (out.operation == "unknown_link_function") AddAnomaly(out, "dnp3-link-function");
}

void SetTechnique(const Objects& objects, Transaction& out) {
  std::int32_t sub = kAnySub;
  if (out.code == kWrite && objects.headers != 0) sub = objects.first.group;
  if (out.code == kOpenFile) {
    for (const auto& [key, text] : out.detail) {
      if (key == "file_mode" && text.size() == 1) sub = text[0] - '0';
    }
  }
  const Technique technique = FindTechnique(Techniques(), out.code, sub);
  out.command = technique.command;
  out.attack_technique = technique.id;
}

void SetRange(const Objects& objects, Transaction& out) {
  if (objects.headers == 0 || objects.first.all || objects.first.group == kFileGroup) return;
  if (objects.first.ranged) out.address = objects.first.first;
  ObjectWalk walk(objects.first);
  Object object;
  if (objects.first.index_bytes != 0 && walk.Next(object)) out.address = object.index;
  out.quantity = objects.first.count;
}

void AddControlResult(const Objects& objects, Transaction& out) {
  if (objects.controls.empty()) return;
  const std::string_view name = ControlStatusName(objects.failed_status);
  AddDetail(out, "control_status",
            name.empty() ? std::to_string(objects.failed_status) : std::string(name));
  if (objects.failed_status == 0 || out.status == TransactionStatus::kException) return;
  out.status = TransactionStatus::kException;
  out.exception = objects.failed_status;
}

void FlagControl(const AppHeader& app, Transaction& out) {
  if (!IsKnownFunction(app.function)) AddAnomaly(out, "dnp3-function");
  const bool unsolicited = app.function == kUnsolicitedResponse || app.function == kConfirm;
  if (app.unsolicited() && !unsolicited) AddAnomaly(out, "dnp3-unsolicited-bit");
}

// From the outstation, with nobody asking: "objects" are what it reports.
void OpenResponse(const Fragment& fragment, const AppHeader& app, Transaction& out) {
  out.unit = fragment.source;
  base::ByteCursor cursor(fragment.bytes.subspan(2));
  const std::uint16_t iin = cursor.U16Be();
  if (cursor.failed()) {
    if (!fragment.cut) AddAnomaly(out, "dnp3-no-iin");
    return;
  }
  Objects objects;
  TakeObjects(cursor.rest(), fragment, app, objects, out);
  AddText(out, "response_objects", objects.names);
  AddText(out, "controls", objects.controls);
  AddText(out, "points", objects.points);
  out.values = std::move(objects.values);
  DecodeIin(iin, out);
  AddControlResult(objects, out);
  SetRange(objects, out);
}

void OpenRequest(const Fragment& fragment, const AppHeader& app, Transaction& out) {
  out.unit = fragment.destination;
  if (fragment.destination >= kFirstBroadcast) AddNumber(out, "broadcast", 1);
  Objects objects;
  TakeObjects(fragment.bytes.subspan(2), fragment, app, objects, out);
  AddText(out, "objects", objects.names);
  AddText(out, "controls", objects.controls);
  AddText(out, "points", objects.points);
  out.values = std::move(objects.values);
  SetRange(objects, out);
  SetTechnique(objects, out);
}

}  // namespace

bool ReadAppHeader(base::Bytes fragment, AppHeader& header) {
  base::ByteCursor cursor(fragment);
  header.control = cursor.U8();
  header.function = cursor.U8();
  return !cursor.failed();
}

void DecodeOpening(const Fragment& fragment, Transaction& out) {
  if (fragment.link_only) {
    const std::uint8_t control = fragment.bytes.empty() ? 0 : fragment.bytes[0];
    return OpenLinkOnly(fragment, (control & 0x40) != 0, control & 0x0f, out);
  }
  AppHeader app;
  (void)ReadAppHeader(fragment.bytes, app);
  out.operation = FunctionName(app.function);
  out.code = app.function;
  AddLink(fragment, out);
  AddNumber(out, "sequence", app.sequence());
  if (app.confirm_wanted()) AddNumber(out, "confirm_wanted", 1);
  if (app.unsolicited()) AddNumber(out, "unsolicited", 1);
  FlagControl(app, out);
  if (IsRequest(app.function)) {
    OpenRequest(fragment, app, out);
  } else {
    OpenResponse(fragment, app, out);
  }
  if (!app.first()) AddNumber(out, "continued", 1);
  AddNumber(out, "frames", fragment.frames);
  if (fragment.cut) AddAnomaly(out, "truncated");
}

void DecodeAnswer(const Fragment& fragment, Transaction& out) {
  out.status = TransactionStatus::kOk;
  if (fragment.link_only) {
    const std::uint8_t function = fragment.bytes.empty() ? 0 : fragment.bytes[0] & 0x0f;
    AddDetail(out, "reply", LinkOperation(false, function));
    AddNumber(out, "reply_code", function);
    AddNumber(out, "reply_frames", fragment.frames);
    if (function == 0 || function == 11) return;
    out.status = TransactionStatus::kException;
    out.exception = function;
    return;
  }
  AppHeader app;
  (void)ReadAppHeader(fragment.bytes, app);
  AddNumber(out, "response_function", app.function);
  AddNumber(out, "response_frames", fragment.frames);
  FlagControl(app, out);
  if (fragment.cut) AddAnomaly(out, "truncated");
  base::ByteCursor cursor(fragment.bytes.subspan(2));
  const std::uint16_t iin = cursor.U16Be();
  if (cursor.failed()) {
    if (!fragment.cut) AddAnomaly(out, "dnp3-no-iin");
    return;
  }
  Objects objects;
  TakeObjects(cursor.rest(), fragment, app, objects, out);
  AddText(out, "response_objects", objects.names);
  if (objects.controls.empty()) AddText(out, "response_points", objects.points);
  DecodeIin(iin, out);
  AddControlResult(objects, out);
  if (!objects.values.empty() && !out.values.empty() && objects.values != out.values) {
    AddAnomaly(out, "dnp3-echo-mismatch");
  }
}

}  // namespace tapiary::capture::dnp3
