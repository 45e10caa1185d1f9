// AddressFilter: which addresses the flows of one batch may have, in about a byte for each: a Bloom
// filter. What it says no to is not there; one in fifty that it says yes to is not there either.
//
// Stored in flow_addresses (docs/catalog.md), so hash and layout are settled: bits are numbered
// from the lowest of the first byte on; of a hash with the halves low and high, the bits (low + i *
// (high | 1)) mod (8 * bytes) are set for i from 0 to 4. SQLite has the test as the function
// tapiary_may_have(filter, hash), PostgreSQL as one of that name in SQL. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

struct sqlite3;

namespace tapiary::server {

// Of the 16 bytes that the catalog has for an address.
std::int64_t AddressHash(std::span<const std::uint8_t, 16> address);
// For these; the same hash may come again.
std::vector<std::uint8_t> MakeAddressFilter(std::vector<std::int64_t> hashes);
// An empty filter may have anything.
bool MayHave(std::span<const std::uint8_t> filter, std::int64_t hash);

// Registers the function; without a filter (NULL) it says yes. False when SQLite refuses.
bool AddAddressFunction(sqlite3* database);

}  // namespace tapiary::server
