// AddressList: which flows of one batch have an address at one of their ends, so that a search need
// not look at all of them: the addresses in order, each with the number of its flow.
//
// Stored in flow_ends (docs/catalog.md), so the layout is settled: a byte with how many bytes all
// addresses have in common, these bytes, eight bytes with the lowest number, and for each address
// and flow the rest of the address and four bytes with the number less the lowest; numbers are
// big-endian, entries in order of their bytes. SQLite has the look-up as the functions
// tapiary_first(list, low, high) and tapiary_last, and makes lists with the aggregate
// tapiary_list(address, number); PostgreSQL has indexes of addresses instead. Pure; any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <span>
#include <vector>

struct sqlite3;

namespace tapiary::server {

struct AddressEntry {
  std::array<std::uint8_t, 16> address{};
  std::int64_t number = 0;  // of the flow, from 0 on
  auto operator<=>(const AddressEntry&) const = default;
};

// The same entry may come again. Empty, which stands for any flow, when numbers are too far apart.
std::vector<std::uint8_t> MakeAddressList(std::vector<AddressEntry> entries);
// The lowest and the highest number of the flows with addresses from `low` to `high`; those between
// may have others. 0 and INT64_MAX when it may be any flow, 1 and 0 when there is none.
struct FlowNumbers {
  std::int64_t first = 0;
  std::int64_t last = INT64_MAX;
  bool operator==(const FlowNumbers&) const = default;
};
FlowNumbers RangeOf(std::span<const std::uint8_t> list, std::span<const std::uint8_t, 16> low,
                    std::span<const std::uint8_t, 16> high);

// Registers the functions. False when SQLite refuses.
bool AddListFunctions(sqlite3* database);

}  // namespace tapiary::server
