#include "capture/ot/ethercat/mailbox.h"

#include <fmt/core.h>

#include <algorithm>

#include "capture/ot/detail.h"
#include "capture/ot/ethercat/registers.h"
#include "capture/ot/ethercat/techniques.h"

namespace tapiary::capture::ethercat {
namespace {

constexpr std::size_t kHeaderBytes = 6;
constexpr unsigned kCoe = 3, kFoe = 4;

void Set(std::int32_t code, std::int32_t sub, std::string_view operation, Transaction& out) {
  const Technique technique = FindTechnique(Techniques(), code, sub);
  out.code = code;
  out.operation = operation;
  out.command = technique.command;
  out.attack_technique = technique.id;
}

void SdoAddress(base::ByteCursor& cursor, Transaction& out) {
  const std::uint16_t index = cursor.U16Le();
  out.address = index;
  AddDetail(out, "index", fmt::format("0x{:04x}", index));
  AddDetail(out, "subindex", fmt::format("{}", cursor.U8()));
}

// Expedited downloads have the value in place of the size.
void DownloadValue(std::uint8_t head, base::ByteCursor& cursor, Transaction& out) {
  if (cursor.remaining() < 4) return;
  const std::uint32_t value = cursor.U32Le();
  if ((head & 2) == 0) {
    out.quantity = value;
    if (cursor.remaining() > 0) AddDetail(out, "data", HexOf(cursor.rest()));
    return;
  }
  const unsigned unused = (head & 1) != 0 ? head >> 2 & 3u : 0u;
  out.quantity = 4 - unused;
  out.values.push_back(unused == 0 ? value : value & (0xffffffffu >> (8 * unused)));
}

bool SdoRequest(base::ByteCursor& cursor, Transaction& out) {
  const std::uint8_t head = cursor.U8();
  switch (head >> 5) {
    case 1:
      Set(kMailboxCoe, 1, "sdo_download", out);
      SdoAddress(cursor, out);
      DownloadValue(head, cursor, out);
      return !cursor.failed();
    case 2:
      Set(kMailboxCoe, 2, "sdo_upload", out);
      SdoAddress(cursor, out);
      return !cursor.failed();
    case 4:
      Set(kMailboxCoe, 4, "sdo_abort", out);
      SdoAddress(cursor, out);
      out.exception = cursor.U32Le();
      return !cursor.failed();
    default:
      return false;  // segments: the beginning told
  }
}

// Of the slave: only refusals. Values are in the reads of the process anyway.
bool SdoResponse(base::ByteCursor& cursor, Transaction& out) {
  if (cursor.U8() >> 5 != 4) return false;
  Set(kMailboxCoe, 4, "sdo_abort", out);
  SdoAddress(cursor, out);
  out.exception = cursor.U32Le();
  return !cursor.failed();
}

bool Coe(base::Bytes body, bool master, Transaction& out) {
  base::ByteCursor cursor(body);
  const unsigned service = cursor.U16Le() >> 12;
  if (cursor.failed() || service == 0 || service > 8) return false;
  if (service == 1) {
    Set(kMailboxCoe, 16, "coe_emergency", out);
    AddDetail(out, "error_code", fmt::format("0x{:04x}", cursor.U16Le()));
    AddDetail(out, "data", HexOf(cursor.rest()));
    return !cursor.failed();
  }
  if (service == 2 && cursor.remaining() >= 4) {
    // A slave's refusal comes as service 2 too, as CANopen has it.
    return master ? SdoRequest(cursor, out) : SdoResponse(cursor, out);
  }
  if (service == 3 && cursor.remaining() >= 4) return SdoResponse(cursor, out);
  if (service == 8 && master) {
    Set(kMailboxCoe, 8, "sdo_information", out);
    return true;
  }
  return false;
}

bool Foe(base::Bytes body, Transaction& out) {
  base::ByteCursor cursor(body);
  const std::uint8_t operation = cursor.U8();
  cursor.Skip(1);
  const std::uint32_t number = cursor.U32Le();
  if (cursor.failed()) return false;
  switch (operation) {
    case 1:
    case 2:
      Set(kMailboxFoe, operation, operation == 1 ? "foe_read" : "foe_write", out);
      AddDetail(out, "file_name", TextOf(cursor.rest()));
      if (number != 0) AddDetail(out, "password", fmt::format("0x{:08x}", number));
      return true;
    case 5:
      Set(kMailboxFoe, 5, "foe_error", out);
      out.exception = number;
      AddDetail(out, "text", TextOf(cursor.rest()));
      return true;
    default:
      return false;  // data, acknowledgements, busy
  }
}

}  // namespace

bool DecodeMailbox(base::Bytes data, bool master, Transaction& out) {
  base::ByteCursor cursor(data);
  const std::size_t length = cursor.U16Le();
  const std::uint16_t address = cursor.U16Le();
  const std::uint8_t channel = cursor.U8();
  const std::uint8_t type = cursor.U8();
  if (cursor.failed() || length < 2 || length > cursor.remaining()) return false;
  if ((channel & 0x3f) != 0 || (type & 0x80) != 0) return false;
  const base::Bytes body = cursor.Take(length);
  const bool taken = (type & 0x0f) == kCoe   ? Coe(body, master, out)
                     : (type & 0x0f) == kFoe ? Foe(body, out)
                                             : false;
  if (taken && address != 0) AddDetail(out, "mailbox_station", fmt::format("{}", address));
  return taken;
}

}  // namespace tapiary::capture::ethercat
