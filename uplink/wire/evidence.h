// The evidence of a sensor: its items as a hash chain, told in signed facts items.
//
// chain_n = SHA-256(chain_{n-1} || digest_n), where digest_n is that of the n-th item's body.
// Format and worked example: docs/formats/evidence.md. Pure functions and plain structs; any
// thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "base/byte_cursor.h"
#include "base/digest.h"
#include "base/result.h"
#include "uplink/wire/signing.h"

namespace tapiary::uplink {

struct DecodeLimits;
struct FactBatch;

enum class ItemKind : std::uint8_t { kSegments = 0, kFlows = 1, kFacts = 2 };  // never renumber

struct ChainItem {
  ItemKind kind = ItemKind::kSegments;
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  base::Sha256Digest digest{};
  auto operator<=>(const ChainItem&) const = default;
};

// Consecutive items of a chain.
struct ChainRun {
  std::uint64_t first = 1;      // number of the first one
  base::Sha256Digest before{};  // chain value before it
  std::vector<ChainItem> items;
  bool operator==(const ChainRun&) const = default;
};

// Numbers of items that will not come, both ends included.
struct DroppedItems {
  ItemKind kind = ItemKind::kSegments;
  std::uint64_t epoch = 0;
  std::uint64_t first_seq = 0;
  std::uint64_t last_seq = 0;
  std::string reason;  // as in gap records, or "split"
  bool operator==(const DroppedItems&) const = default;
};

struct Evidence {
  PublicKey key{};
  std::uint64_t chain = 0;  // the epoch in which it began
  std::vector<ChainRun> runs;
  std::vector<DroppedItems> dropped;
  bool operator==(const Evidence&) const = default;
};

// What a facts item gets when it is made. Valid during the call.
struct Seal {
  const Evidence& evidence;
  const SigningKey& key;
};

// chain_0: every chain has its own.
base::Sha256Digest ChainBegin(const PublicKey& key, std::uint64_t chain);
base::Sha256Digest ChainNext(const base::Sha256Digest& before, const base::Sha256Digest& digest);
// The chain value after the run's last item.
base::Sha256Digest ChainEnd(const ChainRun& run);

// What a facts item's signature is over: a name, and the hash of the message before the signature.
std::array<std::uint8_t, 48> SignedBytes(const base::Sha256Digest& message_digest);
// False without evidence or signature too.
bool IsSignedBy(const PublicKey& key, const FactBatch& batch);

// The bytes of one Evidence message. kCorrupt names the field; kTooLarge beyond
// limits.max_elements.
std::string EncodeEvidence(const Evidence& evidence);
base::Result<Evidence> DecodeEvidence(base::Bytes message, const DecodeLimits& limits);

}  // namespace tapiary::uplink
