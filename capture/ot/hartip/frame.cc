#include "capture/ot/hartip/frame.h"

#include <algorithm>

namespace tapiary::capture::hartip {
namespace {

bool KnownType(std::uint8_t type) {
  return type <= kError || type == kNak;
}

// Whether the type is one that this side sends.
bool SideSends(std::uint8_t type, bool from_client) {
  return KnownType(type) && (type == kRequest) == from_client;
}

// What the id allows, before the body is there.
bool LengthFits(const Message& message) {
  const std::size_t body = message.length - kHeaderSize;
  switch (message.id) {
    case kInitiate:
      return body == 5 || (message.type != kRequest && body == 0);
    case kClose:
    case kKeepAlive:
      return body == 0;
    case kPassThrough:
      return body >= 5;
    case kDirect:
      return body >= 5 || (message.type != kRequest && body >= 2);
    case kAuditLog:
      return message.type != kRequest || body == 2;
    default:
      return false;
  }
}

// Each byte is judged as soon as it is there.
PduFront FrontOf(base::Bytes bytes, bool from_client) {
  constexpr std::string_view kBadHeader = "hart-ip-header";
  if (bytes.empty()) return PduFront::More();
  if (bytes[0] != 1 && bytes[0] != 2) return PduFront::Bad(kBadHeader);
  if (bytes.size() > 1 && !SideSends(bytes[1], from_client)) return PduFront::Bad(kBadHeader);
  if (bytes.size() < kHeaderSize) return PduFront::More();
  base::ByteCursor cursor(bytes.subspan(6));
  const std::uint16_t length = cursor.U16Be();
  if (length < kHeaderSize || length > kMaxMessage) return PduFront::Bad("hart-ip-length");
  Message message;
  (void)ReadMessage(bytes, message);
  if (!LengthFits(message)) return PduFront::Bad("hart-ip-length");
  if (message.type == kRequest && message.status != 0) return PduFront::Bad(kBadHeader);
  return PduFront::Of(length);
}

constexpr std::size_t kMaxHart = 1 + 5 + 3 + 2 + 255 + 1;  // all lengths at their largest

// The HART PDU, as far as it is there: a delimiter of the right direction, and a byte count that
// ends it where the message ends.
bool HartFits(const Message& message) {
  const std::size_t size = message.length - kHeaderSize;
  HartPdu hart;
  (void)ReadHart(message.body, hart);
  if (message.body.empty()) return size <= kMaxHart;
  const bool request = message.type == kRequest;
  const std::uint8_t type = hart.frame_type();
  if (request ? type != kStx : type != kAck && type != kBurst) return false;
  if (!hart.header) return size <= kMaxHart;
  return hart.size == size;
}

// The commands of a direct message, as far as they are there, end where it ends.
bool DirectFits(const Message& message) {
  std::size_t left = message.length - kHeaderSize;
  base::ByteCursor cursor(message.body);
  cursor.Skip(2);
  left -= 2;
  while (left > 0) {
    if (left < 3) return false;
    cursor.Skip(2);
    const std::uint8_t count = cursor.U8();
    if (cursor.failed()) return true;
    if (left < 3u + count) return false;
    left -= 3u + count;
    cursor.Skip(count);
  }
  return true;
}

// Stricter: what the body says of its own length. Of a long message all must be there, so that
// bytes which look like a header do not swallow what follows.
bool IsPlausible(base::Bytes bytes, bool from_client) {
  const PduFront front = FrontOf(bytes, from_client);
  if (front.kind != PduFront::Kind::kPdu) return front.kind == PduFront::Kind::kMore;
  Message message;
  if (!ReadMessage(bytes, message)) return false;
  if (message.id == kPassThrough) return HartFits(message);
  if (message.id == kDirect && !DirectFits(message)) return false;
  return front.size <= kMaxHart || bytes.size() >= front.size;
}

}  // namespace

const Framing kFraming = {
    .front = &FrontOf,
    .plausible = &IsPlausible,
    .whole = nullptr,
    .min_useful = kHeaderSize,
    .max_kept = kMaxMessage,
    .scan = false,
    .fault_length = "hart-ip-length",
    .fault_gap = "hart-ip-gap",
    .fault_search = "hart-ip-lost-sync",
};

bool ReadMessage(base::Bytes bytes, Message& out) {
  base::ByteCursor cursor(bytes);
  out.version = cursor.U8();
  out.type = cursor.U8();
  out.id = cursor.U8();
  out.status = cursor.U8();
  out.sequence = cursor.U16Be();
  out.length = cursor.U16Be();
  if (cursor.failed() || (out.version != 1 && out.version != 2)) return false;
  if (!KnownType(out.type) || out.length < kHeaderSize || out.length > kMaxMessage) return false;
  const std::size_t body = out.length - kHeaderSize;
  out.body = cursor.rest().first(std::min(body, cursor.remaining()));
  return true;
}

bool ReadHart(base::Bytes body, HartPdu& out) {
  base::ByteCursor cursor(body);
  out.delimiter = cursor.U8();
  out.address = cursor.Take((out.delimiter & 0x80) != 0 ? 5 : 1);
  cursor.Skip((out.delimiter >> 5) & 0x03);  // expansion bytes
  out.command = cursor.U8();
  const std::uint8_t count = cursor.U8();
  if (cursor.failed()) return false;
  out.header = true;
  out.size = cursor.offset() + count + 1;
  out.data = cursor.rest().first(std::min<std::size_t>(count, cursor.remaining()));
  cursor.Skip(count);
  const std::size_t covered = cursor.offset();
  const std::uint8_t checksum = cursor.U8();
  if (cursor.failed()) return false;
  std::uint8_t sum = 0;
  for (const std::uint8_t byte : body.first(covered)) sum ^= byte;
  out.checksum_good = sum == checksum;
  out.extra = cursor.remaining();
  return true;
}

}  // namespace tapiary::capture::hartip
