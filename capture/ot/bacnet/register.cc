#include "capture/ot/bacnet/register.h"

#include "capture/ot/bacnet/apdu.h"
#include "capture/ot/bacnet/decoder.h"
#include "capture/ot/bacnet/network.h"
#include "capture/ot/bacnet/techniques.h"
#include "capture/ot/recognise.h"

namespace tapiary::capture::bacnet {
namespace {

std::unique_ptr<OtDecoder> Make() {
  return std::make_unique<BacnetDecoder>();
}

constexpr std::uint8_t kMaxConfirmed = 33;
constexpr std::uint8_t kMaxUnconfirmed = 14;
constexpr std::uint8_t kMaxNetworkMessage = 0x13;

bool IsPlausible(const Apdu& apdu) {
  switch (apdu.type) {
    case kConfirmedRequest:
    case kSimpleAck:
    case kComplexAck:
    case kError:
      return apdu.service <= kMaxConfirmed;
    case kUnconfirmedRequest:
      return apdu.service <= kMaxUnconfirmed;
    default:
      return true;
  }
}

// BVLC messages of their own have bodies of known sizes.
bool FitsBody(const Bvlc& bvlc) {
  const std::size_t size = bvlc.rest.size();
  const bool ipv6 = bvlc.layer == Layer::kIpv6;
  switch (bvlc.function) {
    case kResult:
    case kRegisterForeignDevice:
      return size == (ipv6 ? 5u : 2u);
    case kReadBdt:
    case kReadFdt:
      return size == 0;
    case kWriteBdt:
    case kReadBdtAck:
    case kReadFdtAck:
      return size % 10 == 0;
    case kDeleteFdtEntry:
      return size == (ipv6 ? 21u : 6u);
    default:
      return ipv6 && size > 0;
  }
}

OtLook Judge(base::Bytes bytes, bool cut, bool) {
  if (bytes.empty() || (bytes[0] != 0x81 && bytes[0] != 0x82)) return OtLook::No();
  const Bvlc bvlc = ReadBvlc(bytes);
  if (bvlc.layer == Layer::kNone) return OtLook::No();
  if (bvlc.size != bytes.size() && !(cut && bvlc.size > bytes.size())) return OtLook::No();
  if (!bvlc.with_npdu) return FitsBody(bvlc) || cut ? OtLook::Yes(true, true) : OtLook::No();
  const Npdu npdu = ReadNpdu(bvlc.rest);
  if (!npdu.valid) return OtLook::No();
  if (npdu.is_network_message()) {
    const bool known = npdu.message <= kMaxNetworkMessage || npdu.message >= 0x80;
    return known ? OtLook::Yes(true, true, true) : OtLook::No();
  }
  const Apdu apdu = ReadApdu(npdu.rest);
  return apdu.valid && IsPlausible(apdu) ? OtLook::Yes(true, true, true) : OtLook::No();
}

// 1: the sender asks, -1: it is asked, 0: not told. Notifications are requests of the device that
// is watched.
int Asks(base::Bytes bytes) {
  const Bvlc bvlc = ReadBvlc(bytes);
  if (bvlc.layer == Layer::kNone) return 0;
  if (!bvlc.with_npdu) return bvlc.function == kResult ? -1 : 1;
  const Npdu npdu = ReadNpdu(bvlc.rest);
  if (!npdu.valid || npdu.is_network_message()) return 0;
  const Apdu apdu = ReadApdu(npdu.rest);
  if (!apdu.valid) return 0;
  if (apdu.type == kUnconfirmedRequest) {
    // To one receiver, i-am, i-have and notifications come from the device that is asked or
    // watched.
    const bool unicast = bvlc.function == kOriginalUnicast && bvlc.layer != Layer::kLlc &&
                         !(npdu.has_dest && npdu.dest_address.empty());
    return unicast && apdu.service <= 3 ? -1 : 0;
  }
  if (apdu.type == kAbort || apdu.type == kSegmentAck) return apdu.from_server ? -1 : 1;
  const bool notifies = apdu.service == 1 || apdu.service == 2 || apdu.service == 31;
  const int asks = apdu.type == kConfirmedRequest ? 1 : -1;
  if (apdu.type == kReject) return -1;  // no service in it
  return notifies ? -asks : asks;
}

}  // namespace

OtRecognition Recognise(const OtGuess& guess) {
  OtRecognition out = RecogniseBy(guess, &Judge);
  if (out.verdict != OtVerdict::kYes) return out;
  const int zero = guess.bytes[0].empty() ? 0 : Asks(guess.bytes[0]);
  const int one = guess.bytes[1].empty() ? 0 : Asks(guess.bytes[1]);
  if (zero != one) out.client_side = zero > one ? 0 : 1;
  return out;
}

const OtProtocol kProtocol = {
    .service = "bacnet",
    .ports = {47808, 47809, 47810, 47811},
    .udp = true,
    .llc = true,
    .wrong_content = "not-bacnet-on-47808",
    .techniques = Techniques(),
    .head = {{{0x81, 0x82}}},
    .recognise = &Recognise,
    .make = &Make,
};

}  // namespace tapiary::capture::bacnet
