// GE SRTP messages: a mailbox of 56 bytes and the data behind it.
//
// Byte 0 type (0 init, 1 its answer, 2 request, 3 response), 2-3 sequence, 4-5 length of the data,
// 26-28 time, 30 sequence of the mailbox, 31 its type, 32-35 source, 36-39 destination, 40-41
// packet of packets. Short requests (C0): 42 service, 43 segment selector, 44-45 offset, 46-47
// length, 48-53 what is written. Those with data (80): the same from byte 50 on. Responses: 42
// and 43 error (D1 only), 44-49 data when short, 50-55 state of the PLC. LE. Source: Denton et al.,
// "Leveraging the SRTP protocol ...", DFRWS 2017, and public client libraries; GE published no
// specification. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "capture/ot/framer.h"
#include "capture/ot/techniques.h"

namespace tapiary::capture::srtp {

inline constexpr std::size_t kMailbox = 56;
inline constexpr std::size_t kMaxMessage = 8192;

enum Type : std::uint8_t { kInit = 0, kInitAck = 1, kRequest = 2, kResponse = 3 };
enum MailboxType : std::uint8_t {
  kLongRequest = 0x80,
  kLongReply = 0x94,
  kShortRequest = 0xc0,
  kError = 0xd1,
  kShortReply = 0xd4,
};

struct Message {
  std::uint8_t type = 0;
  std::uint16_t sequence = 0;
  std::uint8_t mailbox = 0;
  std::uint32_t destination = 0;
  std::uint8_t packet = 0;
  std::uint8_t packets = 0;
  std::uint8_t service = 0;  // requests
  std::uint8_t selector = 0;
  std::uint16_t offset = 0;
  std::uint16_t length = 0;
  std::uint8_t error = 0;  // of an error: major and minor
  std::uint8_t minor = 0;
  base::Bytes short_data;  // in the mailbox
  base::Bytes state;       // responses
  base::Bytes data;        // behind the mailbox, as much as is there
};

// `pdu` as kFraming cut it; false when its mailbox is not whole or its types do not fit.
bool ReadMessage(base::Bytes pdu, Message& out);

extern const Framing kFraming;

// "read_system_memory"; empty for services that are not known.
std::string_view ServiceName(std::uint8_t service);
std::span<const TechniqueRow> Techniques();

struct Segment {
  std::string_view name;   // "%R"; empty when not known
  std::uint8_t width = 0;  // 16, 8 or 1 bits
};
Segment SegmentOf(std::uint8_t selector);

}  // namespace tapiary::capture::srtp
