#include "capture/ot/s7plus/message.h"

#include <algorithm>

namespace tapiary::capture::s7plus {
namespace {

constexpr std::size_t kHeader = 4;
constexpr std::size_t kHash = 32;

bool IsVersion(std::uint8_t version) {
  return (version >= 1 && version <= 3) || version >= 0xfe;
}

// Seven bits a byte, the ninth byte has eight.
std::optional<std::uint64_t> ReadVariableLength(base::ByteCursor& cursor) {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) {
    const std::uint8_t byte = cursor.U8();
    value = value << 7 | (byte & 0x7fu);
    if ((byte & 0x80) == 0) return cursor.failed() ? std::nullopt : std::optional(value);
  }
  value = value << 8 | cursor.U8();
  return cursor.failed() ? std::nullopt : std::optional(value);
}

}  // namespace

std::optional<Frame> ReadFrame(base::Bytes bytes, std::size_t size) {
  base::ByteCursor cursor(bytes);
  if (cursor.U8() != kMagic) return std::nullopt;
  Frame out;
  out.version = cursor.U8();
  const std::size_t length = cursor.U16Be();
  if (cursor.failed() || !IsVersion(out.version)) return std::nullopt;
  const std::size_t left = size - kHeader;
  out.fits = length <= left && (size == SIZE_MAX || left - length == 0 || left - length == kHeader);
  out.trailer = size != SIZE_MAX && left - length == kHeader;
  out.body = cursor.Take(std::min(length, cursor.remaining()));
  if (out.version == 3 && out.body.size() > kHash && out.body[0] == kHash) {
    out.body = out.body.subspan(1 + kHash);
  }
  return out;
}

std::optional<Message> ReadMessage(base::Bytes body) {
  base::ByteCursor cursor(body);
  Message out;
  const std::uint8_t opcode = cursor.U8();
  if (opcode < 0x31 || opcode > 0x33) return std::nullopt;
  out.opcode = static_cast<Opcode>(opcode);
  if (out.opcode == Opcode::kNotification) return out;
  const std::uint16_t reserved = cursor.U16Be();
  out.function = cursor.U16Be();
  cursor.Skip(2);
  out.sequence = cursor.U16Be();
  if (cursor.failed() || reserved != 0) return std::nullopt;
  if (out.opcode == Opcode::kRequest) {
    const std::uint32_t session = cursor.U32Be();
    if (!cursor.failed()) out.session = session;
    cursor.Skip(1);
    const std::uint32_t object = cursor.U32Be();
    if (!cursor.failed()) out.object = object;
  } else {
    cursor.Skip(1);
    const std::optional<std::uint64_t> value = ReadVariableLength(cursor);
    if (value) out.result = static_cast<std::int16_t>(*value & 0xffff);
  }
  out.rest = cursor.rest();
  return out;
}

Look LookAt(base::Bytes bytes, std::size_t size) {
  Look out;
  if (size < kHeader) return out;
  const std::optional<Frame> frame = ReadFrame(bytes, size);
  if (!frame || !frame->fits) return out;
  const std::optional<Message> message = ReadMessage(frame->body);
  // A later fragment and a system event have no opcode: their exact length must do.
  if (!message && size == SIZE_MAX) return out;
  out.possible = true;
  if (!message) return out;
  out.request = message->opcode == Opcode::kRequest;
  out.response = !out.request;
  return out;
}

std::string_view FunctionName(std::uint16_t function) {
  switch (function) {
    case 0x04b1:
      return "error";
    case 0x04bb:
      return "explore";
    case 0x04ca:
      return "create_object";
    case 0x04d4:
      return "delete_object";
    case 0x04f2:
      return "set_variable";
    case 0x04fc:
      return "get_variable";
    case 0x0524:
      return "get_link";
    case 0x0542:
      return "set_multi_variables";
    case 0x054c:
      return "get_multi_variables";
    case 0x0556:
      return "begin_sequence";
    case 0x0560:
      return "end_sequence";
    case 0x056b:
      return "invoke";
    case 0x057c:
      return "set_variable_substreamed";
    case 0x0586:
      return "get_variable_substreamed";
    case 0x059a:
      return "abort";
    case 0x05b3:
      return "init_ssl";
    default:
      return "unknown_function";
  }
}

}  // namespace tapiary::capture::s7plus
