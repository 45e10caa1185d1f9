#include "capture/ot/slmp/data.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "capture/ot/detail.h"
#include "capture/ot/slmp/commands.h"

namespace tapiary::capture::slmp {
namespace {

constexpr std::size_t kMaxValues = 1000;
constexpr std::size_t kMaxTextScan = 512;

std::uint64_t NumberOf(const Transaction& out, std::string_view key) {
  std::uint64_t number = 0;
  for (const auto& [name, text] : out.detail) {
    if (name == key) std::from_chars(text.data(), text.data() + text.size(), number);
  }
  return number;
}

// Bit 0: bits, not words; bit 1: the wider form of device numbers.
bool Bits(std::uint16_t subcommand) {
  return (subcommand & 1) != 0;
}
bool PlainForm(const Frame& frame) {
  return frame.style != Style::kMelsoft && frame.subcommand <= 3;
}

struct Device {
  std::uint32_t number = 0;
  std::uint16_t code = 0;
  [[nodiscard]] std::string Text() const {
    const std::string_view name = DeviceName(code);
    const std::string known = name.empty() ? fmt::format("0x{:02x}:", code) : std::string(name);
    return DeviceIsHex(code) ? fmt::format("{}{:X}", known, number)
                             : fmt::format("{}{}", known, number);
  }
};

Device TakeDevice(base::ByteCursor& cursor, bool wide) {
  Device out;
  out.number = cursor.U16Le();
  out.number |= static_cast<std::uint32_t>(wide ? cursor.U16Le() : cursor.U8()) << 16;
  out.code = wide ? cursor.U16Le() : cursor.U8();
  return out;
}

void TakeWords(base::ByteCursor& cursor, std::size_t count, bool doubles, Transaction& out) {
  const std::size_t size = doubles ? 4 : 2;
  for (; count > 0 && cursor.remaining() >= size && out.values.size() < kMaxValues; --count) {
    out.values.push_back(doubles ? cursor.U32Le() : cursor.U16Le());
  }
}

// Two bits a byte, the first one in the high half.
void TakeBits(base::ByteCursor& cursor, std::size_t count, Transaction& out) {
  while (count > 0 && cursor.remaining() > 0 && out.values.size() < kMaxValues) {
    const std::uint8_t pair = cursor.U8();
    out.values.push_back(pair >> 4 & 1);
    if (--count == 0 || out.values.size() == kMaxValues) return;
    out.values.push_back(pair & 1);
    --count;
  }
}

void DecodeBatch(const Frame& frame, base::ByteCursor& cursor, Transaction& out) {
  const Device device = TakeDevice(cursor, (frame.subcommand & 2) != 0);
  const std::uint16_t points = cursor.U16Le();
  if (cursor.failed()) return AddAnomaly(out, "slmp-length");
  out.address = device.number;
  out.quantity = points;
  AddDetail(out, "device", device.Text());
  AddDetail(out, "access", Bits(frame.subcommand) ? "bit" : "word");
  if (frame.command != 0x1401) return;
  const std::size_t wanted = Bits(frame.subcommand) ? (points + 1u) / 2 : points * 2u;
  if (cursor.remaining() != wanted) AddAnomaly(out, "slmp-count-mismatch");
  if (Bits(frame.subcommand)) return TakeBits(cursor, points, out);
  TakeWords(cursor, points, false, out);
}

// Words, then double words, each with its device; to write bits: bits alone.
void DecodeRandom(const Frame& frame, base::ByteCursor& cursor, Transaction& out) {
  const bool write = frame.command == 0x1402;
  const bool bits = write && Bits(frame.subcommand);
  const bool wide = (frame.subcommand & 2) != 0;
  const std::size_t words = cursor.U8();
  const std::size_t doubles = bits ? 0 : cursor.U8();
  if (cursor.failed()) return AddAnomaly(out, "slmp-length");
  out.quantity = words + doubles;
  AddDetail(out, "access", bits ? "bit" : "word");
  AddNumber(out, "words", static_cast<std::int64_t>(words));
  AddNumber(out, "double_words", static_cast<std::int64_t>(doubles));
  std::string list;
  for (std::size_t i = 0; i < words + doubles; ++i) {
    const Device device = TakeDevice(cursor, wide);
    std::int64_t value = 0;
    if (write) value = bits && !wide ? cursor.U8() : i < words ? cursor.U16Le() : cursor.U32Le();
    if (cursor.failed()) {
      AddAnomaly(out, "slmp-count-mismatch");
      break;
    }
    if (i == 0) out.address = device.number;
    if (write) out.values.push_back(value);
    AppendBounded(list, ",", device.Text());
  }
  AddDetail(out, "device", list);
}

// The longest run of printable text, of two bytes a character or of one: a name or a path.
std::string LongestText(base::Bytes bytes, std::size_t width) {
  std::string best;
  for (std::size_t phase = 0; phase < width; ++phase) {
    std::string run;
    for (std::size_t at = phase; at + width <= bytes.size(); at += width) {
      const bool printable =
          bytes[at] >= 0x20 && bytes[at] < 0x7f && (width == 1 || bytes[at + 1] == 0);
      if (printable) run.push_back(static_cast<char>(bytes[at]));
      if (run.size() > best.size()) best = run;
      if (!printable) run.clear();
    }
  }
  return best;
}

void AddFileName(base::Bytes data, Transaction& out) {
  const base::Bytes scanned = data.first(std::min(data.size(), kMaxTextScan));
  std::string name = LongestText(scanned, 2);
  if (name.size() < 4) name = LongestText(scanned, 1);
  // The length in front looks like a character when it is one: bytes, or characters.
  const std::size_t rest = name.empty() ? 0 : name.size() - 1;
  const std::size_t front = name.empty() ? 1 : static_cast<std::uint8_t>(name[0]);
  // With or without the zero at the end.
  const bool length =
      front == rest || front == rest + 1 || front == 2 * rest || front == 2 * rest + 2;
  if (length) name.erase(0, 1);
  if (name.size() >= 4) AddDetail(out, "file", name);
}

std::int32_t DecodeFile(std::uint16_t command, base::ByteCursor& cursor, Transaction& out) {
  switch (command) {
    case 0x1828:
    case 0x1829:
    case 0x1868:
    case 0x1869: {
      const std::uint16_t handle = cursor.U16Le();
      const std::uint32_t offset = cursor.U32Le();
      const std::uint16_t bytes = cursor.U16Le();
      if (cursor.failed()) break;
      AddNumber(out, "handle", handle);
      out.address = offset;
      out.quantity = bytes;
      return kAnySub;
    }
    case 0x182a:
    case 0x186a:
      if (cursor.remaining() >= 2) AddNumber(out, "handle", cursor.U16Le());
      return kAnySub;
    case 0x1827:
    case 0x1867: {
      cursor.Skip(4);  // password
      const bool write = (cursor.U16Le() & 0x0100) != 0;
      if (cursor.failed()) break;
      AddDetail(out, "mode", write ? "write" : "read");
      AddFileName(cursor.rest(), out);
      return write ? kWriteSub : kAnySub;
    }
    default:
      AddFileName(cursor.rest(), out);
      return kAnySub;
  }
  AddAnomaly(out, "slmp-length");
  return kAnySub;
}

void AddPassword(base::ByteCursor& cursor, Transaction& out) {
  const std::size_t size = cursor.U16Le();
  const base::Bytes text = cursor.Take(std::min(size, cursor.remaining()));
  if (text.size() != size) AddAnomaly(out, "slmp-length");
  AddDetail(out, "password", std::string(text.begin(), text.end()));
}

// An address alone, 20 bytes, is a read.
std::int32_t DecodeAccess(base::ByteCursor& cursor, Transaction& out) {
  if (cursor.remaining() != 22) {
    AddHex(out, "data", cursor.rest());
    return kWriteSub;
  }
  cursor.Skip(10);
  AddNumber(out, "area", cursor.U16Le());
  out.address = cursor.U32Le();
  cursor.Skip(4);
  out.quantity = cursor.U16Le();
  return kAnySub;
}

void AddTypeName(base::ByteCursor& cursor, Transaction& out) {
  const base::Bytes bytes = cursor.Take(std::min<std::size_t>(16, cursor.remaining()));
  std::string name(bytes.begin(), bytes.end());
  name.erase(name.find_last_not_of(std::string(" \0", 2)) + 1);
  if (!name.empty()) AddDetail(out, "model", name);
  if (cursor.remaining() >= 2)
    AddDetail(out, "model_code", fmt::format("0x{:04x}", cursor.U16Le()));
}

}  // namespace

std::int32_t DecodeRequestData(const Frame& frame, Transaction& out) {
  base::ByteCursor cursor(frame.data);
  if ((frame.command & 0xff00) == 0x1800) return DecodeFile(frame.command, cursor, out);
  if (frame.command == 0x0410) return DecodeAccess(cursor, out);
  const bool plain = PlainForm(frame);
  if (plain && (frame.command == 0x0401 || frame.command == 0x1401)) {
    DecodeBatch(frame, cursor, out);
  } else if (plain && (frame.command == 0x0403 || frame.command == 0x1402)) {
    DecodeRandom(frame, cursor, out);
  } else if (frame.command == 0x1630 || frame.command == 0x1631) {
    AddPassword(cursor, out);
  } else if (frame.command >= 0x1001 && frame.command <= 0x1003 && cursor.remaining() >= 2) {
    AddNumber(out, "mode", cursor.U16Le());  // 1 normal, 3 forced
    if (frame.command == 0x1001 && cursor.remaining() > 0) {
      AddNumber(out, "clear_mode", cursor.U8());  // 1 all but latched devices, 2 all
    }
  } else {
    if (frame.style == Style::kMelsoft) AddFileName(frame.data, out);
    AddHex(out, "data", frame.data);
  }
  return kAnySub;
}

void DecodeResponseData(const Frame& frame, Transaction& out) {
  base::ByteCursor cursor(frame.data);
  const std::size_t points = out.quantity.value_or(0);
  switch (out.code) {
    case 0x0101:
    case 0x0121:
      return AddTypeName(cursor, out);
    case 0x0401: {
      if (!out.quantity) return;
      const bool bits =
          out.detail.end() != std::find(out.detail.begin(), out.detail.end(),
                                        std::pair<std::string, std::string>("access", "bit"));
      if (bits) return TakeBits(cursor, points, out);
      return TakeWords(cursor, points, false, out);
    }
    case 0x0403:
      TakeWords(cursor, NumberOf(out, "words"), false, out);
      return TakeWords(cursor, NumberOf(out, "double_words"), true, out);
    case 0x0410:
      if (points * 2 == cursor.remaining()) TakeWords(cursor, points, false, out);
      return;
    case 0x1827:
    case 0x1867:
      if (cursor.remaining() >= 2) AddNumber(out, "handle", cursor.U16Le());
      return;
    default:
      return;
  }
}

std::optional<std::size_t> ResponseSize(const Frame& frame, const Transaction& request) {
  const std::size_t points = request.quantity.value_or(0);
  if (frame.command >= 0x1001 && frame.command <= 0x1631) return 0;
  if (frame.command == 0x0101) return 18;
  if (!PlainForm(frame) || !request.quantity) return std::nullopt;
  if (frame.command == 0x0401) return Bits(frame.subcommand) ? (points + 1) / 2 : points * 2;
  if (frame.command == 0x0403) {
    return NumberOf(request, "words") * 2 + NumberOf(request, "double_words") * 4;
  }
  return std::nullopt;
}

}  // namespace tapiary::capture::slmp
