#include "capture/ot/enip/register.h"

#include <algorithm>

#include "capture/ot/cip/message.h"
#include "capture/ot/cip/techniques.h"
#include "capture/ot/enip/commands.h"
#include "capture/ot/enip/decoder.h"
#include "capture/ot/enip/items.h"
#include "capture/ot/enip/list_replies.h"
#include "capture/ot/recognise.h"

namespace tapiary::capture::enip {
namespace {

std::unique_ptr<OtDecoder> Make() {
  return std::make_unique<EnipDecoder>();
}

bool AllZero(base::Bytes bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

// Data: the CIP service tells who asks.
OtLook LookAtItems(base::Bytes body, bool whole) {
  const ItemList items = ReadItems(body.subspan(std::min(body.size(), kDataHeaderSize)));
  const bool certain = whole && items.complete && items.count > 0 && items.trailing == 0;
  if (whole && !certain) return OtLook::No();
  base::Bytes message;
  if (const Item* const data = items.Find(kUnconnectedDataItem)) message = data->data;
  if (const Item* const data = items.Find(kConnectedDataItem)) {
    message = data->data.subspan(std::min<std::size_t>(2, data->data.size()));
  }
  if (message.empty() || !cip::IsPlausibleMessage(message)) {
    return OtLook::Yes(true, true, certain);
  }
  const bool response = cip::IsResponse(message);
  return OtLook::Yes(!response, response, certain);
}

OtLook LookAtBody(const Header& header, base::Bytes body, bool whole) {
  switch (header.command) {
    case kSendRrData:
    case kSendUnitData:
      if (header.length == 0) return OtLook::Yes(header.status == 0, true);
      return LookAtItems(body, whole);
    case kRegisterSession: {
      const bool request = header.session == 0 && header.status == 0;
      const bool version = body.size() >= 4 && body[0] == 1 && body[1] == 0 && body[3] == 0;
      return OtLook::Yes(request, !request, version);
    }
    case kListIdentity:
    case kListServices:
    case kListInterfaces: {
      if (header.length == 0) return OtLook::Yes(true, false);
      const ItemList items = ReadItems(body);
      if (whole && (!items.complete || !items.plausible)) return OtLook::No();
      return OtLook::Yes(false, true, whole && items.count > 0);
    }
    default:
      return OtLook::Yes(true, true);
  }
}

// A command that nobody knows, or that says nearly nothing: an event on the usual port when it is
// framed to the byte and all that must be zero is.
OtLook JudgeOdd(base::Bytes bytes, const Header& header, bool datagram) {
  if (bytes.size() >= 2 && IsKnown(header.command) && header.command > kListTargets) {
    return OtLook::No();
  }
  const base::Bytes status = bytes.subspan(std::min<std::size_t>(bytes.size(), 8));
  const base::Bytes options = bytes.subspan(std::min<std::size_t>(bytes.size(), 20));
  if (!AllZero(status.first(std::min<std::size_t>(status.size(), 4)))) return OtLook::No();
  if (!AllZero(options.first(std::min<std::size_t>(options.size(), 4)))) return OtLook::No();
  if (bytes.size() < kHeaderSize) return datagram ? OtLook::No() : OtLook::More();
  if (bytes.size() != kHeaderSize + header.length) return OtLook::No();
  return OtLook::Yes(true, true);
}

// The first message of one side.
template <bool kUsualPort>
OtLook Judge(base::Bytes bytes, bool cut, bool datagram) {
  if (!kUsualPort && !IsKnown(bytes[0])) return OtLook::No();
  if (!kUsualPort && bytes.size() >= 2 && bytes[1] != 0) return OtLook::No();
  Header header;
  const PduFront front = ReadHeader(bytes, header);
  if (front.kind == PduFront::Kind::kBad) return OtLook::No();
  if (!LooksLikeMessage(bytes)) {
    return kUsualPort ? JudgeOdd(bytes, header, datagram) : OtLook::No();
  }
  if (front.kind == PduFront::Kind::kMore) return cut || datagram ? OtLook::No() : OtLook::More();
  const base::Bytes body = BodyOf(bytes, header);
  const bool whole = body.size() == header.length;
  if (!whole && !cut) return datagram ? OtLook::No() : OtLook::More();
  const base::Bytes behind = bytes.subspan(kHeaderSize + body.size());
  if (datagram && !behind.empty()) return OtLook::No();
  if (!behind.empty() && !LooksLikeMessage(behind)) return OtLook::No();
  return LookAtBody(header, body, whole);
}

OtRecognition Recognise(const OtGuess& guess) {
  return RecogniseBy(guess, guess.usual_port ? &Judge<true> : &Judge<false>);
}

}  // namespace

const OtProtocol kProtocol = {
    .service = kService,
    .ports = {44818},
    .tcp = true,
    .udp = true,
    .wrong_content = "not-enip-on-44818",
    .techniques = cip::Techniques(),
    .head = {{{0x00, 0x01, 0x04, 0x63, 0x64, 0x65, 0x66, 0x6f, 0x70, 0x72, 0x73, 0xc8}, {0}}},
    .recognise = &Recognise,
    .make = &Make,
};

}  // namespace tapiary::capture::enip
