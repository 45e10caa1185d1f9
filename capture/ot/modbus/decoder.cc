#include "capture/ot/modbus/decoder.h"

#include <algorithm>
#include <utility>

#include "capture/ot/modbus/decode.h"
#include "capture/ot/modbus/functions.h"

namespace tapiary::capture::modbus {
namespace {

constexpr std::size_t kMaxEarly = 8;
constexpr std::int64_t kEarlyNs = 10 * base::kNanosPerMilli;

std::uint64_t LooseKey(const Header& header) {
  return header.transaction;
}
std::uint64_t PairKey(const Header& header) {
  return (static_cast<std::uint64_t>(header.unit) << 16) | header.transaction;
}

}  // namespace

void ModbusDecoder::OnBytes(bool from_client, base::Bytes bytes, std::int64_t time_ns,
                            OtOutput& out) {
  out_ = &out;
  request_side_ = from_client;
  Expire(time_ns, out);  // first: what is late is late, also when no timer ran
  FramerOf(from_client).Feed(bytes, time_ns, *this);
  out_ = nullptr;
}

void ModbusDecoder::OnGap(bool from_client, std::uint32_t missed, bool cut, OtOutput& out) {
  out_ = &out;
  request_side_ = from_client;
  FramerOf(from_client).Gap(missed, cut, *this);
  out_ = nullptr;
}

void ModbusDecoder::OnDatagram(bool from_client, base::Bytes bytes, bool cut, std::int64_t time_ns,
                               OtOutput& out) {
  out_ = &out;
  request_side_ = from_client;
  Expire(time_ns, out);
  Adu adu;
  adu.first_ns = adu.last_ns = time_ns;
  switch (ReadHeader(bytes, adu.header)) {
    case Front::kHeader: {
      const std::size_t length = adu.header.length - 1u;
      const base::Bytes rest = bytes.subspan(kHeaderSize);
      adu.pdu = rest.first(std::min(rest.size(), length));
      adu.cut = adu.pdu.size() < length;
      if (rest.size() != length && !cut) OnFault("modbus-length");
      OnAdu(adu);
      break;
    }
    case Front::kMore:
      OnFault("modbus-length");
      break;
    case Front::kBadLength:
      OnFault("modbus-length");
      break;
    case Front::kBadProtocol:
      OnFault("modbus-protocol-id");
      break;
  }
  out_ = nullptr;
}

void ModbusDecoder::OnAdu(const Adu& adu) {
  request_side_ ? OnRequest(adu) : OnResponse(adu);
}

void ModbusDecoder::OnRequest(const Adu& adu) {
  Transaction request;
  request.protocol = "modbus";
  request.time_ns = adu.first_ns;
  DecodeRequest(adu, request);
  (void)answered_.Take(PairKey(adu.header));
  if (PairWithEarly(adu, request)) {
    Emit(std::move(request));
    return;
  }
  std::optional<Transaction> oldest =
      pending_.Add({PairKey(adu.header), LooseKey(adu.header), std::move(request)});
  if (oldest) EmitNoReply(std::move(*oldest));
}

bool ModbusDecoder::PairWithEarly(const Adu& adu, Transaction& request) {
  const auto found = std::find_if(early_.begin(), early_.end(), [&adu](const Early& early) {
    return PairKey(early.header) == PairKey(adu.header) && !early.pdu.empty() &&
           (early.pdu[0] & 0x7f) == adu.pdu[0];
  });
  if (found == early_.end()) return false;
  Adu response;
  response.header = found->header;
  response.pdu = found->pdu;
  response.cut = found->cut;
  DecodeResponse(response, request);
  request.anomalies.emplace_back("reply-before-request");
  answered_.Add(PairKey(adu.header));
  early_.erase(found);
  return true;
}

void ModbusDecoder::OnResponse(const Adu& adu) {
  const std::uint64_t key = PairKey(adu.header);
  std::optional<Transaction> request = pending_.Take(key);
  if (!request && answered_.Has(key)) return EmitUnsolicited(adu, "duplicate-reply");
  if (!request && timed_out_.Take(key)) return EmitUnsolicited(adu, "late-reply");
  if (!request) request = pending_.TakeLoosely(LooseKey(adu.header));
  if (request) {
    DecodeResponse(adu, *request);
    if (adu.last_ns != kTimeUnknown && request->time_ns != kTimeUnknown) {
      request->latency_ns = adu.last_ns - request->time_ns;
    }
    answered_.Add(key);
    Emit(std::move(*request));
    return;
  }
  if (early_.size() == kMaxEarly) {
    ReleaseEarly(early_.front().last_ns + kEarlyNs + 1, false);
  }
  if (early_.size() < kMaxEarly) {
    early_.push_back(
        {adu.header, {adu.pdu.begin(), adu.pdu.end()}, adu.cut, adu.first_ns, adu.last_ns});
  } else {
    EmitUnsolicited(adu, {});
  }
}

void ModbusDecoder::EmitUnsolicited(const Adu& adu, std::string_view anomaly) {
  Transaction transaction;
  transaction.protocol = "modbus";
  transaction.time_ns = adu.first_ns;
  DecodeResponse(adu, transaction);
  transaction.status = TransactionStatus::kUnsolicited;
  if (!anomaly.empty()) transaction.anomalies.emplace_back(anomaly);
  Emit(std::move(transaction));
}

void ModbusDecoder::EmitNoReply(Transaction&& request) {
  request.status = TransactionStatus::kNoReply;
  Emit(std::move(request));
}

void ModbusDecoder::Emit(Transaction&& transaction) {
  out_->Emit(std::move(transaction));
}

void ModbusDecoder::ReleaseEarly(std::int64_t now_ns, bool all) {
  std::size_t done = 0;
  for (; done < early_.size(); ++done) {
    const Early& early = early_[done];
    if (!all && now_ns <= early.last_ns + kEarlyNs) break;
    Adu adu;
    adu.header = early.header;
    adu.pdu = early.pdu;
    adu.cut = early.cut;
    adu.first_ns = early.first_ns;
    adu.last_ns = early.last_ns;
    EmitUnsolicited(adu, {});
  }
  early_.erase(early_.begin(), early_.begin() + static_cast<std::ptrdiff_t>(done));
}

void ModbusDecoder::Expire(std::int64_t now_ns, OtOutput& out) {
  if (now_ns == kTimeUnknown) return;
  OtOutput* const before = std::exchange(out_, &out);
  ReleaseEarly(now_ns, false);
  while (std::optional<PendingTable::Entry> entry = pending_.TakeExpired(now_ns)) {
    timed_out_.Add(entry->key);
    EmitNoReply(std::move(entry->request));
  }
  out_ = before;
}

std::int64_t ModbusDecoder::next_due_ns() const {
  std::int64_t due = pending_.next_due_ns();
  if (!early_.empty() && early_.front().last_ns != kTimeUnknown) {
    due = std::min(due, early_.front().last_ns + kEarlyNs);
  }
  return due;
}

void ModbusDecoder::Finish(OtOutput& out) {
  out_ = &out;
  request_side_ = true;
  requests_.Finish(*this);
  request_side_ = false;
  responses_.Finish(*this);
  ReleaseEarly(0, true);
  while (std::optional<Transaction> request = pending_.TakeOldest()) {
    EmitNoReply(std::move(*request));
  }
  out_ = nullptr;
}

}  // namespace tapiary::capture::modbus
