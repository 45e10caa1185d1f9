#include "capture/ot/cip/connection_manager.h"

#include <fmt/format.h>

#include "capture/ot/cip/epath.h"
#include "capture/ot/cip/services.h"
#include "capture/ot/cip/status.h"
#include "capture/ot/detail.h"

namespace tapiary::capture::cip {
namespace {

struct Parameters {
  std::uint32_t size = 0;
  std::uint8_t type = 0;  // 0 null, 1 multicast, 2 point to point
};

struct OpenFields {
  std::uint32_t o_to_t = 0;
  std::uint32_t t_to_o = 0;
  ConnectionSerial serial;
  std::uint8_t multiplier = 0;
  std::uint32_t rpi_us[2] = {0, 0};
  Parameters parameters[2];
  std::uint8_t transport = 0;
  base::Bytes path;
};

ConnectionSerial TakeSerial(base::ByteCursor& cursor) {
  ConnectionSerial serial;
  serial.serial = cursor.U16Le();
  serial.vendor = cursor.U16Le();
  serial.originator = cursor.U32Le();
  return serial;
}

Parameters TakeParameters(base::ByteCursor& cursor, bool large) {
  const std::uint32_t word = large ? cursor.U32Le() : cursor.U16Le();
  const unsigned top = large ? 29 : 13;
  return {word & (large ? 0xffffu : 0x1ffu), static_cast<std::uint8_t>((word >> top) & 3)};
}

// The fixed part; the path is what is there of it.
std::optional<OpenFields> ReadOpen(base::Bytes data, bool large) {
  base::ByteCursor cursor(data);
  OpenFields fields;
  cursor.Skip(2);  // priority and ticks of the request itself
  fields.o_to_t = cursor.U32Le();
  fields.t_to_o = cursor.U32Le();
  fields.serial = TakeSerial(cursor);
  fields.multiplier = cursor.U8();
  cursor.Skip(3);
  for (int i = 0; i < 2; ++i) {
    fields.rpi_us[i] = cursor.U32Le();
    fields.parameters[i] = TakeParameters(cursor, large);
  }
  fields.transport = cursor.U8();
  const std::size_t path = cursor.U8() * 2u;
  if (cursor.failed()) return std::nullopt;
  fields.path = cursor.Take(std::min(path, cursor.remaining()));
  return fields;
}

std::string_view TypeName(std::uint8_t type) {
  constexpr std::string_view kNames[] = {"null", "multicast", "point_to_point", "reserved"};
  return kNames[type & 3];
}

bool IsOwner(const OpenFields& fields) {
  const std::uint8_t transport_class = fields.transport & 0x0f;
  // A listener's heartbeat has no data beyond the sequence count of class 1.
  return transport_class <= 1 && fields.parameters[0].type != 0 &&
         fields.parameters[0].size > 2u * transport_class;
}

void SerialDetails(const ConnectionSerial& serial, Transaction& out) {
  AddNumber(out, "connection_serial", serial.serial);
  AddNumber(out, "originator_vendor", serial.vendor);
  AddDetail(out, "originator_serial", fmt::format("0x{:08x}", serial.originator));
}

void PathDetails(base::Bytes bytes, Transaction& out) {
  const Epath path = ParseEpath(bytes);
  if (!path.route.empty()) AddDetail(out, "route", path.route);
  if (path.class_id) AddNumber(out, "connected_class", *path.class_id);
  if (path.instance) AddNumber(out, "connected_instance", *path.instance);
  if (!path.connection_points.empty()) AddDetail(out, "connection_points", path.connection_points);
  if (!path.tag.empty()) AddDetail(out, "connected_tag", path.tag);
  if (path.key) {
    const ElectronicKey& key = *path.key;
    AddDetail(out, "electronic_key",
              fmt::format("vendor {} type {} product {} revision {}.{}", key.vendor,
                          key.device_type, key.product_code, key.major, key.minor));
  }
  if (path.bad) AddAnomaly(out, "cip-path");
}

}  // namespace

bool IsForwardOpen(std::uint8_t service, bool& large) {
  large = service == kLargeForwardOpen;
  return large || service == kForwardOpen;
}

std::optional<OpenRequest> ReadForwardOpen(base::Bytes data, bool large) {
  const std::optional<OpenFields> fields = ReadOpen(data, large);
  if (!fields) return std::nullopt;
  return OpenRequest{fields->serial, static_cast<std::uint8_t>(fields->transport & 0x0f),
                     IsOwner(*fields)};
}

std::optional<OpenResponse> ReadForwardOpenReply(base::Bytes data) {
  base::ByteCursor cursor(data);
  OpenResponse reply;
  reply.o_to_t = cursor.U32Le();
  reply.t_to_o = cursor.U32Le();
  reply.serial = TakeSerial(cursor);
  if (cursor.failed()) return std::nullopt;
  return reply;
}

std::optional<ConnectionSerial> ReadForwardClose(base::Bytes data) {
  base::ByteCursor cursor(data);
  cursor.Skip(2);
  const ConnectionSerial serial = TakeSerial(cursor);
  if (cursor.failed()) return std::nullopt;
  return serial;
}

std::optional<ConnectionSerial> ReadCloseReply(base::Bytes data) {
  base::ByteCursor cursor(data);
  const ConnectionSerial serial = TakeSerial(cursor);
  if (cursor.failed()) return std::nullopt;
  return serial;
}

WrappedRequest ReadUnconnectedSend(base::Bytes data) {
  WrappedRequest wrapped;
  base::ByteCursor cursor(data);
  const std::uint8_t tick = cursor.U8() & 0x0f;
  wrapped.timeout_ms = static_cast<std::uint32_t>(cursor.U8()) << tick;
  const std::size_t size = cursor.U16Le();
  wrapped.bad = cursor.failed() || size > cursor.remaining();
  wrapped.message = cursor.Take(std::min(size, cursor.remaining()));
  if (wrapped.bad) return wrapped;
  if (size % 2 != 0) cursor.Skip(1);
  const std::size_t route = cursor.U8() * 2u;
  cursor.Skip(1);
  wrapped.bad = cursor.failed() || route != cursor.remaining();
  wrapped.route = cursor.Take(std::min(route, cursor.remaining()));
  return wrapped;
}

void ForwardOpenDetails(base::Bytes data, bool large, Transaction& out) {
  const std::optional<OpenFields> fields = ReadOpen(data, large);
  if (!fields) return AddAnomaly(out, "cip-forward-open");
  SerialDetails(fields->serial, out);
  AddNumber(out, "transport_class", fields->transport & 0x0f);
  constexpr std::string_view kTriggers[] = {"cyclic", "change_of_state", "application"};
  const unsigned trigger = (fields->transport >> 4) & 7;
  if (trigger < std::size(kTriggers)) AddDetail(out, "trigger", kTriggers[trigger]);
  AddNumber(out, "o_to_t_rpi_us", fields->rpi_us[0]);
  AddNumber(out, "t_to_o_rpi_us", fields->rpi_us[1]);
  AddNumber(out, "o_to_t_size", fields->parameters[0].size);
  AddNumber(out, "t_to_o_size", fields->parameters[1].size);
  AddDetail(out, "o_to_t_type", TypeName(fields->parameters[0].type));
  AddDetail(out, "t_to_o_type", TypeName(fields->parameters[1].type));
  AddNumber(out, "timeout_multiplier", 4u << (fields->multiplier & 7));
  if (IsOwner(*fields)) AddDetail(out, "io_owner", "true");
  PathDetails(fields->path, out);
}

void ForwardOpenReplyDetails(base::Bytes data, Transaction& out) {
  const std::optional<OpenResponse> reply = ReadForwardOpenReply(data);
  if (!reply) return AddAnomaly(out, "cip-forward-open");
  AddDetail(out, "o_to_t_connection_id", fmt::format("0x{:08x}", reply->o_to_t));
  AddDetail(out, "t_to_o_connection_id", fmt::format("0x{:08x}", reply->t_to_o));
}

void ForwardCloseDetails(base::Bytes data, Transaction& out) {
  const std::optional<ConnectionSerial> serial = ReadForwardClose(data);
  if (!serial) return AddAnomaly(out, "cip-forward-close");
  SerialDetails(*serial, out);
}

void ConnectionErrorDetails(const ResponseView& view, Transaction& out) {
  base::ByteCursor cursor(view.extended);
  if (view.status != kStatusConnectionFailure || cursor.remaining() < 2) return;
  const std::string_view name = ConnectionStatusName(cursor.U16Le());
  if (!name.empty()) AddDetail(out, "extended_status_name", name);
}

}  // namespace tapiary::capture::cip
