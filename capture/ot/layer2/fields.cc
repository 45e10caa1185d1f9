#include "capture/ot/layer2/fields.h"

#include <fmt/core.h>

#include <algorithm>

namespace tapiary::capture::layer2 {

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

Transaction Published(std::string_view service, std::string_view operation, std::int32_t code,
                      std::uint16_t appid, const Technique& technique, std::int64_t time_ns) {
  Transaction out;
  out.time_ns = time_ns;
  out.protocol = service;
  out.operation = operation;
  out.code = code;
  out.unit = appid;
  out.status = TransactionStatus::kUnsolicited;
  out.command = technique.command;
  out.attack_technique = technique.id;
  return out;
}

}  // namespace tapiary::capture::layer2
