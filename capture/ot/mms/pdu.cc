#include "capture/ot/mms/pdu.h"

#include <algorithm>
#include <iterator>

namespace tapiary::capture::mms {
namespace {

constexpr std::uint8_t kSessionConnect = 0x0d;
constexpr std::uint8_t kSessionAccept = 0x0e;
constexpr std::uint8_t kSessionRefuse = 0x0c;
constexpr std::uint8_t kSessionFinish = 0x09;
constexpr std::uint8_t kSessionDisconnect = 0x0a;
constexpr std::uint8_t kSessionAbort = 0x19;
constexpr std::uint8_t kUserData = 0xc1;
constexpr std::uint8_t kExtendedUserData = 0xc2;
constexpr std::uint8_t kReasonCode = 50;

bool IsMmsPdu(std::uint8_t first) {
  return (first >= kConfirmedRequest && first <= kReject) || first == kCancelRequest ||
         first == kCancelResponse || (first >= kCancelError && first <= kInitiateError) ||
         first == kConcludeRequest || first == kConcludeResponse || first == kConcludeError;
}

std::size_t SessionLength(base::ByteCursor& cursor) {
  const std::size_t length = cursor.U8();
  return length == 0xff ? cursor.U16Be() : length;
}

// The first of a session PDU's parameters that has one of two codes; empty when there is none.
base::Bytes SessionParameter(base::Bytes parameters, std::uint8_t wanted, std::uint8_t or_this) {
  base::ByteCursor cursor(parameters);
  while (cursor.remaining() >= 2) {
    const std::uint8_t code = cursor.U8();
    const std::size_t length = SessionLength(cursor);
    const base::Bytes value = cursor.Take(std::min(length, cursor.remaining()));
    if (code == wanted || code == or_this) return value;
  }
  return {};
}

Unwrapped FromRefuse(base::Bytes parameters) {
  Unwrapped out;
  out.layer = Layer::kRefuse;
  const base::Bytes reason = SessionParameter(parameters, kReasonCode, kReasonCode);
  if (!reason.empty()) out.refused = reason[0];
  return out;
}

// Fully encoded user data (0x61): the first presentation data value, header and all.
base::Bytes DataValue(base::Bytes presentation) {
  const std::optional<BerElement> data = FindElement(presentation, 0x61);
  if (!data) return {};
  const std::optional<BerElement> list = FindElement(data->content, 0x30);
  if (!list) return {};
  const std::optional<BerElement> value = FindElement(list->content, 0xa0);
  return value ? value->content : base::Bytes{};
}

// The bytes of the first element, header and all.
base::Bytes WholeElement(base::Bytes bytes) {
  base::Bytes rest = bytes;
  if (!TakeElement(rest)) return {};
  return bytes.first(bytes.size() - rest.size());
}

// MMS in the user information (0xbe) of AARQ and AARE: an EXTERNAL.
base::Bytes UserInformation(base::Bytes acse) {
  const std::optional<BerElement> information = FindElement(acse, 0xbe);
  if (!information) return {};
  const std::optional<BerElement> external = FindElement(information->content, 0x28);
  if (!external) return {};
  const std::optional<BerElement> value = FindElement(external->content, 0xa0);
  return value ? WholeElement(value->content) : base::Bytes{};
}

Layer AcseLayer(std::uint8_t first) {
  switch (first) {
    case 0x60:
      return Layer::kConnect;
    case 0x61:
      return Layer::kAccept;
    case 0x62:
      return Layer::kRelease;
    case 0x63:
      return Layer::kReleased;
    case 0x64:
      return Layer::kAbort;
    default:
      return Layer::kNone;
  }
}

Unwrapped FromAcse(const BerElement& element, Layer layer) {
  Unwrapped out;
  out.layer = layer;
  out.acse = element.content;
  if (layer == Layer::kConnect || layer == Layer::kAccept)
    out.mms = UserInformation(element.content);
  return out;
}

// CONNECT and ACCEPT: a presentation set (0x31), normal mode parameters (0xa2), user data.
Unwrapped FromSetUp(base::Bytes user_data, Layer layer) {
  Unwrapped out;
  out.layer = layer;
  const std::optional<BerElement> set = FindElement(user_data, 0x31);
  if (!set) return out;
  const std::optional<BerElement> parameters = FindElement(set->content, 0xa2);
  if (!parameters) return out;
  base::Bytes data = DataValue(parameters->content);
  const std::optional<BerElement> value = TakeElement(data);
  if (!value || AcseLayer(value->tag) != layer) return out;
  return FromAcse(*value, layer);
}

Unwrapped FromData(base::Bytes presentation) {
  const base::Bytes data = DataValue(presentation);
  base::Bytes rest = data;
  const std::optional<BerElement> value = TakeElement(rest);
  if (!value) return {};
  if (IsMmsPdu(value->tag)) return {Layer::kMms, {}, data.first(data.size() - rest.size())};
  const Layer layer = AcseLayer(value->tag);
  return layer == Layer::kNone ? Unwrapped{} : FromAcse(*value, layer);
}

Unwrapped FromSession(base::Bytes message) {
  base::ByteCursor cursor(message);
  const std::uint8_t kind = cursor.U8();
  const std::size_t length = SessionLength(cursor);
  const base::Bytes parameters = cursor.Take(std::min(length, cursor.remaining()));
  const base::Bytes user_data = SessionParameter(parameters, kUserData, kExtendedUserData);
  switch (kind) {
    case kSessionConnect:
      return FromSetUp(user_data, Layer::kConnect);
    case kSessionAccept:
      return FromSetUp(user_data, Layer::kAccept);
    case kSessionRefuse:
      return FromRefuse(parameters);
    case kSessionAbort:
      return {Layer::kAbort, {}, {}};
    case kSessionFinish:
    case kSessionDisconnect: {
      Unwrapped out = FromData(user_data);
      if (out.layer == Layer::kNone) {
        out.layer = kind == kSessionFinish ? Layer::kRelease : Layer::kReleased;
      }
      return out;
    }
    default:
      return {};
  }
}

bool IsDataTransfer(base::Bytes message) {
  return message.size() >= 4 && message[0] == 1 && message[1] == 0 && message[2] == 1 &&
         message[3] == 0;
}

// The abstract syntax of MMS, 1.0.9506.2.1, is named in every association request and, as a
// reply to it, nothing like it stands in the answer.
bool NamesMms(base::Bytes bytes) {
  static constexpr std::uint8_t kSyntax[] = {0x06, 0x05, 0x28, 0xca, 0x22, 0x02, 0x01};
  const base::Bytes front = bytes.first(std::min<std::size_t>(bytes.size(), 512));
  return std::search(front.begin(), front.end(), std::begin(kSyntax), std::end(kSyntax)) !=
         front.end();
}

Look LookOf(std::uint8_t pdu) {
  const bool answer = pdu == kConfirmedResponse || pdu == kConfirmedError ||
                      pdu == kInitiateResponse || pdu == kInitiateError ||
                      pdu == kConcludeResponse || pdu == kConcludeError || pdu == kUnconfirmed;
  const bool ask = pdu == kConfirmedRequest || pdu == kInitiateRequest || pdu == kConcludeRequest;
  return {true, !answer, !ask};
}

// MMS without session: only PDUs that are framed to the byte and begin as they must.
Look LookAtBare(base::Bytes bytes, std::size_t size) {
  if (!IsMmsPdu(bytes[0])) return {};
  base::Bytes rest = bytes;
  const std::optional<BerElement> element = TakeElement(rest);
  if (!element || bytes.size() != size || element->cut || !rest.empty()) return {};
  const bool conclude = bytes[0] == kConcludeRequest || bytes[0] == kConcludeResponse;
  if (conclude) return {};  // two bytes prove nothing
  base::Bytes inside = element->content;
  const std::optional<BerElement> first = TakeElement(inside);
  if (!first || first->cut) return {};
  const bool confirmed = bytes[0] == kConfirmedRequest || bytes[0] == kConfirmedResponse;
  const bool initiate = bytes[0] == kInitiateRequest || bytes[0] == kInitiateResponse;
  if (confirmed && first->tag == 0x02 && !inside.empty()) return LookOf(bytes[0]);
  if (initiate && FindElement(element->content, 0xa4)) return LookOf(bytes[0]);
  return {};
}

}  // namespace

Unwrapped Unwrap(base::Bytes message) {
  if (message.empty()) return {};
  if (IsMmsPdu(message[0])) return {Layer::kMms, {}, message};
  if (IsDataTransfer(message)) return FromData(message.subspan(4));
  return FromSession(message);
}

Look LookAt(base::Bytes bytes, std::size_t size) {
  if (bytes.size() < 4) return {};
  if (IsDataTransfer(bytes)) {
    const Unwrapped found = FromData(bytes.subspan(4));
    const bool mms = found.layer == Layer::kMms && !found.mms.empty();
    return mms ? LookOf(found.mms[0]) : Look{};
  }
  if (bytes[0] != kSessionConnect && bytes[0] != kSessionAccept) return LookAtBare(bytes, size);
  base::ByteCursor cursor(bytes);
  cursor.Skip(1);
  const std::size_t length = SessionLength(cursor);
  if (size != SIZE_MAX && cursor.offset() + length != size) return {};
  if (bytes[0] == kSessionConnect) return NamesMms(bytes) ? Look{true, true, false} : Look{};
  const Unwrapped found = FromSession(bytes);
  const bool mms = !found.mms.empty() && IsMmsPdu(found.mms[0]);
  return mms ? Look{true, false, true} : Look{};
}

}  // namespace tapiary::capture::mms
