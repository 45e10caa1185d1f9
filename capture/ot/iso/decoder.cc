#include "capture/ot/iso/decoder.h"

#include <memory>

#include "capture/ot/detail.h"
#include "capture/ot/iso/look.h"
#include "capture/ot/s7plus/message.h"

namespace tapiary::capture::iso {
namespace {

constexpr std::string_view kService = "cotp";
constexpr std::string_view kMms = "mms";

std::string_view CounterOf(TpduType type) {
  switch (type) {
    case TpduType::kConnectRequest:
      return "cotp.cr";
    case TpduType::kConnectConfirm:
      return "cotp.cc";
    case TpduType::kDisconnectRequest:
      return "cotp.dr";
    case TpduType::kDisconnectConfirm:
      return "cotp.dc";
    case TpduType::kError:
      return "cotp.er";
    case TpduType::kData:
      return "cotp.dt";
    case TpduType::kExpeditedData:
    case TpduType::kExpeditedAck:
    case TpduType::kReject:
    case TpduType::kDataAck:
      return "cotp.other";
  }
  return "cotp.other";
}

}  // namespace

IsoDecoder::IsoDecoder() : FramedDecoder(kFraming, kService, "cotp-length") {}

void IsoDecoder::OnMessage(bool from_client, const Pdu& pdu) {
  const Tpdu tpdu = ReadTpdu(pdu.bytes);
  out().Count(CounterOf(tpdu.type), 1);
  const Call call{from_client, exchange(), out()};
  switch (tpdu.type) {
    case TpduType::kData:
      if (const auto tsdu = messages_[from_client ? 0 : 1].Add(tpdu, pdu)) OnTsdu(call, *tsdu);
      return;
    case TpduType::kConnectRequest:
    case TpduType::kConnectConfirm:
    case TpduType::kDisconnectRequest:
    case TpduType::kDisconnectConfirm:
    case TpduType::kError:
      connection_.OnTpdu(call, tpdu, pdu);
      return;
    default:
      return;  // expedited data and acknowledgements do not belong to class 0
  }
}

void IsoDecoder::OnTsdu(const Call& call, const Tsdu& tsdu) {
  if (tsdu.bytes.empty()) return;
  bool& lost = lost_[call.from_client ? 0 : 1];
  const std::size_t size = tsdu.cut ? SIZE_MAX : tsdu.bytes.size();
  const std::uint8_t first = tsdu.bytes[0];
  const bool siemens = first == s7comm::kMagic || first == s7plus::kMagic;
  const bool judge = lost || (!siemens && service_ != kMms);
  const User user = judge ? UserOfMessage(tsdu.bytes, size).user : User::kNone;
  // Behind a hole it may be the end of a message whose begin is lost: it must look right.
  if (lost && user == User::kNone) return out().Count("cotp.after_loss", 1);
  lost = false;
  if (first == s7comm::kMagic && service_ != kMms) {
    if (s7_.OnTsdu(call, tsdu)) Found("s7comm", false);
  } else if (first == s7plus::kMagic && service_ != kMms) {
    if (s7plus_.OnTsdu(call, tsdu)) Found("s7comm-plus", true);
  } else if (user == User::kMms || service_ == kMms) {
    mms_.OnTsdu(call, tsdu);
    Found(kMms, false);
  } else {
    out().Count("cotp.unknown_messages", 1);
  }
}

// S7comm-plus begins with S7comm on some controllers, so it counts more.
void IsoDecoder::Found(std::string_view service, bool strong) {
  if (service_ == kService || (strong && service_ == "s7comm")) service_ = service;
}

std::size_t IsoDecoder::held_bytes() const {
  return FramedDecoder::held_bytes() + messages_[0].held_bytes() + messages_[1].held_bytes();
}

bool IsoDecoder::GiveUpOldest(OtOutput& output) {
  const bool client = messages_[0].held_bytes() >= messages_[1].held_bytes();
  const std::size_t begun = messages_[client ? 0 : 1].held_bytes();
  if (begun <= FramedDecoder::held_bytes() && FramedDecoder::GiveUpOldest(output)) return true;
  if (begun == 0) return false;
  OnGap(client, 0, false, output);
  return messages_[client ? 0 : 1].held_bytes() < begun;
}

void IsoDecoder::OnLoss(bool from_client) {
  const int side = from_client ? 0 : 1;
  if (messages_[side].Drop()) out().Count("cotp.incomplete_messages", 1);
  lost_[side] = true;
  s7_.OnLoss(from_client);
  s7plus_.OnLoss(from_client);
}

void IsoDecoder::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) {
  // Told apart from what nobody asks for.
  switch (UserOf(response.key)) {
    case User::kConnection:
      return Connection::DecodeResponse(response, has_request, out);
    case User::kS7:
      if (!has_request) out.protocol = "s7comm";
      return s7_.DecodeResponse(response, has_request, out);
    case User::kS7Plus:
      if (!has_request) out.protocol = "s7comm-plus";
      return s7plus::S7PlusUser::DecodeResponse(response, has_request, out);
    case User::kMms:
      if (!has_request) out.protocol = "mms";
      return mms_.DecodeResponse(response, has_request, out);
    case User::kNone:
      return;
  }
}

std::unique_ptr<OtDecoder> MakeIsoDecoder() {
  return std::make_unique<IsoDecoder>();
}

}  // namespace tapiary::capture::iso
