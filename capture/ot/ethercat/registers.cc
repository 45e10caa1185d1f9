#include "capture/ot/ethercat/registers.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "capture/ot/detail.h"
#include "capture/ot/ethercat/techniques.h"

namespace tapiary::capture::ethercat {
namespace {

// Does the write touch the register? Writes may begin before it.
bool Covers(const Datagram& datagram, std::uint16_t offset, base::Bytes& at) {
  if (datagram.offset > offset) return false;
  const std::size_t skip = offset - datagram.offset;
  if (skip >= datagram.data.size()) return false;
  at = datagram.data.subspan(skip);
  return true;
}

std::string StateText(unsigned state) {
  switch (state) {
    case 1:
      return "init";
    case 2:
      return "pre_operational";
    case 3:
      return "bootstrap";
    case 4:
      return "safe_operational";
    case 8:
      return "operational";
    default:
      return fmt::format("{}", state);
  }
}

void Set(std::int32_t code, std::int32_t sub, std::string_view operation, Transaction& out) {
  const Technique technique = FindTechnique(Techniques(), code, sub);
  out.code = code;
  out.operation = operation;
  out.command = technique.command;
  out.attack_technique = technique.id;
}

bool AlControl(base::Bytes at, Transaction& out) {
  const unsigned state = at[0] & 0x0fu;
  Set(kAlControl, static_cast<std::int32_t>(state), "al_control", out);
  out.values.push_back(static_cast<std::int64_t>(state));
  AddDetail(out, "state", StateText(state));
  if ((at[0] & 0x10) != 0) AddDetail(out, "acknowledge_error", "1");
  return true;
}

// Control word, then the word address, then the data. Bits 8 to 10 of the word: what to do.
bool Eeprom(base::Bytes at, Transaction& out) {
  if (at.size() < 2) return false;
  base::ByteCursor cursor(at);
  const unsigned operation = cursor.U16Le() >> 8 & 7u;
  if (operation == 0) return false;  // clears errors
  const char* const name = operation == 2   ? "eeprom_write"
                           : operation == 1 ? "eeprom_read"
                                            : "eeprom_reload";
  Set(kEeprom, static_cast<std::int32_t>(operation), name, out);
  if (cursor.remaining() >= 4) AddDetail(out, "eeprom_address", fmt::format("{}", cursor.U32Le()));
  if (operation == 2 && cursor.remaining() >= 2) {
    AddDetail(out, "data", HexOf(cursor.rest().first(2)));
  }
  return true;
}

}  // namespace

bool DecodeRegisterWrite(const Datagram& datagram, Transaction& out) {
  if (datagram.offset >= 0x1000) return false;  // memory
  base::Bytes at;
  if (Covers(datagram, 0x0120, at)) return AlControl(at, out);
  if (Covers(datagram, 0x0502, at) && Eeprom(at, out)) return true;
  if (Covers(datagram, 0x0500, at)) {  // who may use the EEPROM: master or slave
    Set(kEepromAccess, kAnySub, "eeprom_access", out);
  } else if (Covers(datagram, 0x0040, at)) {  // "R", "E", "S" one after the other
    Set(kReset, kAnySub, "esc_reset", out);
  } else if (Covers(datagram, 0x0010, at)) {
    Set(kStationAddress, kAnySub, "set_station_address", out);
  } else if (Covers(datagram, 0x0100, at)) {
    Set(kLinkControl, kAnySub, "dl_control", out);
  } else {
    return false;
  }
  AddDetail(out, "data", HexOf(at.first(std::min<std::size_t>(at.size(), 8))));
  return true;
}

}  // namespace tapiary::capture::ethercat
