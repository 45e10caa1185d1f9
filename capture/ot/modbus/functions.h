// Modbus function codes: names, lengths of their PDUs, and whether bytes look like one.
//
// Source: MODBUS Application Protocol Specification V1.1b3 (modbus.org), section 6. A PDU is
// function code and data, at most 253 bytes. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/byte_cursor.h"

namespace tapiary::capture::modbus {

enum Function : std::uint8_t {
  kReadCoils = 1,
  kReadDiscreteInputs = 2,
  kReadHoldingRegisters = 3,
  kReadInputRegisters = 4,
  kWriteSingleCoil = 5,
  kWriteSingleRegister = 6,
  kReadExceptionStatus = 7,
  kDiagnostics = 8,
  kGetCommEventCounter = 11,
  kGetCommEventLog = 12,
  kWriteMultipleCoils = 15,
  kWriteMultipleRegisters = 16,
  kReportServerId = 17,
  kReadFileRecord = 20,
  kWriteFileRecord = 21,
  kMaskWriteRegister = 22,
  kReadWriteMultipleRegisters = 23,
  kReadFifoQueue = 24,
  kEncapsulatedInterface = 43,
  kUmas = 90,  // Schneider Electric, not in the specification
};
inline constexpr std::uint8_t kExceptionBit = 0x80;

// The specification's name in snake_case; "unknown_function" for others.
std::string_view OperationName(std::uint8_t function);
bool IsKnown(std::uint8_t function);
// "umas_stop_plc" for the code of a function 90; "umas" for codes that no public capture explains.
std::string_view UmasName(std::uint8_t code);

// What the PDU's own fields say about its length.
enum class Shape : std::uint8_t {
  kFree,    // the function does not tell (or is not known)
  kMore,    // not enough bytes to tell
  kFits,    // the length is that of the function
  kDiffers  // it is not
};
// `pdu`: what is there of it, function first; `length`: its length by the MBAP header.
Shape RequestShape(base::Bytes pdu, std::size_t length);
Shape ResponseShape(base::Bytes pdu, std::size_t length);

}  // namespace tapiary::capture::modbus
