#include "capture/ot/iec104/decoder.h"

#include <algorithm>
#include <utility>

#include "capture/ot/detail.h"
#include "capture/ot/iec104/decode.h"

namespace tapiary::capture::iec104 {
namespace {

constexpr std::string_view kService = "iec104";
constexpr std::uint64_t kUKey = std::uint64_t{1} << 62;
constexpr std::uint64_t kDeactivationKey = std::uint64_t{1} << 61;
constexpr std::uint16_t kSequenceMask = 0x7fff;

// Without the common address: a station answers a command to all with its own.
std::uint64_t LooseKey(std::uint8_t type, std::uint32_t object, bool deactivation) {
  return (deactivation ? kDeactivationKey : 0) | std::uint64_t{type} << 24 | object;
}
std::uint64_t StrongKey(std::uint16_t common, std::uint64_t loose_key) {
  return loose_key | std::uint64_t{common} << 32;
}

std::uint32_t FirstObject(const Asdu& asdu) {
  ObjectWalk walk(asdu);
  InformationObject object;
  return walk.Next(object) ? object.address : 0;
}

bool IsAnswer(const Asdu& asdu) {
  return asdu.cause == kActivationCon || asdu.cause == kDeactivationCon ||
         (asdu.cause >= kUnknownType && asdu.cause <= kUnknownAddress);
}

bool IsQuestion(const Asdu& asdu) {
  if (asdu.type == 102) return asdu.cause == kRequest;
  return asdu.cause == kActivation || asdu.cause == kDeactivation;
}

Asdu AsduOf(const Pdu& pdu) {
  return ReadAsdu(pdu.bytes.subspan(std::min(pdu.bytes.size(), kHeaderSize)),
                  pdu.size - std::min(pdu.size, kHeaderSize));
}

Transaction NewTransaction(std::int64_t time_ns) {
  Transaction transaction;
  transaction.protocol = kService;
  transaction.time_ns = time_ns;
  return transaction;
}

}  // namespace

class Iec104Decoder::Held final : public OtOutput {
 public:
  Held(Iec104Decoder& decoder, std::uint64_t key) : decoder_(decoder), key_(key) {}
  void Emit(Transaction&& transaction) override {
    if (!IsTerminated(transaction)) return decoder_.out().Emit(std::move(transaction));
    std::optional<PendingTable::Entry> oldest =
        decoder_.confirmed_.Add({key_, LooseKeyOf(key_), std::move(transaction)});
    if (oldest) decoder_.out().Emit(std::move(oldest->request));
  }
  void Anomaly(std::string_view name) override { decoder_.out().Anomaly(name); }
  void Count(std::string_view name, std::uint64_t add) override { decoder_.out().Count(name, add); }

 private:
  static std::uint64_t LooseKeyOf(std::uint64_t key) { return key & 0xffffffff; }
  Iec104Decoder& decoder_;
  std::uint64_t key_;
};

Iec104Decoder::Iec104Decoder() : FramedDecoder(kFraming, kService, "iec104-length") {}

void Iec104Decoder::OnMessage(bool from_client, const Pdu& pdu) {
  Apci apci;
  if (ReadApci(pdu.bytes, apci).kind != PduFront::Kind::kPdu) return;
  switch (apci.format) {
    case Format::kI:
      out().Count("iec104.i_frames", 1);
      return OnIFrame(from_client, apci, pdu);
    case Format::kS:
      return out().Count("iec104.s_frames", 1);
    case Format::kU:
      out().Count("iec104.u_frames", 1);
      return OnUFrame(from_client, apci.control, pdu);
  }
}

void Iec104Decoder::CheckNumbers(bool from_client, const Apci& apci) {
  Numbers& numbers = numbers_[from_client ? 1 : 0];
  if (numbers.send_known && apci.send != numbers.send_next) out().Anomaly("iec104-sequence-jump");
  numbers.send_known = true;
  numbers.send_next = (apci.send + 1) & kSequenceMask;
}

void Iec104Decoder::OnIFrame(bool from_client, const Apci& apci, const Pdu& pdu) {
  CheckNumbers(from_client, apci);
  const Asdu asdu = AsduOf(pdu);
  if (!asdu.has_cause) return EmitAlone(from_client, asdu, pdu);
  const std::uint32_t object = FirstObject(asdu);
  const bool stop = asdu.cause == kDeactivation || asdu.cause == kDeactivationCon;
  const std::uint64_t loose_key = LooseKey(asdu.type, object, stop);
  const std::uint64_t key = StrongKey(asdu.common, loose_key);
  if (IsCommandType(asdu.type)) {
    if (asdu.cause == kTermination) return OnTermination(from_client, asdu, pdu);
    if (IsAnswer(asdu)) return Answer(key, loose_key, asdu.type, pdu);
    if (!IsQuestion(asdu)) return EmitAlone(from_client, asdu, pdu);
    Transaction request = NewTransaction(pdu.first_ns);
    DecodeOpening(asdu, true, request);
    if (pdu.cut) AddAnomaly(request, "truncated");
    if (!from_client) AddDetail(request, "sent_by", "responder");
    Held held(*this, key);
    return exchange().OnRequest(key, loose_key, asdu.type, std::move(request), held);
  }
  if (asdu.cause == kRequest && asdu.type < 45) {
    const std::uint64_t read = StrongKey(asdu.common, LooseKey(102, object, false));
    return Answer(read, std::nullopt, 102, pdu);
  }
  EmitAlone(from_client, asdu, pdu);
}

void Iec104Decoder::OnTermination(bool from_client, const Asdu& asdu, const Pdu& pdu) {
  const std::uint64_t loose_key = LooseKey(asdu.type, FirstObject(asdu), false);
  std::optional<Transaction> done = confirmed_.Take(StrongKey(asdu.common, loose_key));
  if (!done) done = confirmed_.TakeLoosely(loose_key);
  if (!done) return EmitAlone(from_client, asdu, pdu);
  DecodeTermination(asdu, *done);
  if (pdu.cut) AddAnomaly(*done, "truncated");
  out().Emit(std::move(*done));
}

void Iec104Decoder::EmitAlone(bool from_client, const Asdu& asdu, const Pdu& pdu) {
  Transaction transaction = NewTransaction(pdu.first_ns);
  // Of file transfers only those of the controlling station are orders.
  const bool order = from_client && asdu.type >= 120;
  DecodeOpening(asdu, order, transaction);
  if (pdu.cut) AddAnomaly(transaction, "truncated");
  if (from_client) AddDetail(transaction, "sent_by", "originator");
  transaction.status = TransactionStatus::kUnsolicited;
  out().Emit(std::move(transaction));
}

void Iec104Decoder::OnUFrame(bool from_client, std::uint8_t control, const Pdu& pdu) {
  const std::uint8_t act = ActOf(control);
  if (act == 0) {
    Transaction transaction = NewTransaction(pdu.first_ns);
    DecodeUFrame(control, transaction);
    transaction.status = TransactionStatus::kUnsolicited;
    return out().Emit(std::move(transaction));
  }
  const bool is_act = IsUAct(control);
  const bool asker = is_act == from_client;  // the client asks
  const std::uint64_t key = kUKey | (asker ? 0x100u : 0u) | act;
  if (!is_act) return Answer(key, std::nullopt, act, pdu);
  Transaction request = NewTransaction(pdu.first_ns);
  DecodeUFrame(control, request);
  if (!from_client) AddDetail(request, "sent_by", "responder");
  exchange().OnRequest(key, std::nullopt, act, std::move(request), out());
}

void Iec104Decoder::Answer(std::uint64_t key, std::optional<std::uint64_t> loose_key,
                           std::uint32_t kind, const Pdu& pdu) {
  OtResponse response = OtResponse::Of(pdu, key, kind);
  response.loose_key = loose_key;
  Held held(*this, key);
  exchange().OnResponse(response, held);
}

void Iec104Decoder::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) {
  Apci apci;
  Pdu pdu;
  pdu.bytes = response.pdu;
  pdu.size = ReadApci(response.pdu, apci).size;
  if (apci.format == Format::kU) {
    if (has_request) return DecodeUReply(out);
    return DecodeUFrame(apci.control, out);
  }
  const Asdu asdu = AsduOf(pdu);
  if (has_request) {
    DecodeReply(asdu, out);
  } else {
    DecodeOpening(asdu, IsCommandType(asdu.type), out);
  }
  if (response.cut) AddAnomaly(out, "truncated");
}

void Iec104Decoder::OnLoss(bool from_client) {
  numbers_[from_client ? 1 : 0].send_known = false;
}

void Iec104Decoder::OnExpire(std::int64_t now_ns) {
  if (now_ns == kTimeUnknown) return;
  while (std::optional<PendingTable::Entry> entry = confirmed_.TakeExpired(now_ns)) {
    out().Emit(std::move(entry->request));
  }
}

std::int64_t Iec104Decoder::next_due_ns() const {
  return std::min(FramedDecoder::next_due_ns(), confirmed_.next_due_ns());
}

std::size_t Iec104Decoder::held_bytes() const {
  return FramedDecoder::held_bytes() + confirmed_.held_bytes();
}

bool Iec104Decoder::GiveUpOldest(OtOutput& output) {
  if (FramedDecoder::GiveUpOldest(output)) return true;
  std::optional<PendingTable::Entry> oldest = confirmed_.TakeOldest();
  if (!oldest) return false;
  AddAnomaly(oldest->request, "pending-limit");
  output.Emit(std::move(oldest->request));
  return true;
}

void Iec104Decoder::OnFinish() {
  while (std::optional<PendingTable::Entry> done = confirmed_.TakeOldest()) {
    out().Emit(std::move(done->request));
  }
}

}  // namespace tapiary::capture::iec104
