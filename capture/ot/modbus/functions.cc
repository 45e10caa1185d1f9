#include "capture/ot/modbus/functions.h"

#include <optional>

namespace tapiary::capture::modbus {
namespace {

// How a PDU's length follows from its bytes: `base`, plus the number in the byte or two at
// `count_at`.
struct LengthRule {
  std::uint8_t base = 0;      // 0: the function does not tell
  std::uint8_t count_at = 0;  // 0: no count
  std::uint8_t count_size = 1;
};

LengthRule RequestRule(std::uint8_t function) {
  switch (function) {
    case kReadCoils:
    case kReadDiscreteInputs:
    case kReadHoldingRegisters:
    case kReadInputRegisters:
    case kWriteSingleCoil:
    case kWriteSingleRegister:
      return {5};
    case kReadExceptionStatus:
    case kGetCommEventCounter:
    case kGetCommEventLog:
    case kReportServerId:
      return {1};
    case kWriteMultipleCoils:
    case kWriteMultipleRegisters:
      return {6, 5};
    case kReadFileRecord:
    case kWriteFileRecord:
      return {2, 1};
    case kMaskWriteRegister:
      return {7};
    case kReadWriteMultipleRegisters:
      return {10, 9};
    case kReadFifoQueue:
      return {3};
    default:
      return {};
  }
}

LengthRule ResponseRule(std::uint8_t function) {
  switch (function) {
    case kReadCoils:
    case kReadDiscreteInputs:
    case kReadHoldingRegisters:
    case kReadInputRegisters:
    case kGetCommEventLog:
    case kReportServerId:
    case kReadFileRecord:
    case kWriteFileRecord:
    case kReadWriteMultipleRegisters:
      return {2, 1};
    case kWriteSingleCoil:
    case kWriteSingleRegister:
    case kGetCommEventCounter:
    case kWriteMultipleCoils:
    case kWriteMultipleRegisters:
      return {5};
    case kReadExceptionStatus:
      return {2};
    case kMaskWriteRegister:
      return {7};
    case kReadFifoQueue:
      return {3, 1, 2};
    default:
      return {};
  }
}

Shape Compare(LengthRule rule, base::Bytes pdu, std::size_t length) {
  if (rule.base == 0) return Shape::kFree;
  if (length < rule.base) return Shape::kDiffers;
  std::size_t expected = rule.base;
  if (rule.count_at != 0) {
    base::ByteCursor cursor(pdu);
    cursor.Skip(rule.count_at);
    expected += rule.count_size == 2 ? cursor.U16Be() : cursor.U8();
    if (cursor.failed()) return Shape::kMore;
  }
  return expected == length ? Shape::kFits : Shape::kDiffers;
}

// Functions with sub-functions: the lengths that make sense, both ways.
std::optional<Shape> SubFunctionShape(base::Bytes pdu, std::size_t length, bool request) {
  switch (pdu[0]) {
    case kDiagnostics:  // sub-function, then words
      return length >= 3 && length % 2 == 1 ? Shape::kFits : Shape::kDiffers;
    case kEncapsulatedInterface:
      if (pdu.size() < 2) return Shape::kMore;
      if (pdu[1] == 13) return length >= 2 ? Shape::kFits : Shape::kDiffers;
      if (pdu[1] != 14) return Shape::kDiffers;
      if (request && length > 4 && length <= 8) return Shape::kFree;
      return (request ? length == 4 : length >= 7) ? Shape::kFits : Shape::kDiffers;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::string_view OperationName(std::uint8_t function) {
  switch (function) {
    case kReadCoils:
      return "read_coils";
    case kReadDiscreteInputs:
      return "read_discrete_inputs";
    case kReadHoldingRegisters:
      return "read_holding_registers";
    case kReadInputRegisters:
      return "read_input_registers";
    case kWriteSingleCoil:
      return "write_single_coil";
    case kWriteSingleRegister:
      return "write_single_register";
    case kReadExceptionStatus:
      return "read_exception_status";
    case kDiagnostics:
      return "diagnostics";
    case kGetCommEventCounter:
      return "get_comm_event_counter";
    case kGetCommEventLog:
      return "get_comm_event_log";
    case kWriteMultipleCoils:
      return "write_multiple_coils";
    case kWriteMultipleRegisters:
      return "write_multiple_registers";
    case kReportServerId:
      return "report_server_id";
    case kReadFileRecord:
      return "read_file_record";
    case kWriteFileRecord:
      return "write_file_record";
    case kMaskWriteRegister:
      return "mask_write_register";
    case kReadWriteMultipleRegisters:
      return "read_write_multiple_registers";
    case kReadFifoQueue:
      return "read_fifo_queue";
    case kEncapsulatedInterface:
      return "encapsulated_interface_transport";
    case kUmas:
      return "umas";
    default:
      return "unknown_function";
  }
}

std::string_view UmasName(std::uint8_t code) {
  struct Row {
    std::uint8_t code;
    std::string_view name;
  };
  static constexpr Row kRows[] = {
      {0x01, "umas_init_comm"},
      {0x02, "umas_read_id"},
      {0x03, "umas_read_project_info"},
      {0x04, "umas_read_plc_info"},
      {0x06, "umas_read_card_info"},
      {0x0a, "umas_repeat"},
      {0x10, "umas_take_reservation"},
      {0x11, "umas_release_reservation"},
      {0x12, "umas_keep_alive"},
      {0x20, "umas_read_memory_block"},
      {0x22, "umas_read_variables"},
      {0x23, "umas_write_variables"},
      {0x24, "umas_read_coils_registers"},
      {0x25, "umas_write_coils_registers"},
      {0x30, "umas_initialize_upload"},
      {0x31, "umas_upload_block"},
      {0x32, "umas_end_upload"},
      {0x33, "umas_initialize_download"},
      {0x34, "umas_download_block"},
      {0x35, "umas_end_download"},
      {0x39, "umas_read_ethernet_master_data"},
      {0x40, "umas_start_plc"},
      {0x41, "umas_stop_plc"},
      {0x50, "umas_monitor_plc"},
      {0x58, "umas_check_plc"},
      {0x70, "umas_read_io_object"},
      {0x71, "umas_write_io_object"},
      {0x73, "umas_get_status_module"},
  };
  for (const Row& row : kRows) {
    if (row.code == code) return row.name;
  }
  return "umas";
}

bool IsKnown(std::uint8_t function) {
  return OperationName(function) != "unknown_function";
}

Shape RequestShape(base::Bytes pdu, std::size_t length) {
  if (pdu.empty()) return Shape::kMore;
  if ((pdu[0] & kExceptionBit) != 0 || pdu[0] == 0) return Shape::kDiffers;
  if (const auto shape = SubFunctionShape(pdu, length, true)) return *shape;
  return Compare(RequestRule(pdu[0]), pdu, length);
}

Shape ResponseShape(base::Bytes pdu, std::size_t length) {
  if (pdu.empty()) return Shape::kMore;
  if ((pdu[0] & 0x7f) == 0) return Shape::kDiffers;
  if ((pdu[0] & kExceptionBit) != 0) {
    // Over-long ones are seen from attackers and careless gateways (OT-07).
    if (length < 2 || length > 4) return Shape::kDiffers;
    if (length > 2) return Shape::kFree;
    if (pdu.size() < 2) return Shape::kMore;
    return pdu[1] >= 1 && pdu[1] <= 11 ? Shape::kFits : Shape::kFree;
  }
  if (const auto shape = SubFunctionShape(pdu, length, false)) return *shape;
  return Compare(ResponseRule(pdu[0]), pdu, length);
}

}  // namespace tapiary::capture::modbus
