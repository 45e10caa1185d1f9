#include "capture/ot/cip/pccc.h"

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "capture/ot/detail.h"

namespace tapiary::capture::cip {
namespace {

constexpr std::uint8_t kReplyBit = 0x40;

struct Header {
  std::uint8_t command = 0;
  std::uint8_t status = 0;
  std::uint16_t transaction = 0;
  std::uint8_t function = 0;
  bool has_function = false;
  bool bad = true;
};

bool HasFunction(std::uint8_t command) {
  return command == 0x06 || command == 0x07 || command == 0x0f;
}

// Leaves the cursor at the data. Replies have no function.
Header TakeHeader(base::ByteCursor& cursor) {
  Header header;
  const std::size_t id = cursor.U8();
  if (id == 0) return header;
  cursor.Skip(id - 1);
  header.command = cursor.U8();
  header.status = cursor.U8();
  header.transaction = cursor.U16Le();
  header.has_function = HasFunction(header.command);
  if (header.has_function) header.function = cursor.U8();
  header.bad = cursor.failed();
  return header;
}

struct Name {
  std::uint16_t code;  // command, function
  std::string_view name;
};
constexpr Name kNames[] = {
    {0x0000, "protected_write"},
    {0x0100, "unprotected_read"},
    {0x0200, "protected_bit_write"},
    {0x0500, "unprotected_bit_write"},
    {0x0600, "echo"},
    {0x0601, "read_diagnostic_counters"},
    {0x0602, "set_variables"},
    {0x0603, "diagnostic_status"},
    {0x0604, "set_timeout"},
    {0x0605, "set_naks"},
    {0x0606, "set_enqs"},
    {0x0607, "reset_diagnostic_counters"},
    {0x0609, "read_link_parameters"},
    {0x060a, "set_link_parameters"},
    {0x0700, "disable_outputs"},
    {0x0701, "enable_plc"},
    {0x0703, "enable_plc_scanning"},
    {0x0704, "enter_download_mode"},
    {0x0705, "exit_download_mode"},
    {0x0706, "enter_upload_mode"},
    {0x0707, "exit_upload_mode"},
    {0x0800, "unprotected_write"},
    {0x0f00, "word_range_write"},
    {0x0f01, "word_range_read"},
    {0x0f02, "bit_write"},
    {0x0f03, "file_write"},
    {0x0f04, "file_read"},
    {0x0f05, "download_request"},
    {0x0f06, "upload"},
    {0x0f07, "shutdown"},
    {0x0f08, "physical_write"},
    {0x0f09, "physical_read"},
    {0x0f0a, "restart_request"},
    {0x0f11, "get_edit_resource"},
    {0x0f12, "return_edit_resource"},
    {0x0f17, "read_bytes_physical"},
    {0x0f18, "write_bytes_physical"},
    {0x0f26, "read_modify_write"},
    {0x0f29, "read_section_size"},
    {0x0f3a, "set_cpu_mode"},
    {0x0f41, "disable_forces"},
    {0x0f50, "download_all_request"},
    {0x0f52, "download_completed"},
    {0x0f53, "upload_all_request"},
    {0x0f55, "upload_completed"},
    {0x0f57, "initialize_memory"},
    {0x0f67, "typed_write"},
    {0x0f68, "typed_read"},
    {0x0f79, "read_modify_write_n"},
    {0x0f80, "change_mode"},
    {0x0f81, "open_file"},
    {0x0f82, "close_file"},
    {0x0f8f, "apply_port_configuration"},
    {0x0fa1, "protected_typed_logical_read_2"},
    {0x0fa2, "protected_typed_logical_read_3"},
    {0x0fa7, "protected_typed_file_read"},
    {0x0fa9, "protected_typed_logical_write_2"},
    {0x0faa, "protected_typed_logical_write_3"},
    {0x0fab, "protected_typed_logical_masked_write"},
    {0x0faf, "protected_typed_file_write"},
};

std::string_view FunctionName(std::uint16_t code) {
  for (const Name& known : kNames) {
    if (known.code == code) return known.name;
  }
  return "unknown_function";
}

std::uint16_t CodeOf(const Header& header) {
  return static_cast<std::uint16_t>((header.command << 8) | header.function);
}

// A one-byte number, or 0xFF and two bytes.
std::uint32_t TakeAddress(base::ByteCursor& cursor) {
  const std::uint8_t first = cursor.U8();
  return first == 0xff ? cursor.U16Le() : first;
}

std::string FileLetter(std::uint8_t type) {
  constexpr std::string_view kLetters[] = {"S", "B", "T", "C",  "R", "N",
                                           "F", "O", "I", "ST", "A", "D"};
  if (type >= 0x84 && type < 0x84 + std::size(kLetters)) return std::string(kLetters[type - 0x84]);
  return fmt::format("type{}:", type);
}

// Size, file, type, element, with three levels also sub-element: "N7:0", "T4:1.2".
void LogicalAddress(base::ByteCursor& cursor, std::uint8_t function, Transaction& out) {
  out.quantity = cursor.U8();
  const std::uint32_t file = TakeAddress(cursor);
  const std::uint8_t type = cursor.U8();
  const std::uint32_t element = TakeAddress(cursor);
  const bool three = function == 0xa2 || function == 0xaa || function == 0xab;
  const std::uint32_t sub = three ? TakeAddress(cursor) : 0;
  if (cursor.failed()) return AddAnomaly(out, "cip-pccc-length");
  out.address = element;
  const std::string address = fmt::format("{}{}:{}", FileLetter(type), file, element);
  AddDetail(out, "pccc_address", sub != 0 ? fmt::format("{}.{}", address, sub) : address);
  if (function == 0xab && cursor.remaining() >= 2) {
    AddDetail(out, "mask", fmt::format("0x{:04x}", cursor.U16Le()));
  }
  if (function == 0xa1 || function == 0xa2) return;
  if (type == 0x8a || type == 0x8d || type == 0x8e) return AddHex(out, "data", cursor.rest());
  while (cursor.remaining() >= 2) {
    out.values.push_back(static_cast<std::int16_t>(cursor.U16Le()));
  }
}

bool IsTypedLogical(std::uint16_t code) {
  return code == 0x0fa1 || code == 0x0fa2 || code == 0x0fa9 || code == 0x0faa || code == 0x0fab;
}

}  // namespace

std::uint32_t PcccCode(base::Bytes data) {
  base::ByteCursor cursor(data);
  const Header header = TakeHeader(cursor);
  return header.bad ? 0 : CodeOf(header);
}

void PcccRequest(base::Bytes data, Transaction& out) {
  base::ByteCursor cursor(data);
  const Header header = TakeHeader(cursor);
  if (header.bad) return AddAnomaly(out, "cip-pccc-length");
  const std::uint16_t code = CodeOf(header);
  AddNumber(out, "pccc_command", header.command);
  if (header.has_function) AddNumber(out, "pccc_function", header.function);
  out.operation = fmt::format("pccc_{}", FunctionName(code));
  AddNumber(out, "pccc_transaction", header.transaction);
  if (IsTypedLogical(code)) return LogicalAddress(cursor, header.function, out);
  if ((code == 0x0f80 || code == 0x0f3a) && cursor.remaining() >= 1) {
    AddNumber(out, "pccc_mode", cursor.U8());
  }
  AddHex(out, "data", cursor.rest());
}

void PcccResponse(base::Bytes data, Transaction& out) {
  base::ByteCursor cursor(data);
  const std::size_t id = cursor.U8();
  cursor.Skip(id > 0 ? id - 1 : 0);
  const std::uint8_t command = cursor.U8();
  const std::uint8_t status = cursor.U8();
  cursor.Skip(2);
  if (cursor.failed() || (command & kReplyBit) == 0) return AddAnomaly(out, "cip-pccc-length");
  if (status != 0) {
    AddNumber(out, "pccc_status", status);
    // 0xF0: the reason is in a byte of its own.
    if (status == 0xf0 && cursor.remaining() > 0) {
      AddNumber(out, "pccc_extended_status", cursor.U8());
    }
    out.status = TransactionStatus::kException;
    out.exception = status;
    return;
  }
  AddHex(out, "response_data", cursor.rest());
}

}  // namespace tapiary::capture::cip
