#include "capture/ot/modbus/decode.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "base/text.h"
#include "capture/ot/detail.h"
#include "capture/ot/modbus/functions.h"
#include "capture/ot/modbus/identification.h"
#include "capture/ot/modbus/techniques.h"

namespace tapiary::capture::modbus {
namespace {

constexpr std::size_t kMaxText = 1024;  // no ADU tells more

void TakeRegisters(base::ByteCursor& cursor, std::size_t bytes, Transaction& out) {
  base::ByteCursor data(cursor.Take(std::min(bytes, cursor.remaining())));
  out.values.reserve(out.values.size() + data.remaining() / 2);
  while (data.remaining() >= 2) out.values.push_back(data.U16Be());
}

void TakeBits(base::ByteCursor& cursor, std::size_t bytes, std::uint64_t quantity,
              Transaction& out) {
  const base::Bytes data = cursor.Take(std::min(bytes, cursor.remaining()));
  const std::size_t bits = std::min<std::size_t>(quantity, data.size() * 8);
  out.values.reserve(out.values.size() + bits);
  for (std::size_t i = 0; i < bits; ++i) out.values.push_back((data[i / 8] >> (i % 8)) & 1);
}

// All of it: an ADU is short.
void AddRest(Transaction& out, std::string_view key, const base::ByteCursor& cursor) {
  if (cursor.remaining() > 0) AddDetail(out, key, base::ToHex(cursor.rest()), kMaxText);
}

void CheckQuantity(Transaction& out, std::uint64_t quantity, std::uint64_t max) {
  if (quantity < 1 || quantity > max) AddAnomaly(out, "modbus-quantity");
}

void SetAddress(Transaction& out, base::ByteCursor& cursor, bool with_quantity) {
  if (cursor.remaining() >= 2) out.address = cursor.U16Be();
  if (with_quantity && cursor.remaining() >= 2) out.quantity = cursor.U16Be();
}

void RequestRead(Transaction& out, base::ByteCursor& cursor) {
  SetAddress(out, cursor, true);
  const bool bits = out.code == kReadCoils || out.code == kReadDiscreteInputs;
  if (out.quantity) CheckQuantity(out, *out.quantity, bits ? 2000 : 125);
}

void RequestWriteSingle(Transaction& out, base::ByteCursor& cursor) {
  SetAddress(out, cursor, false);
  out.quantity = 1;
  if (cursor.remaining() < 2) return;
  const std::uint16_t value = cursor.U16Be();
  if (out.code == kWriteSingleRegister) {
    out.values.push_back(value);
    return;
  }
  const bool legal = value == 0 || value == 0xff00;
  if (!legal) AddAnomaly(out, "modbus-value");
  out.values.push_back(legal ? value >> 15 : value);
}

void RequestWriteMultiple(Transaction& out, base::ByteCursor& cursor) {
  SetAddress(out, cursor, true);
  if (!out.quantity || cursor.remaining() < 1) return;
  const std::size_t bytes = cursor.U8();
  const bool coils = out.code == kWriteMultipleCoils;
  CheckQuantity(out, *out.quantity, coils ? 1968 : 123);
  const std::uint64_t needed = coils ? (*out.quantity + 7) / 8 : *out.quantity * 2;
  if (bytes != needed || bytes != cursor.remaining()) AddAnomaly(out, "modbus-count-mismatch");
  coils ? TakeBits(cursor, bytes, *out.quantity, out) : TakeRegisters(cursor, bytes, out);
}

void RequestReadWrite(Transaction& out, base::ByteCursor& cursor) {
  if (cursor.remaining() < 2) return;
  AddNumber(out, "read_address", cursor.U16Be());
  if (cursor.remaining() < 2) return;
  const std::uint16_t read_quantity = cursor.U16Be();
  AddNumber(out, "read_quantity", read_quantity);
  CheckQuantity(out, read_quantity, 125);
  SetAddress(out, cursor, true);
  if (!out.quantity || cursor.remaining() < 1) return;
  const std::size_t bytes = cursor.U8();
  CheckQuantity(out, *out.quantity, 121);
  if (bytes != *out.quantity * 2 || bytes != cursor.remaining()) {
    AddAnomaly(out, "modbus-count-mismatch");
  }
  TakeRegisters(cursor, bytes, out);
}

// Reference type 6, file, record, length; a write has the data behind each.
void RequestFile(Transaction& out, base::ByteCursor& cursor) {
  const std::size_t bytes = cursor.U8();
  if (bytes != cursor.remaining()) AddAnomaly(out, "modbus-count-mismatch");
  std::string references;
  std::uint64_t registers = 0;
  while (cursor.remaining() >= 7) {
    cursor.Skip(1);
    const std::uint16_t file = cursor.U16Be();
    const std::uint16_t record = cursor.U16Be();
    const std::uint16_t length = cursor.U16Be();
    if (!out.address) out.address = record;
    registers += length;
    references += fmt::format("{}{}/{}/{}", references.empty() ? "" : " ", file, record, length);
    if (out.code == kWriteFileRecord) TakeRegisters(cursor, length * 2u, out);
  }
  out.quantity = registers;
  AddDetail(out, "file_record_length", references, kMaxText);
}

void RequestDiagnostics(Transaction& out, base::ByteCursor& cursor, std::int32_t& sub) {
  if (cursor.remaining() < 2) return;
  sub = cursor.U16Be();
  AddNumber(out, "sub_function", sub);
  AddRest(out, "data", cursor);
}

void RequestEncapsulated(Transaction& out, base::ByteCursor& cursor, std::int32_t& sub) {
  if (cursor.remaining() < 1) return;
  sub = cursor.U8();
  AddNumber(out, "mei_type", sub);
  if (sub == 14) {
    out.operation = "read_device_identification";
    if (cursor.remaining() >= 1) AddNumber(out, "read_code", cursor.U8());
    if (cursor.remaining() >= 1) AddNumber(out, "object_id", cursor.U8());
  } else {
    if (sub == 13) out.operation = "canopen_general_reference";
    AddRest(out, "data", cursor);
  }
}

void RequestUmas(Transaction& out, base::ByteCursor& cursor, std::int32_t& sub) {
  if (cursor.remaining() < 2) return;
  AddDetail(out, "umas_session", fmt::format("0x{:02x}", cursor.U8()));
  sub = cursor.U8();
  AddDetail(out, "umas_code", fmt::format("0x{:02x}", sub));
  out.operation = UmasName(static_cast<std::uint8_t>(sub));
  AddRest(out, "data", cursor);
}

void RequestMask(Transaction& out, base::ByteCursor& cursor) {
  SetAddress(out, cursor, false);
  out.quantity = 1;
  if (cursor.remaining() < 4) return;
  const std::uint16_t and_mask = cursor.U16Be();
  const std::uint16_t or_mask = cursor.U16Be();
  out.values = {and_mask, or_mask};
  AddDetail(out, "and_mask", fmt::format("0x{:04x}", and_mask));
  AddDetail(out, "or_mask", fmt::format("0x{:04x}", or_mask));
}

// Sets the sub-function when the function has one.
void RequestFields(Transaction& out, base::ByteCursor& cursor, std::int32_t& sub) {
  switch (out.code) {
    case kReadCoils:
    case kReadDiscreteInputs:
    case kReadHoldingRegisters:
    case kReadInputRegisters:
      return RequestRead(out, cursor);
    case kWriteSingleCoil:
    case kWriteSingleRegister:
      return RequestWriteSingle(out, cursor);
    case kWriteMultipleCoils:
    case kWriteMultipleRegisters:
      return RequestWriteMultiple(out, cursor);
    case kReadWriteMultipleRegisters:
      return RequestReadWrite(out, cursor);
    case kReadFileRecord:
    case kWriteFileRecord:
      return RequestFile(out, cursor);
    case kMaskWriteRegister:
      return RequestMask(out, cursor);
    case kReadFifoQueue:
      return SetAddress(out, cursor, false);
    case kDiagnostics:
      return RequestDiagnostics(out, cursor, sub);
    case kEncapsulatedInterface:
      return RequestEncapsulated(out, cursor, sub);
    case kUmas:
      return RequestUmas(out, cursor, sub);
    case kReadExceptionStatus:
    case kGetCommEventCounter:
    case kGetCommEventLog:
    case kReportServerId:
      return;
    default:
      AddRest(out, "data", cursor);
  }
}

void SetFunction(const Adu& adu, Transaction& out) {
  const std::uint8_t function = adu.pdu.empty() ? 0 : adu.pdu[0] & 0x7f;
  out.code = function;
  out.operation = OperationName(function);
  out.unit = adu.header.unit;
}

void ResponseRead(Transaction& out, base::ByteCursor& cursor) {
  if (cursor.remaining() < 1) return;
  const std::size_t bytes = cursor.U8();
  const bool bits = out.code == kReadCoils || out.code == kReadDiscreteInputs;
  bool mismatch = bytes != cursor.remaining();
  if (out.quantity) {
    mismatch = mismatch || bytes != (bits ? (*out.quantity + 7) / 8 : *out.quantity * 2);
  }
  if (mismatch) AddAnomaly(out, "modbus-count-mismatch");
  bits ? TakeBits(cursor, bytes, out.quantity.value_or(bytes * 8), out)
       : TakeRegisters(cursor, bytes, out);
}

// The response to a write repeats the request's begin.
void ResponseEcho(Transaction& out, base::ByteCursor& cursor, bool request_seen) {
  if (cursor.remaining() < 2) return;
  const std::uint16_t address = cursor.U16Be();
  if (out.address && *out.address != address) AddAnomaly(out, "modbus-echo-mismatch");
  if (!out.address) out.address = address;
  if (cursor.remaining() < 2) return;
  const std::uint16_t second = cursor.U16Be();
  if (out.code == kWriteMultipleCoils || out.code == kWriteMultipleRegisters) {
    if (out.quantity && *out.quantity != second) AddAnomaly(out, "modbus-echo-mismatch");
    if (!out.quantity) out.quantity = second;
    return;
  }
  if (request_seen || out.code == kMaskWriteRegister) return;
  out.quantity = 1;
  out.values.push_back(out.code == kWriteSingleCoil && second == 0xff00 ? 1 : second);
}

void ResponseReadWrite(Transaction& out, base::ByteCursor& cursor) {
  if (cursor.remaining() < 1) return;
  const std::size_t bytes = cursor.U8();
  if (bytes != cursor.remaining()) AddAnomaly(out, "modbus-count-mismatch");
  std::string values;
  while (cursor.remaining() >= 2) {
    values += fmt::format("{}{}", values.empty() ? "" : " ", cursor.U16Be());
  }
  AddDetail(out, "read_values", values, kMaxText);
}

void ResponseFile(Transaction& out, base::ByteCursor& cursor) {
  if (cursor.remaining() < 1) return;
  if (cursor.U8() != cursor.remaining()) AddAnomaly(out, "modbus-count-mismatch");
  if (out.code == kWriteFileRecord) return;  // an echo
  while (cursor.remaining() >= 2) {          // group: length, reference type, registers
    const std::size_t length = cursor.U8();
    cursor.Skip(1);
    TakeRegisters(cursor, length > 0 ? length - 1 : 0, out);
  }
}

void ResponseFields(Transaction& out, base::ByteCursor& cursor, bool request_seen) {
  switch (out.code) {
    case kReadCoils:
    case kReadDiscreteInputs:
    case kReadHoldingRegisters:
    case kReadInputRegisters:
      return ResponseRead(out, cursor);
    case kWriteSingleCoil:
    case kWriteSingleRegister:
    case kWriteMultipleCoils:
    case kWriteMultipleRegisters:
    case kMaskWriteRegister:
      return ResponseEcho(out, cursor, request_seen);
    case kReadWriteMultipleRegisters:
      return ResponseReadWrite(out, cursor);
    case kReadFileRecord:
    case kWriteFileRecord:
      return ResponseFile(out, cursor);
    case kReadExceptionStatus:
      if (cursor.remaining() > 0) out.values.push_back(cursor.U8());
      return;
    case kGetCommEventCounter:
      return TakeRegisters(cursor, 4, out);
    case kGetCommEventLog:
    case kReadFifoQueue:
      cursor.Skip(out.code == kReadFifoQueue ? 4 : 1);  // byte count (and FIFO count)
      return TakeRegisters(cursor, out.code == kReadFifoQueue ? cursor.remaining() : 6, out);
    case kReportServerId:
      return DecodeServerId(cursor, out);
    case kEncapsulatedInterface:
      return DecodeIdentification(cursor, out);
    case kDiagnostics:
      cursor.Skip(2);
      [[fallthrough]];
    default:
      AddRest(out, "response_data", cursor);
  }
}

}  // namespace

void DecodeRequest(const Adu& adu, Transaction& out) {
  SetFunction(adu, out);
  base::ByteCursor cursor(adu.pdu);
  cursor.Skip(1);
  std::int32_t sub = -1;
  RequestFields(out, cursor, sub);
  const Technique technique = FindTechnique(Techniques(), out.code, sub);
  out.command = technique.command;
  out.attack_technique = technique.id;
  const std::size_t length = adu.header.length - 1u;
  if (adu.cut) {
    AddAnomaly(out, "truncated");
  } else if (RequestShape(adu.pdu, length) == Shape::kDiffers && out.anomalies.empty()) {
    AddAnomaly(out, "modbus-length");
  }
}

void DecodeResponse(const Adu& adu, Transaction& out) {
  const bool request_seen = out.code != 0;
  if (!request_seen) {
    SetFunction(adu, out);
    const Technique technique = FindTechnique(Techniques(), out.code, kAnySub);
    out.command = technique.command;
    out.attack_technique = technique.id;
  }
  const std::uint8_t function = adu.pdu.empty() ? 0 : adu.pdu[0];
  if ((function & 0x7f) != out.code) {
    AddAnomaly(out, "modbus-function-mismatch");
    // A device that confirms a write did one, whatever the request looked like from here.
    const Technique done = FindTechnique(Techniques(), function, kAnySub);
    if (done.command && !out.command) {
      out.command = true;
      out.attack_technique = done.id;
    }
  }
  if (adu.header.unit != out.unit.value_or(0)) AddAnomaly(out, "modbus-unit-mismatch");
  base::ByteCursor cursor(adu.pdu);
  cursor.Skip(1);
  const std::size_t length = adu.header.length - 1u;
  if ((function & kExceptionBit) != 0) {
    out.status = TransactionStatus::kException;
    if (cursor.remaining() > 0) {
      out.exception = cursor.U8();
    } else if (adu.cut) {
      AddAnomaly(out, "truncated");
    }
    if (length != 2) AddAnomaly(out, "modbus-length");
    return;
  }
  out.status = TransactionStatus::kOk;
  const std::size_t before = out.anomalies.size();
  if ((function & 0x7f) == out.code) ResponseFields(out, cursor, request_seen);
  if (adu.cut) {
    AddAnomaly(out, "truncated");
  } else if (ResponseShape(adu.pdu, length) == Shape::kDiffers && out.anomalies.size() == before) {
    AddAnomaly(out, "modbus-length");
  }
}

}  // namespace tapiary::capture::modbus
