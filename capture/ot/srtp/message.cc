#include "capture/ot/srtp/message.h"

#include <algorithm>

#include "capture/ot/names.h"

namespace tapiary::capture::srtp {
namespace {

bool IsRequestBox(std::uint8_t mailbox) {
  return mailbox == kLongRequest || mailbox == kShortRequest;
}
bool IsReplyBox(std::uint8_t mailbox) {
  return mailbox == kLongReply || mailbox == kShortReply || mailbox == kError;
}

// Of an init all is zero but, from some clients, the two bytes 8 and 9; its answer likewise.
bool IsInit(base::Bytes bytes) {
  const std::size_t there = std::min(bytes.size(), kMailbox);
  for (std::size_t i = 1; i < there; ++i) {
    if (bytes[i] != 0 && i != 2 && i != 8 && i != 9) return false;
  }
  return true;
}

// A wrong byte is wrong before the mailbox is whole.
PduFront FrontOf(base::Bytes bytes, bool) {
  if (bytes.empty()) return PduFront::More();
  if (bytes[0] > kResponse) return PduFront::Bad("ge-srtp-type");
  if (bytes.size() > 1 && bytes[1] != 0) return PduFront::Bad("ge-srtp-type");
  const bool init = bytes[0] <= kInitAck;
  if (init && !IsInit(bytes)) return PduFront::Bad("ge-srtp-type");
  if (!init && bytes.size() > 31) {
    const bool fits = bytes[0] == kRequest ? IsRequestBox(bytes[31]) : IsReplyBox(bytes[31]);
    if (!fits) return PduFront::Bad("ge-srtp-mailbox");
  }
  if (bytes.size() < kMailbox) return PduFront::More();
  const std::size_t length = static_cast<std::size_t>(bytes[4] | bytes[5] << 8);
  if (kMailbox + length > kMaxMessage) return PduFront::Bad("ge-srtp-length");
  return PduFront::Of(kMailbox + length);
}

// By code.
constexpr CodeName kNames[] = {
    {0x00, "plc_short_status"},
    {0x03, "return_control_program_name"},
    {0x04, "read_system_memory"},
    {0x05, "read_task_memory"},
    {0x06, "read_program_memory"},
    {0x07, "write_system_memory"},
    {0x08, "write_task_memory"},
    {0x09, "write_program_memory"},
    {0x15, "establish_datagram"},
    {0x16, "update_datagram"},
    {0x17, "cancel_datagram"},
    {0x20, "programmer_logon"},
    {0x21, "change_privilege_level"},
    {0x22, "set_control_id"},
    {0x23, "set_plc_state"},
    {0x24, "set_time"},
    {0x25, "return_time"},
    {0x38, "return_fault_table"},
    {0x39, "clear_fault_table"},
    {0x3f, "program_store"},
    {0x40, "program_load"},
    {0x43, "return_controller_type"},
    {0x44, "toggle_force_system_memory"},
    {0x48, "write_datagram"},
    {0x4f, "session_control"},
};

// A program is stored from the controller and loaded into it.
constexpr TechniqueRow kTechniques[] = {
    {0x03, kAnySub, false, "T0888"},  // return_control_program_name
    {0x06, kAnySub, false, "T0845"},  // read_program_memory
    {0x07, kAnySub, true, "T0855"},   // write_system_memory
    {0x08, kAnySub, true, "T0836"},   // write_task_memory
    {0x09, kAnySub, true, "T0889"},   // write_program_memory
    {0x20, kAnySub, false, "T0859"},  // programmer_logon
    {0x21, kAnySub, true, "T0859"},   // change_privilege_level
    {0x22, kAnySub, true, "T0836"},   // set_control_id
    {0x23, kAnySub, true, "T0858"},   // set_plc_state
    {0x24, kAnySub, true, "T0836"},   // set_time
    {0x39, kAnySub, true, "T0872"},   // clear_fault_table
    {0x3f, kAnySub, false, "T0845"},  // program_store
    {0x40, kAnySub, true, "T0843"},   // program_load
    {0x43, kAnySub, false, "T0888"},  // return_controller_type
    {0x44, kAnySub, true, "T0835"},   // toggle_force_system_memory
    {0x48, kAnySub, true, "T0855"},   // write_datagram
};

struct Selector {
  std::uint8_t code;
  Segment segment;
};

constexpr Selector kSelectors[] = {
    {0x08, {"%R", 16}}, {0x0a, {"%AI", 16}}, {0x0c, {"%AQ", 16}}, {0x10, {"%I", 8}},
    {0x12, {"%Q", 8}},  {0x14, {"%T", 8}},   {0x16, {"%M", 8}},   {0x18, {"%SA", 8}},
    {0x1a, {"%SB", 8}}, {0x1c, {"%SC", 8}},  {0x1e, {"%S", 8}},   {0x38, {"%G", 8}},
    {0x46, {"%I", 1}},  {0x48, {"%Q", 1}},   {0x4a, {"%T", 1}},   {0x4c, {"%M", 1}},
    {0x4e, {"%SA", 1}}, {0x50, {"%SB", 1}},  {0x52, {"%SC", 1}},  {0x54, {"%S", 1}},
    {0x56, {"%G", 1}},
};

}  // namespace

const Framing kFraming = {
    .front = &FrontOf,
    .plausible = nullptr,
    .whole = nullptr,
    .min_useful = kMailbox,
    .max_kept = kMaxMessage,
    .scan = false,
    .fault_length = "ge-srtp-length",
    .fault_gap = "ge-srtp-gap",
    .fault_search = "ge-srtp-lost-sync",
};

bool ReadMessage(base::Bytes pdu, Message& out) {
  if (pdu.size() < kMailbox) return false;
  base::ByteCursor cursor(pdu);
  out.type = cursor.U8();
  (void)cursor.U8();
  out.sequence = cursor.U16Le();
  cursor.Skip(27);
  out.mailbox = cursor.U8();
  cursor.Skip(4);  // source
  out.destination = cursor.U32Be();
  out.packet = cursor.U8();
  out.packets = cursor.U8();
  const base::Bytes body = cursor.Take(14);
  out.data = cursor.rest();
  if (out.type == kRequest) {
    base::ByteCursor parameters(out.mailbox == kLongRequest ? body.subspan(8) : body);
    out.service = parameters.U8();
    out.selector = parameters.U8();
    out.offset = parameters.U16Le();
    out.length = parameters.U16Le();
    if (out.mailbox == kShortRequest) out.short_data = parameters.Take(6);
  } else if (out.type == kResponse) {
    if (out.mailbox == kError) {
      out.error = body[0];
      out.minor = body[1];
    }
    if (out.mailbox == kShortReply) out.short_data = body.subspan(2, 6);
    out.state = body.subspan(8);
  }
  return true;
}

std::string_view ServiceName(std::uint8_t service) {
  return NameOf(kNames, service);
}

std::span<const TechniqueRow> Techniques() {
  return kTechniques;
}

Segment SegmentOf(std::uint8_t selector) {
  for (const Selector& row : kSelectors) {
    if (row.code == selector) return row.segment;
  }
  return {};
}

}  // namespace tapiary::capture::srtp
