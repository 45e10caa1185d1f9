#include "capture/ot/s7comm/message.h"

#include <algorithm>

namespace tapiary::capture::s7comm {
namespace {

constexpr std::size_t kHeader = 10;
constexpr std::size_t kAckHeader = 12;

bool IsAck(std::uint8_t rosctr) {
  return rosctr == kAck || rosctr == kAckData;
}

}  // namespace

std::optional<Message> ReadMessage(base::Bytes bytes, std::size_t size) {
  base::ByteCursor cursor(bytes);
  if (cursor.U8() != kMagic) return std::nullopt;
  Message out;
  out.rosctr = cursor.U8();
  if (out.rosctr != kJob && !IsAck(out.rosctr) && out.rosctr != kUserdata) return std::nullopt;
  cursor.Skip(2);
  out.reference = cursor.U16Be();
  const std::size_t parameter = cursor.U16Be();
  const std::size_t data = cursor.U16Be();
  if (IsAck(out.rosctr)) {
    out.error_class = cursor.U8();
    out.error_code = cursor.U8();
  }
  if (cursor.failed()) return std::nullopt;
  out.fits = cursor.offset() + parameter + data == size;
  out.parameter = cursor.Take(std::min(parameter, cursor.remaining()));
  out.data = cursor.Take(std::min(data, cursor.remaining()));
  return out;
}

Look LookAt(base::Bytes bytes, std::size_t size) {
  Look out;
  const std::optional<Message> message = ReadMessage(bytes, size);
  if (!message || size < kHeader) return out;
  // Of a message whose size nobody knows the redundancy field must do.
  if (size == SIZE_MAX ? (bytes[2] | bytes[3]) != 0 : !message->fits) return out;
  const bool ack = IsAck(message->rosctr);
  if (!ack && message->parameter.empty() && bytes.size() > kHeader) return out;
  if (ack && size < kAckHeader) return out;
  out.possible = true;
  // A PLC asks as well, in a download: a job does not tell who serves.
  out.request = true;
  out.response = true;
  if (message->rosctr == kUserdata) {
    const std::optional<Userdata> userdata = ReadUserdata(*message);
    if (bytes.size() == size && !userdata) return Look{};
    if (userdata) out.request = userdata->type == 4;
    if (userdata) out.response = userdata->type != 4;
  } else if (!message->parameter.empty()) {
    const bool download = message->parameter[0] >= 0x1a && message->parameter[0] <= 0x1c;
    if (!download) (ack ? out.request : out.response) = false;
  }
  return out;
}

std::optional<Userdata> ReadUserdata(const Message& message) {
  base::ByteCursor cursor(message.parameter);
  if (cursor.U24Be() != 0x000112) return std::nullopt;
  const std::size_t length = cursor.U8();
  const std::uint8_t method = cursor.U8();
  Userdata out;
  const std::uint8_t type = cursor.U8();
  out.type = type >> 4;
  out.group = type & 0x0f;
  out.function = cursor.U8();
  out.sequence = cursor.U8();
  if (cursor.failed() || length < 4) return std::nullopt;
  if (method == 0x12 && length >= 8) {
    cursor.Skip(1);
    out.more = cursor.U8() != 0;
    out.error = cursor.U16Be();
  }
  base::ByteCursor data(message.data);
  out.return_code = data.U8();
  data.Skip(1);
  const std::size_t size = data.U16Be();
  out.data = data.Take(std::min(size, data.remaining()));
  return out;
}

}  // namespace tapiary::capture::s7comm
