#include "server/catalog/address_filter.h"

#include <sqlite3.h>

#include <algorithm>

namespace tapiary::server {
namespace {

constexpr std::size_t kBitsEach = 8;
constexpr std::uint64_t kProbes = 5;

std::uint64_t Little64(std::span<const std::uint8_t, 8> bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 8; i > 0; --i) value = (value << 8) | bytes[i - 1];
  return value;
}

// The finalizer of SplitMix64 (Steele, Lea, Flood 2014).
std::uint64_t Mix(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

// Calls `probe` with each bit; ends with false when it says so.
template <class Probe>
bool ForEachBit(std::int64_t hash, std::uint64_t bits, Probe probe) {
  const auto whole = static_cast<std::uint64_t>(hash);
  const std::uint64_t low = whole & 0xffffffff;
  const std::uint64_t step = (whole >> 32) | 1;
  for (std::uint64_t i = 0; i < kProbes; ++i) {
    const std::uint64_t bit = (low + i * step) % bits;
    if (!probe(static_cast<std::size_t>(bit / 8), static_cast<std::uint8_t>(1u << (bit % 8)))) {
      return false;
    }
  }
  return true;
}

void MayHaveFunction(sqlite3_context* context, int, sqlite3_value** arguments) {
  const auto* filter = static_cast<const std::uint8_t*>(sqlite3_value_blob(arguments[0]));
  const auto size = static_cast<std::size_t>(sqlite3_value_bytes(arguments[0]));
  const bool may = filter == nullptr || MayHave({filter, size}, sqlite3_value_int64(arguments[1]));
  sqlite3_result_int(context, may ? 1 : 0);
}

}  // namespace

std::int64_t AddressHash(std::span<const std::uint8_t, 16> address) {
  constexpr std::uint64_t kSeed = 0x9e3779b97f4a7c15;
  return static_cast<std::int64_t>(
      Mix(Mix(Little64(address.first<8>()) + kSeed) ^ Little64(address.last<8>())));
}

std::vector<std::uint8_t> MakeAddressFilter(std::vector<std::int64_t> hashes) {
  std::ranges::sort(hashes);
  const auto same = std::ranges::unique(hashes);
  hashes.erase(same.begin(), same.end());
  std::vector<std::uint8_t> filter(std::max<std::size_t>(8, hashes.size() * kBitsEach / 8));
  for (const std::int64_t hash : hashes) {
    ForEachBit(hash, filter.size() * 8, [&filter](std::size_t at, std::uint8_t mask) {
      filter[at] |= mask;
      return true;
    });
  }
  return filter;
}

bool MayHave(std::span<const std::uint8_t> filter, std::int64_t hash) {
  if (filter.empty()) return true;
  return ForEachBit(hash, filter.size() * 8, [filter](std::size_t at, std::uint8_t mask) {
    return (filter[at] & mask) != 0;
  });
}

bool AddAddressFunction(sqlite3* database) {
  constexpr int kFlags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS;
  return sqlite3_create_function_v2(database, "tapiary_may_have", 2, kFlags, nullptr,
                                    MayHaveFunction, nullptr, nullptr, nullptr) == SQLITE_OK;
}

}  // namespace tapiary::server
