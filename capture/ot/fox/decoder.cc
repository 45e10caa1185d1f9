#include "capture/ot/fox/decoder.h"

#include <utility>

#include "capture/ot/detail.h"

namespace tapiary::capture::fox {
namespace {

constexpr std::string_view kService = "fox";
constexpr std::string_view kTruncated = "truncated";
constexpr std::uint64_t kHelloKey = 0;  // one a session

void Name(Transaction& out) {
  out.protocol = kService;
  out.operation = "hello";
  out.attack_technique = "T0888";
}

}  // namespace

FoxDecoder::FoxDecoder() : FramedDecoder(kFraming, kService, "fox-frame") {}

void FoxDecoder::OnMessage(bool from_client, const Pdu& pdu) {
  if (!IsFrame(pdu.bytes)) return;  // the rest of a long frame
  if (!IsHello(pdu.bytes)) return out().Count("fox.frame", 1);
  if (!from_client) {
    return exchange().OnResponse(OtResponse::Of(pdu, kHelloKey), out());
  }
  Transaction request;
  request.time_ns = pdu.first_ns;
  Name(request);
  DecodeHello(pdu.bytes, "client_", request);
  if (pdu.cut) AddAnomaly(request, kTruncated);
  exchange().OnRequest(kHelloKey, std::nullopt, 0, std::move(request), out());
}

void FoxDecoder::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) {
  if (!has_request) Name(out);
  DecodeHello(response.pdu, "", out);
  if (response.cut) AddAnomaly(out, kTruncated);
}

}  // namespace tapiary::capture::fox
