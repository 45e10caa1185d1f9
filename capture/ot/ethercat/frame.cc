#include "capture/ot/ethercat/frame.h"

#include <algorithm>

namespace tapiary::capture::ethercat {
namespace {

constexpr std::string_view kCounters[kCommands] = {
    "ethercat.nop",  "ethercat.aprd", "ethercat.apwr", "ethercat.aprw", "ethercat.fprd",
    "ethercat.fpwr", "ethercat.fprw", "ethercat.brd",  "ethercat.bwr",  "ethercat.brw",
    "ethercat.lrd",  "ethercat.lwr",  "ethercat.lrw",  "ethercat.armw", "ethercat.frmw",
};
constexpr std::size_t kPrefix = 9;

}  // namespace

std::string_view CommandCounter(std::uint8_t command) {
  return command < kCommands ? kCounters[command] : std::string_view("ethercat.unknown");
}

std::string_view CommandName(std::uint8_t command) {
  return CommandCounter(command).substr(kPrefix);
}

bool Logical(std::uint8_t command) {
  return command == kLrd || command == kLwr || command == kLrw;
}

bool Writes(std::uint8_t command) {
  switch (command) {
    case kApwr:
    case kAprw:
    case kFpwr:
    case kFprw:
    case kBwr:
    case kBrw:
      return true;
    default:
      return false;
  }
}

bool ReadFrameHeader(base::ByteCursor& cursor, FrameHeader& out) {
  const std::uint16_t word = cursor.U16Le();
  out.length = word & 0x7ff;
  out.type = static_cast<std::uint8_t>(word >> 12);
  return !cursor.failed();
}

bool ReadDatagram(base::ByteCursor& cursor, Datagram& out) {
  out = Datagram{};
  out.command = cursor.U8();
  cursor.Skip(1);
  out.slave = cursor.U16Le();
  out.offset = cursor.U16Le();
  out.logical = static_cast<std::uint32_t>(out.offset) << 16 | out.slave;
  const std::uint16_t word = cursor.U16Le();
  out.length = word & 0x7ff;
  out.more = (word & 0x8000) != 0;
  cursor.Skip(2);
  if (cursor.failed() || out.command >= kCommands) return false;
  out.whole = out.length + 2 <= cursor.remaining();
  out.data = cursor.Take(std::min(out.length, cursor.remaining()));
  out.working_counter = out.whole ? cursor.U16Le() : std::uint16_t{0};
  return true;
}

}  // namespace tapiary::capture::ethercat
