#include "capture/ot/synchrophasor/framing.h"

#include <array>

namespace tapiary::capture::synchrophasor {
namespace {

constexpr std::uint8_t kSync = 0xaa;
constexpr std::size_t kMaxKept = 8192;

constexpr std::array<std::uint16_t, 256> MakeTable() {
  std::array<std::uint16_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte << 8;
    for (int bit = 0; bit < 8; ++bit) value = (value << 1) ^ ((value & 0x8000) != 0 ? 0x1021u : 0u);
    table[byte] = static_cast<std::uint16_t>(value);
  }
  return table;
}
constexpr std::array<std::uint16_t, 256> kTable = MakeTable();

PduFront FrontOf(base::Bytes bytes, bool) {
  Frame frame;
  return ReadFrame(bytes, frame);
}

bool LooksRight(base::Bytes bytes, bool) {
  Frame frame;
  const PduFront front = ReadFrame(bytes, frame);
  if (front.kind == PduFront::Kind::kBad) return false;
  if (front.kind == PduFront::Kind::kMore || bytes.size() < front.size) return true;
  return CrcFits(bytes.first(front.size));
}

}  // namespace

const Framing kFraming = {
    .front = &FrontOf,
    .plausible = &LooksRight,
    .whole = nullptr,
    .min_useful = kHeaderSize,
    .max_kept = kMaxKept,
    .scan = true,
    .fault_length = {},
    .fault_gap = "synchrophasor-gap",
    .fault_search = "synchrophasor-lost-sync",
};

PduFront ReadFrame(base::Bytes bytes, Frame& frame) {
  if (!bytes.empty() && bytes[0] != kSync) return PduFront::Bad("synchrophasor-sync");
  if (bytes.size() < 2) return PduFront::More();
  frame.type = bytes[1] >> 4;
  frame.version = bytes[1] & 0x0f;
  const bool known = frame.type <= kConfig3 && frame.version >= 1 && frame.version <= 3;
  if (!known) return PduFront::Bad("synchrophasor-type");
  if (bytes.size() < 4) return PduFront::More();
  base::ByteCursor cursor(bytes.subspan(2));
  frame.size = cursor.U16Be();
  if (frame.size < kMinFrame) return PduFront::Bad("synchrophasor-length");
  if (frame.type == kCommand && frame.size < kMinFrame + 2) {
    return PduFront::Bad("synchrophasor-length");
  }
  if (bytes.size() < kHeaderSize) return PduFront::More();
  frame.id = cursor.U16Be();
  frame.seconds = cursor.U32Be();
  frame.fraction = cursor.U32Be();
  return PduFront::Of(frame.size);
}

bool CrcFits(base::Bytes frame) {
  if (frame.size() < kMinFrame) return false;
  std::uint32_t value = 0xffff;
  for (const std::uint8_t byte : frame.first(frame.size() - 2)) {
    value = ((value << 8) & 0xffff) ^ kTable[(value >> 8) ^ byte];
  }
  base::ByteCursor tail(frame.subspan(frame.size() - 2));
  return tail.U16Be() == value;
}

}  // namespace tapiary::capture::synchrophasor
