#include "capture/ot/layer2/fields.h"

#include <fmt/core.h>

#include <algorithm>

namespace tapiary::capture::layer2 {

void AddDetail(Transaction& out, std::string_view key, std::string_view text) {
  out.detail.emplace_back(key, text.substr(0, kMaxDetailBytes));
}

void AddNumber(Transaction& out, std::string_view key, std::uint64_t number) {
  out.detail.emplace_back(key, fmt::format("{}", number));
}

void AddAnomaly(Transaction& out, std::string_view name) {
  if (std::find(out.anomalies.begin(), out.anomalies.end(), name) != out.anomalies.end()) return;
  out.anomalies.emplace_back(name);
}

std::string HexOf(base::Bytes bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes.first(std::min<std::size_t>(bytes.size(), 64))) {
    text += fmt::format("{:02x}", byte);
  }
  return text;
}

std::string_view TextOf(base::Bytes bytes) {
  std::size_t size = bytes.size();
  while (size > 0 && (bytes[size - 1] == 0 || bytes[size - 1] == ' ')) --size;
  return {reinterpret_cast<const char*>(bytes.data()), size};
}

std::string MacText(base::Bytes six) {
  MacAddress mac{};
  std::copy_n(six.begin(), std::min(six.size(), mac.size()), mac.begin());
  return FormatMac(mac);
}

std::string Ip4Text(std::uint32_t address) {
  return fmt::format("{}.{}.{}.{}", address >> 24, address >> 16 & 0xff, address >> 8 & 0xff,
                     address & 0xff);
}

std::string UuidText(base::Bytes sixteen, bool big) {
  base::ByteCursor cursor(sixteen);
  const std::uint32_t low = cursor.U32(big);
  const std::uint16_t mid = cursor.U16(big);
  const std::uint16_t high = cursor.U16(big);
  const std::uint16_t clock = cursor.U16Be();
  const std::uint64_t node = static_cast<std::uint64_t>(cursor.U16Be()) << 32;
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", low, mid, high, clock,
                     node | cursor.U32Be());
}

std::uint64_t HashOf(base::Bytes bytes, std::uint64_t seed) {
  for (const std::uint8_t byte : bytes) seed = (seed ^ byte) * 0x100000001b3u;
  return seed;
}

}  // namespace tapiary::capture::layer2
