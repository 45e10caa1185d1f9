#include "capture/ot/mms/user.h"

#include <utility>

#include "capture/ot/detail.h"
#include "capture/ot/mms/decode.h"
#include "capture/ot/mms/pdu.h"

namespace tapiary::capture::mms {
namespace {

using iso::User;

constexpr std::string_view kService = "mms";

// Ids of what has no invoke id.
constexpr std::uint64_t kInitiateId = 1ull << 32;
constexpr std::uint64_t kConcludeId = 2ull << 32;
constexpr std::uint64_t kReleaseId = 3ull << 32;
constexpr std::uint64_t kCancelId = 4ull << 32;
constexpr std::uint64_t kNobodysId = 5ull << 32;  // an answer that does not say to what

Transaction Begin(const iso::Tsdu& tsdu, std::string_view operation, std::int32_t code) {
  Transaction out;
  out.protocol = kService;
  out.time_ns = tsdu.first_ns;
  out.operation = operation;
  out.code = code;
  if (tsdu.cut) AddAnomaly(out, "truncated");
  return out;
}

void Emit(const iso::Call& call, Transaction&& out) {
  out.status = TransactionStatus::kUnsolicited;
  if (!call.from_client) AddDetail(out, "asked_by", "server");
  call.out.Emit(std::move(out));
}

void OnConfirmedRequest(const iso::Call& call, const iso::Tsdu& tsdu, base::Bytes pdu) {
  const Service service = ReadService(pdu);
  Transaction out = Begin(tsdu, {}, 0);
  DecodeRequest(service, out);
  if (service.invoke_id) AddNumber(out, "invoke_id", *service.invoke_id);
  iso::Ask(call, User::kMms, service.invoke_id.value_or(0), service.tag, std::move(out));
}

// A reject without invoke id tells by its reason what it rejects.
std::uint64_t RejectedId(base::Bytes pdu) {
  base::Bytes rest = pdu;
  const std::optional<BerElement> outer = TakeElement(rest);
  if (!outer) return kNobodysId;
  base::Bytes inside = outer->content;
  const std::optional<BerElement> reason = TakeElement(inside);
  if (!reason) return kNobodysId;
  if (reason->number >= 9 && reason->number <= 11) return kConcludeId;
  return reason->number >= 6 && reason->number <= 8 ? kCancelId : kNobodysId;
}

void OnConfirmedAnswer(const iso::Call& call, const iso::Tsdu& tsdu, base::Bytes pdu) {
  const Service service = ReadService(pdu);
  std::uint64_t id = kNobodysId;
  if (service.invoke_id) {
    id = *service.invoke_id;
  } else if (pdu[0] == kReject) {
    id = RejectedId(pdu);
  }
  iso::Answer(call, User::kMms, id, service.tag, tsdu);
}

// Who asks to conclude waits for nothing else.
void NoteConclude(bool from_client, std::uint8_t pdu, bool (&concluding)[2]) {
  if (pdu == kConcludeRequest) concluding[from_client ? 1 : 0] = true;
  if (pdu == kConcludeResponse || pdu == kConcludeError) concluding[from_client ? 0 : 1] = false;
}

void OnPdu(const iso::Call& call, const iso::Tsdu& tsdu, base::Bytes pdu) {
  switch (pdu[0]) {
    case kConfirmedRequest:
      return OnConfirmedRequest(call, tsdu, pdu);
    case kConfirmedResponse:
    case kConfirmedError:
    case kReject:
      return OnConfirmedAnswer(call, tsdu, pdu);
    case kInitiateRequest: {
      Transaction out = Begin(tsdu, "initiate", kInitiateCode);
      DecodeInitiate(pdu, false, out);
      return iso::Ask(call, User::kMms, kInitiateId, 0, std::move(out));
    }
    case kInitiateResponse:
    case kInitiateError:
      return iso::Answer(call, User::kMms, kInitiateId, 0, tsdu);
    case kConcludeRequest:
      return iso::Ask(call, User::kMms, kConcludeId, 0, Begin(tsdu, "conclude", kConcludeCode));
    case kConcludeResponse:
    case kConcludeError:
      return iso::Answer(call, User::kMms, kConcludeId, 0, tsdu);
    case kCancelRequest:
      return iso::Ask(call, User::kMms, kCancelId, 0, Begin(tsdu, "cancel", kCancelRequest));
    case kCancelResponse:
    case kCancelError:
      return iso::Answer(call, User::kMms, kCancelId, 0, tsdu);
    default: {
      Transaction out = Begin(tsdu, {}, 0);
      DecodeUnconfirmed(pdu, out);
      return Emit(call, std::move(out));
    }
  }
}

void OnConnect(const iso::Call& call, const iso::Tsdu& tsdu, const Unwrapped& message) {
  const bool initiate = !message.mms.empty();
  Transaction out =
      Begin(tsdu, initiate ? "initiate" : "associate", initiate ? kInitiateCode : kAssociateCode);
  DecodeAssociate(message.acse, out);
  if (initiate) DecodeInitiate(message.mms, false, out);
  iso::Ask(call, User::kMms, kInitiateId, 0, std::move(out));
}

}  // namespace

void MmsUser::OnTsdu(const iso::Call& call, const iso::Tsdu& tsdu) {
  const Unwrapped message = Unwrap(tsdu.bytes);
  switch (message.layer) {
    case Layer::kMms:
      NoteConclude(call.from_client, message.mms[0], concluding_);
      return OnPdu(call, tsdu, message.mms);
    case Layer::kConnect:
      return OnConnect(call, tsdu, message);
    case Layer::kAccept:
    case Layer::kRefuse:
      return iso::Answer(call, User::kMms, kInitiateId, 0, tsdu);
    case Layer::kRelease:
      return iso::Ask(call, User::kMms, kReleaseId, 0, Begin(tsdu, "release", kReleaseCode));
    case Layer::kReleased:
      return iso::Answer(call, User::kMms, kReleaseId, 0, tsdu);
    case Layer::kAbort:
      return Emit(call, Begin(tsdu, "abort", kAbortCode));
    case Layer::kNone:
      call.out.Anomaly("mms-session");
      return;
  }
}

void MmsUser::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) const {
  const Unwrapped message = Unwrap(response.pdu);
  out.status = TransactionStatus::kOk;
  const bool asked_by_client = iso::AskedByClient(response.key);
  const bool nobodys = response.key == iso::MakeKey(User::kMms, asked_by_client, kNobodysId);
  if (!has_request && concluding_[asked_by_client ? 1 : 0]) AddAnomaly(out, "mms-answer-kind");
  if (nobodys && message.layer == Layer::kMms && message.mms[0] != kReject) {
    AddAnomaly(out, "mms-invoke-id");
  }
  if (response.cut) AddAnomaly(out, "truncated");
  switch (message.layer) {
    case Layer::kMms:
      return DecodeAnswer(message.mms, has_request, out);
    case Layer::kAccept:
      if (!message.mms.empty()) return DecodeAnswer(message.mms, has_request, out);
      break;
    case Layer::kRefuse:
      out.status = TransactionStatus::kException;
      out.exception = message.refused;
      if (!out.exception) AddAnomaly(out, "mms-no-error-code");
      break;
    default:
      break;
  }
  if (has_request) return;
  const bool release = message.layer == Layer::kReleased;
  out.code = release ? kReleaseCode : kAssociateCode;
  out.operation = release ? "release" : "associate";
}

}  // namespace tapiary::capture::mms
