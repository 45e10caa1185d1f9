#include "capture/ot/dnp3/decoder.h"

#include <utility>

#include "capture/ot/detail.h"
#include "capture/ot/dnp3/decode.h"
#include "capture/ot/dnp3/functions.h"

namespace tapiary::capture::dnp3 {
namespace {

constexpr std::string_view kService = "dnp3";
constexpr std::uint64_t kLinkKey = std::uint64_t{1} << 60;

// By asker, asked and sequence; the link layer has no sequence.
std::uint64_t PairKey(std::uint16_t asker, std::uint16_t asked, std::uint64_t rest) {
  return rest << 32 | std::uint64_t{asker} << 16 | asked;
}

// Counter names are static text: one a function.
constexpr std::string_view kPrimary[16] = {
    "dnp3.link_primary_0",  "dnp3.link_primary_1",  "dnp3.link_primary_2",  "dnp3.link_primary_3",
    "dnp3.link_primary_4",  "dnp3.link_primary_5",  "dnp3.link_primary_6",  "dnp3.link_primary_7",
    "dnp3.link_primary_8",  "dnp3.link_primary_9",  "dnp3.link_primary_10", "dnp3.link_primary_11",
    "dnp3.link_primary_12", "dnp3.link_primary_13", "dnp3.link_primary_14", "dnp3.link_primary_15",
};
constexpr std::string_view kSecondary[16] = {
    "dnp3.link_secondary_0",  "dnp3.link_secondary_1",  "dnp3.link_secondary_2",
    "dnp3.link_secondary_3",  "dnp3.link_secondary_4",  "dnp3.link_secondary_5",
    "dnp3.link_secondary_6",  "dnp3.link_secondary_7",  "dnp3.link_secondary_8",
    "dnp3.link_secondary_9",  "dnp3.link_secondary_10", "dnp3.link_secondary_11",
    "dnp3.link_secondary_12", "dnp3.link_secondary_13", "dnp3.link_secondary_14",
    "dnp3.link_secondary_15",
};

}  // namespace

Dnp3Decoder::Dnp3Decoder() : FramedDecoder(kFraming, kService, "dnp3-length") {}

void Dnp3Decoder::OnMessage(bool from_client, const Pdu& pdu) {
  LinkHeader header;
  if (ReadHeader(pdu.bytes, header).kind != PduFront::Kind::kPdu) return;
  CountFrame(header);
  if (!header.has_user_data()) return OnLinkService(header, from_client, pdu);
  if (header.function() == kConfirmedUserData) {
    AckWait& wait = ack_waits_[from_client ? 1 : 0][next_wait_++ % kAckWaits];
    wait = {1, header.source, header.destination};
  }
  UserData data;
  TakeUserData(pdu.bytes, header, data);
  if (data.damaged) return OnFault("dnp3-data-crc");
  if (data.size == 0) {
    if (!pdu.cut) OnFault("dnp3-no-data");
    return;
  }
  transport_.Take(data.view(), {&header, from_client, pdu.cut, pdu.first_ns, pdu.last_ns}, *this);
}

void Dnp3Decoder::CountFrame(const LinkHeader& header) {
  out().Count("dnp3.link_frames", 1);
  out().Count(header.primary() ? kPrimary[header.function()] : kSecondary[header.function()], 1);
}

// An acknowledgement of user data is no transaction.
bool Dnp3Decoder::TakesAck(const LinkHeader& header, bool from_client) {
  if (header.primary() || header.function() != kAck) return false;
  for (AckWait& wait : ack_waits_[from_client ? 0 : 1]) {
    const bool fits =
        wait.count != 0 && wait.source == header.destination && wait.destination == header.source;
    if (!fits) continue;
    wait.count = 0;
    return true;
  }
  return false;
}

void Dnp3Decoder::OnLinkService(const LinkHeader& header, bool from_client, const Pdu& pdu) {
  if (TakesAck(header, from_client)) return;
  Fragment fragment;
  fragment.source = header.source;
  fragment.destination = header.destination;
  fragment.frames = 1;
  fragment.link_only = true;
  fragment.from_client = from_client;
  fragment.bytes = base::Bytes(&header.control, 1);
  if (header.primary()) {
    const std::uint64_t key = kLinkKey | PairKey(header.source, header.destination, 0);
    return Ask(key, 1, fragment, pdu.first_ns);
  }
  const std::uint64_t key = kLinkKey | PairKey(header.destination, header.source, 0);
  Answer(key, 1, fragment, pdu.first_ns, pdu.last_ns);
}

void Dnp3Decoder::OnFragment(const Fragment& fragment, std::int64_t first_ns,
                             std::int64_t last_ns) {
  AppHeader app;
  if (!ReadAppHeader(fragment.bytes, app)) {
    if (!fragment.cut) OnFault("dnp3-fragment-short");
    return;
  }
  if (IsRequest(app.function)) {
    if (!IsAnswered(app.function) || fragment.destination >= kFirstBroadcast) {
      return EmitAlone(fragment, first_ns);
    }
    return Ask(PairKey(fragment.source, fragment.destination, app.sequence()), 0, fragment,
               first_ns);
  }
  // The later fragments of a long response have sequence numbers of their own.
  if (app.function == kUnsolicitedResponse || !app.first()) return EmitAlone(fragment, first_ns);
  Answer(PairKey(fragment.destination, fragment.source, app.sequence()), 0, fragment, first_ns,
         last_ns);
}

void Dnp3Decoder::Ask(std::uint64_t key, std::uint32_t kind, const Fragment& fragment,
                      std::int64_t time_ns) {
  Transaction request;
  request.protocol = kService;
  request.time_ns = time_ns;
  DecodeOpening(fragment, request);
  if (!fragment.from_client) AddDetail(request, "sent_by", "responder");
  exchange().OnRequest(key, std::nullopt, kind, std::move(request), out());
}

void Dnp3Decoder::Answer(std::uint64_t key, std::uint32_t kind, const Fragment& fragment,
                         std::int64_t first_ns, std::int64_t last_ns) {
  const std::vector<std::uint8_t> packed = Pack(fragment);
  OtResponse response;
  response.key = key;
  response.kind = kind;
  response.pdu = packed;
  response.cut = fragment.cut;
  response.first_ns = first_ns;
  response.last_ns = last_ns;
  exchange().OnResponse(response, out());
}

void Dnp3Decoder::EmitAlone(const Fragment& fragment, std::int64_t time_ns) {
  Transaction transaction;
  transaction.protocol = kService;
  transaction.time_ns = time_ns;
  DecodeOpening(fragment, transaction);
  AppHeader app;
  (void)ReadAppHeader(fragment.bytes, app);
  if (IsRequest(app.function) != fragment.from_client) {
    AddDetail(transaction, "sent_by", fragment.from_client ? "originator" : "responder");
  }
  transaction.status = TransactionStatus::kUnsolicited;
  out().Emit(std::move(transaction));
}

void Dnp3Decoder::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) {
  const Fragment fragment = Unpack(response.pdu);
  if (has_request) return DecodeAnswer(fragment, out);
  DecodeOpening(fragment, out);
}

std::size_t Dnp3Decoder::held_bytes() const {
  return FramedDecoder::held_bytes() + transport_.held_bytes();
}

bool Dnp3Decoder::GiveUpOldest(OtOutput& output) {
  const std::size_t begun = transport_.held_bytes();
  if (begun <= FramedDecoder::held_bytes() && FramedDecoder::GiveUpOldest(output)) return true;
  if (begun == 0) return false;
  for (const bool client : {true, false}) OnGap(client, 0, false, output);
  return true;
}

void Dnp3Decoder::OnLoss(bool from_client) {
  transport_.Lose(from_client, *this);
}

void Dnp3Decoder::OnFinish() {
  transport_.Finish(*this);
}

}  // namespace tapiary::capture::dnp3
