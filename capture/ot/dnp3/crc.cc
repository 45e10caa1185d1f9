#include "capture/ot/dnp3/crc.h"

#include <array>

namespace tapiary::capture::dnp3 {
namespace {

constexpr std::uint16_t kReflected = 0xa6bc;  // 0x3d65 with its bits turned round

constexpr std::array<std::uint16_t, 256> MakeTable() {
  std::array<std::uint16_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? kReflected : 0u);
    table[byte] = static_cast<std::uint16_t>(value);
  }
  return table;
}

constexpr std::array<std::uint16_t, 256> kTable = MakeTable();

}  // namespace

std::uint16_t Crc(base::Bytes bytes) {
  std::uint32_t value = 0;
  for (const std::uint8_t byte : bytes) value = (value >> 8) ^ kTable[(value ^ byte) & 0xff];
  return static_cast<std::uint16_t>(~value);
}

bool CrcFits(base::Bytes bytes) {
  if (bytes.size() < 3) return false;
  const std::size_t covered = bytes.size() - 2;
  base::ByteCursor tail(bytes.subspan(covered));
  return tail.U16Le() == Crc(bytes.first(covered));
}

}  // namespace tapiary::capture::dnp3
