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

void OnConfirmedAnswer(const iso::Call& call, const iso::Tsdu& tsdu, base::Bytes pdu) {
  const Service service = ReadService(pdu);
  iso::Answer(call, User::kMms, service.invoke_id.value_or(0), service.tag, tsdu);
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

void MmsUser::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) {
  const Unwrapped message = Unwrap(response.pdu);
  out.status = TransactionStatus::kOk;
  if (response.cut) AddAnomaly(out, "truncated");
  switch (message.layer) {
    case Layer::kMms:
      return DecodeAnswer(message.mms, has_request, out);
    case Layer::kAccept:
      if (!message.mms.empty()) return DecodeAnswer(message.mms, has_request, out);
      break;
    case Layer::kRefuse:
      out.status = TransactionStatus::kException;
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
