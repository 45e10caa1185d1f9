#include "capture/ot/iso/connection.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "capture/ot/detail.h"

namespace tapiary::capture::iso {
namespace {

constexpr std::string_view kService = "cotp";
constexpr std::size_t kMaxTsap = 32;

constexpr std::uint8_t kTpduSize = 0xc0;
constexpr std::uint8_t kCallingTsap = 0xc1;
constexpr std::uint8_t kCalledTsap = 0xc2;

struct Fixed {
  std::uint16_t destination = 0;
  std::uint16_t source = 0;
  std::uint8_t last = 0;  // class and options; reason of a DR
};

// The parameters follow in `cursor`.
Fixed ReadFixed(base::ByteCursor& cursor) {
  Fixed out;
  cursor.Skip(1);
  out.destination = cursor.U16Be();
  out.source = cursor.U16Be();
  out.last = cursor.U8();
  return out;
}

bool IsKnownParameter(std::uint8_t code) {
  return (code >= 0xc0 && code <= 0xc7) || (code >= 0x85 && code <= 0x8b) || code == 0xe0 ||
         code == 0xf0;
}

std::string TsapText(base::Bytes tsap) {
  if (tsap.size() > 2 && IsPrintable(tsap)) return std::string(TextOf(tsap));
  return "0x" + base::ToHex(tsap.first(std::min(tsap.size(), kMaxTsap)));
}

std::string_view ConnectionType(std::uint8_t type) {
  switch (type) {
    case 1:
      return "pg";
    case 2:
      return "op";
    case 3:
      return "basic";
    default:
      return {};
  }
}

void AddTsap(Transaction& out, std::uint8_t code, base::Bytes tsap, bool of_response) {
  const bool called = code == kCalledTsap;
  const std::string_view key = called ? "called_tsap" : "calling_tsap";
  const std::string text = TsapText(tsap);
  if (const std::string* const known = FindDetail(out, key); known != nullptr) {
    if (*known == text) return;
    return AddDetail(out, called ? "response_called_tsap" : "response_calling_tsap", text);
  }
  AddDetail(out, key, text);
  if (!called || of_response || tsap.size() != 2 || ConnectionType(tsap[0]).empty()) return;
  AddDetail(out, "connection_type", ConnectionType(tsap[0]));
  AddNumber(out, "rack", tsap[1] >> 5);
  AddNumber(out, "slot", tsap[1] & 0x1f);
}

void AddParameters(Transaction& out, base::ByteCursor& cursor, bool of_response) {
  while (cursor.remaining() >= 2) {
    const std::uint8_t code = cursor.U8();
    const std::size_t size = cursor.U8();
    if (size > cursor.remaining()) return AddAnomaly(out, "cotp-parameter");
    const base::Bytes value = cursor.Take(size);
    if (code == kCallingTsap || code == kCalledTsap) AddTsap(out, code, value, of_response);
    if (code == kTpduSize && size == 1 && value[0] >= 7 && value[0] <= 13) {
      AddNumber(out, of_response ? "response_tpdu_size" : "tpdu_size", 1u << value[0]);
    }
  }
}

// X.224, 13.5.3.
std::string_view DisconnectReason(std::uint8_t reason) {
  switch (reason) {
    case 0:
      return "not_specified";
    case 1:
      return "congestion_at_tsap";
    case 2:
      return "session_entity_not_attached";
    case 3:
      return "address_unknown";
    case 128:
      return "normal";
    case 129:
      return "remote_congestion";
    case 130:
      return "negotiation_failed";
    case 131:
      return "duplicate_source_reference";
    case 132:
      return "mismatched_references";
    case 133:
      return "protocol_error";
    case 135:
      return "reference_overflow";
    case 136:
      return "connection_refused";
    case 138:
      return "header_invalid";
    default:
      return {};
  }
}

void SetReason(Transaction& out, std::uint8_t reason) {
  out.exception = reason;
  if (!DisconnectReason(reason).empty()) {
    AddDetail(out, "reason", DisconnectReason(reason));
  }
}

void SetOperation(Transaction& out, TpduType type, std::string_view name) {
  out.code = static_cast<std::int32_t>(type);
  out.operation = name;
}

// A DR or ER that answers nothing.
void EmitEnd(const Call& call, const Tpdu& tpdu, const Pdu& pdu) {
  Transaction out;
  out.protocol = kService;
  out.time_ns = pdu.first_ns;
  out.status = TransactionStatus::kUnsolicited;
  base::ByteCursor cursor(tpdu.header);
  if (tpdu.type == TpduType::kError) {
    SetOperation(out, tpdu.type, "tpdu_error");
    cursor.Skip(3);
    out.exception = cursor.U8();
  } else {
    SetOperation(out, tpdu.type, "disconnect");
    SetReason(out, ReadFixed(cursor).last);
  }
  if (!call.from_client) AddDetail(out, "asked_by", "server");
  if (pdu.cut) AddAnomaly(out, "truncated");
  call.out.Emit(std::move(out));
}

Tsdu WholeTpdu(const Pdu& pdu) {
  return {pdu.bytes, pdu.cut, pdu.first_ns, pdu.last_ns};
}

}  // namespace

ConnectLook LookAtConnect(const Tpdu& tpdu) {
  ConnectLook out;
  base::ByteCursor cursor(tpdu.header);
  (void)ReadFixed(cursor);
  if (cursor.failed() || !tpdu.payload.empty()) return out;
  while (cursor.remaining() != 0) {
    const std::uint8_t code = cursor.U8();
    const std::size_t size = cursor.U8();
    if (!IsKnownParameter(code) || size > cursor.remaining()) return {};
    cursor.Skip(size);
    const bool tsap = (code == kCallingTsap || code == kCalledTsap) && size <= kMaxTsap;
    out.strong = out.strong || tsap;
  }
  out.possible = !cursor.failed();
  return out;
}

void Connection::OnRequest(const Call& call, const Tpdu& tpdu, const Pdu& pdu) {
  Transaction out;
  out.protocol = kService;
  out.time_ns = pdu.first_ns;
  SetOperation(out, tpdu.type, "connect");
  base::ByteCursor cursor(tpdu.header);
  const Fixed fixed = ReadFixed(cursor);
  if (cursor.failed() || pdu.cut) AddAnomaly(out, "truncated");
  if (fixed.last >> 4 != 0) AddNumber(out, "class", fixed.last >> 4);
  AddParameters(out, cursor, false);
  open_[call.from_client ? 0 : 1] = fixed.source;
  Ask(call, User::kConnection, fixed.source, 0, std::move(out));
}

// Whether the CR of that end waits; its reference must fit when it is known.
bool Connection::TakeOpen(bool asked_by_client, std::optional<std::uint16_t> reference) {
  std::optional<std::uint16_t>& open = open_[asked_by_client ? 0 : 1];
  if (!open || (reference && *reference != *open)) return false;
  open.reset();
  return true;
}

void Connection::OnTpdu(const Call& call, const Tpdu& tpdu, const Pdu& pdu) {
  if (tpdu.type == TpduType::kConnectRequest) return OnRequest(call, tpdu, pdu);
  base::ByteCursor cursor(tpdu.header);
  std::uint16_t reference = ReadFixed(cursor).destination;
  const bool confirm = tpdu.type == TpduType::kConnectConfirm;
  // Some servers confirm with a reference of their own: there is but one CR to answer.
  const auto& open = open_[call.from_client ? 1 : 0];
  if (confirm && open && *open != reference) {
    call.out.Anomaly("cotp-reference");
    reference = *open;
  }
  const bool answers = TakeOpen(!call.from_client, reference);
  if (confirm || answers) {
    return Answer(call, User::kConnection, reference, 0, WholeTpdu(pdu));
  }
  if (tpdu.type != TpduType::kDisconnectConfirm) EmitEnd(call, tpdu, pdu);
}

void Connection::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) {
  const Tpdu tpdu = ReadTpdu(response.pdu);
  if (!has_request) SetOperation(out, TpduType::kConnectRequest, "connect");
  base::ByteCursor cursor(tpdu.header);
  if (tpdu.type == TpduType::kConnectConfirm) {
    (void)ReadFixed(cursor);
    out.status = TransactionStatus::kOk;
    AddParameters(out, cursor, true);
  } else {
    out.status = TransactionStatus::kException;
    if (tpdu.type == TpduType::kError) {
      cursor.Skip(3);
      out.exception = cursor.U8();
      AddDetail(out, "reason", "tpdu_error");
    } else {
      SetReason(out, ReadFixed(cursor).last);
    }
  }
  if (response.cut) AddAnomaly(out, "truncated");
}

}  // namespace tapiary::capture::iso
