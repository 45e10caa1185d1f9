#include "capture/ot/slmp/frame.h"

#include <algorithm>

namespace tapiary::capture::slmp {
namespace {

constexpr std::size_t kMelsoftHeader = 21;

// The CPUs of a multiple CPU system, redundant ones, or a module by its I/O number / 16.
bool IsModule(std::uint16_t module) {
  return module == 0x03ff || (module >= 0x03d0 && module <= 0x03d3) ||
         (module >= 0x03e0 && module <= 0x03e3) || module <= 0x01ff;
}

// The fixed bytes of the begin, as far as they are there.
bool FixedBytesFit(base::Bytes bytes, std::uint8_t kind) {
  const auto at = [&](std::size_t i, std::uint8_t low, std::uint8_t high) {
    return i >= bytes.size() || (bytes[i] >= low && bytes[i] <= high);
  };
  switch (kind) {
    case 0x50:
      return at(1, 0, 0) && at(6, 0, 31);
    case 0x54:
      return at(1, 0, 0) && at(4, 0, 0) && at(5, 0, 0) && at(10, 0, 31);
    case 0x57:
      return at(1, 0, 1) && at(5, 0x11, 0x11) && at(6, 0x11, 0x11);
    case 0x5a:
      return at(1, 0, 0) && at(2, 0, 0);
    default:
      return false;
  }
}

std::uint16_t WordLe(base::Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] | bytes[at + 1] << 8);
}

PduFront ProbeFront(base::Bytes bytes, bool response) {
  if (bytes.size() < 4) return PduFront::More();
  if (bytes[3] != 0x01 && bytes[3] != 0xff) return PduFront::Bad("slmp-header");
  if (!response) return PduFront::Of(4);
  return PduFront::Of(bytes[3] == 0x01 ? 14 : 28);
}

PduFront FrontOf(base::Bytes bytes, bool) {
  if (bytes.empty()) return PduFront::More();
  const bool response = (bytes[0] & 0x80) != 0;
  const std::uint8_t kind = bytes[0] & 0x7f;
  if (!FixedBytesFit(bytes, kind)) return PduFront::Bad("slmp-header");
  if (kind == 0x5a) return ProbeFront(bytes, response);
  const std::size_t header = kind == 0x50 ? 9 : kind == 0x54 ? 13 : kMelsoftHeader;
  if (bytes.size() < header) return PduFront::More();
  const std::size_t length = WordLe(bytes, header - 2);
  const bool module_fits = kind == 0x57 || IsModule(WordLe(bytes, header - 5));
  if (!module_fits) return PduFront::Bad("slmp-header");
  const std::size_t least = kind == 0x57 ? 8u : response ? 2u : 6u;
  if (length < least || header + length > kMaxFrame) return PduFront::Bad("slmp-length");
  return PduFront::Of(header + length);
}

// The command header says how long it is; of a response the status lies in it.
bool ReadMelsoft(base::ByteCursor cursor, Frame& out) {
  cursor.Skip(7);
  out.network = cursor.U8();
  out.station = cursor.U8();
  out.module = cursor.U16Le();
  out.multidrop = cursor.U8();
  cursor.Skip(7);
  const std::uint8_t type = cursor.U8();
  (void)cursor.U8();
  const std::uint8_t rest = cursor.U8();
  (void)cursor.U8();
  if (cursor.failed() || rest < 4 || type != (out.response ? 0x9c : 0x1c)) return false;
  base::ByteCursor header(cursor.Take(rest - 2u));
  if (out.response) out.end_code = header.U16Le();
  out.command = cursor.U16Be();
  out.serial = cursor.U16Le();
  if (cursor.failed()) return false;
  const std::size_t size = cursor.U16Le();  // 0: of commands that have no footer behind the data
  const base::Bytes data = cursor.rest();
  out.data = size == 0 ? data : data.first(std::min(size, data.size()));
  return true;
}

}  // namespace

const Framing kFraming = {
    .front = &FrontOf,
    .plausible = nullptr,
    .whole = nullptr,
    .min_useful = 11,
    .max_kept = kMaxFrame,
    .scan = false,
    .fault_length = "slmp-length",
    .fault_gap = "slmp-gap",
    .fault_search = "slmp-lost-sync",
};

bool ReadFrame(base::Bytes pdu, Frame& out) {
  base::ByteCursor cursor(pdu);
  const std::uint8_t first = cursor.U8();
  (void)cursor.U8();
  out.response = (first & 0x80) != 0;
  const std::uint8_t kind = first & 0x7f;
  if (kind == 0x5a) {
    out.style = Style::kProbe;
    (void)cursor.U8();
    out.subcommand = cursor.U8();
    out.data = cursor.rest();
    return !cursor.failed();
  }
  if (kind == 0x57) {
    out.style = Style::kMelsoft;
    return ReadMelsoft(cursor, out);
  }
  out.style = kind == 0x54 ? Style::k4E : Style::k3E;
  if (kind == 0x54) {
    out.serial = cursor.U16Le();
    cursor.Skip(2);
  }
  out.network = cursor.U8();
  out.station = cursor.U8();
  out.module = cursor.U16Le();
  out.multidrop = cursor.U8();
  cursor.Skip(2);  // length
  if (out.response) {
    out.end_code = cursor.U16Le();
  } else {
    cursor.Skip(2);  // timer
    out.command = cursor.U16Le();
    out.subcommand = cursor.U16Le();
  }
  out.data = cursor.rest();
  return !cursor.failed();
}

}  // namespace tapiary::capture::slmp
