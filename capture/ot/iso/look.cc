#include "capture/ot/iso/look.h"

#include <algorithm>

#include "capture/ot/iso/connection.h"
#include "capture/ot/mms/pdu.h"
#include "capture/ot/s7comm/message.h"
#include "capture/ot/s7plus/message.h"

namespace tapiary::capture::iso {
namespace {

constexpr int kMaxTpdus = 8;
constexpr std::size_t kEnough = 64;  // of a message, to tell without its end

bool IsConnection(TpduType type) {
  return type == TpduType::kConnectRequest || type == TpduType::kConnectConfirm;
}

// kMore: this TPDU tells nothing, the next one may.
OtLook LookAtSetUp(const Tpdu& tpdu) {
  const ConnectLook connect = LookAtConnect(tpdu);
  if (!connect.possible) return OtLook::No();
  const bool request = tpdu.type == TpduType::kConnectRequest;
  return connect.strong ? OtLook::Yes(request, !request) : OtLook::More();
}

}  // namespace

MessageLook UserOfMessage(base::Bytes bytes, std::size_t size) {
  MessageLook out;
  if (bytes.empty()) return out;
  if (bytes[0] == s7comm::kMagic) {
    // Of a message whose size nobody knows, the header's own size must do.
    const s7comm::Look look = s7comm::LookAt(bytes, size);
    if (look.possible) out = {User::kS7, look.request, look.response};
  } else if (bytes[0] == s7plus::kMagic) {
    const s7plus::Look look = s7plus::LookAt(bytes, size);
    if (look.possible) out = {User::kS7Plus, look.request, look.response};
  } else {
    const mms::Look look = mms::LookAt(bytes, size);
    if (look.possible) out = {User::kMms, look.request, look.response};
  }
  return out;
}

StreamLook LookAtStream(base::Bytes bytes, bool cut) {
  StreamLook out;
  if (bytes.empty() || bytes[0] != 3) return out;
  out.look = OtLook::More();
  for (int i = 0; i < kMaxTpdus && !bytes.empty(); ++i) {
    const PduFront front = ReadTpkt(bytes);
    if (front.kind == PduFront::Kind::kBad) return {};
    if (front.kind == PduFront::Kind::kMore) return cut && i == 0 ? StreamLook{} : out;
    const bool complete = bytes.size() >= front.size;
    const base::Bytes one = bytes.first(std::min(bytes.size(), front.size));
    const Tpdu tpdu = ReadTpdu(one);
    bytes = bytes.subspan(one.size());
    if (!complete && !cut && tpdu.payload.size() < kEnough) return out;
    if (IsConnection(tpdu.type)) {
      const OtLook look = LookAtSetUp(tpdu);
      if (look.verdict == OtVerdict::kNo) return {};
      if (look.verdict == OtVerdict::kYes) out = {look, User::kConnection};
    } else if (tpdu.type == TpduType::kData && !(tpdu.payload.empty() && complete)) {
      const std::size_t size =
          tpdu.end ? tpdu.payload.size() + (front.size - one.size()) : SIZE_MAX;
      const MessageLook message = UserOfMessage(tpdu.payload, size);
      if (message.user == User::kNone) {
        // Set up as ours, but then something else.
        return out.user == User::kConnection ? out : StreamLook{};
      }
      const bool sure = out.user == User::kConnection;  // then the set-up told who asks
      const bool request = sure ? out.look.request : message.request;
      const bool response = sure ? out.look.response : message.response;
      return {OtLook::Yes(request, response, true), message.user};
    }
  }
  return out;
}

}  // namespace tapiary::capture::iso
