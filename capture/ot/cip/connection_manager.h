// Connection Manager services: Forward Open, Large Forward Open, Forward Close, Unconnected Send.
//
// What they say goes into details; what a decoder must keep to understand the connection's data
// later (its ids and transport class) is handed back. Source: CIP Networks Library volume 1,
// section 3-5.5. Pure; any thread.
#pragma once

#include <optional>

#include "base/byte_cursor.h"
#include "capture/ot/cip/message.h"
#include "capture/records.h"

namespace tapiary::capture::cip {

// What names a connection while it lives.
struct ConnectionSerial {
  std::uint16_t serial = 0;
  std::uint16_t vendor = 0;
  std::uint32_t originator = 0;
  bool operator==(const ConnectionSerial&) const = default;
};

struct OpenRequest {
  ConnectionSerial serial;
  std::uint8_t transport_class = 0;
  bool owner = false;  // sends data to the target: an I/O owner, not a listener
};
struct OpenResponse {
  ConnectionSerial serial;
  std::uint32_t o_to_t = 0;  // connection ids
  std::uint32_t t_to_o = 0;
};

// Whether the service opens a connection; `large` has wider parameters.
bool IsForwardOpen(std::uint8_t service, bool& large);
// Nothing when the data is too short.
std::optional<OpenRequest> ReadForwardOpen(base::Bytes data, bool large);
std::optional<OpenResponse> ReadForwardOpenReply(base::Bytes data);
std::optional<ConnectionSerial> ReadForwardClose(base::Bytes data);
// Of the reply to either, also one that tells an error.
std::optional<ConnectionSerial> ReadCloseReply(base::Bytes data);

struct WrappedRequest {
  base::Bytes message;
  base::Bytes route;
  std::uint32_t timeout_ms = 0;
  bool bad = false;  // the lengths inside do not add up
};
// `data` of an Unconnected Send.
WrappedRequest ReadUnconnectedSend(base::Bytes data);

void ForwardOpenDetails(base::Bytes data, bool large, Transaction& out);
void ForwardOpenReplyDetails(base::Bytes data, Transaction& out);
void ForwardCloseDetails(base::Bytes data, Transaction& out);
// The error code of a Connection Manager's reply with general status 1.
void ConnectionErrorDetails(const ResponseView& view, Transaction& out);

}  // namespace tapiary::capture::cip
