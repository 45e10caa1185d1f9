// The items that a sensor sends: batches of flows and of facts, as bytes and as plain structs.
//
// A body is one zstd frame of one protobuf message (tapiary.proto). Sensors encode, collectors
// decode; decoding treats the bytes as hostile: compressed and expanded size, window, counts and
// text lengths are bounded before anything is allocated for them, and errors name the field.
// Functions are pure and may be called from any thread. Format: docs/formats/wire.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_cursor.h"
#include "base/digest.h"
#include "base/result.h"
#include "capture/records.h"
#include "uplink/wire/evidence.h"

namespace tapiary::uplink {

// The paths of the ingest interface (design.md section 5): /api/v1/ingest/KIND/EPOCH/SEQ.
inline constexpr std::string_view kSegmentsPath = "segments";
inline constexpr std::string_view kFlowsPath = "flows";
inline constexpr std::string_view kFactsPath = "facts";
inline constexpr std::uint64_t kMaxEpoch = (std::uint64_t{1} << 62) - 1;

struct FlowBatch {
  std::uint64_t epoch = 0;  // the same as in the path
  std::uint64_t seq = 0;
  std::vector<capture::FlowRecord> flows;
};

// How the sensor says it is. Counters are totals since its epoch began.
struct SensorHealth {
  std::int64_t time_ns = 0;        // the sensor's wall clock
  std::string state;               // "ok", or "degraded"
  std::vector<std::string> texts;  // what is degraded: "tap0: link down", "spool read-only: ..."
  std::string version;
  std::uint64_t spool_bytes = 0;      // waiting to be delivered
  std::uint64_t spool_max_bytes = 0;  // 0: not known
  std::int64_t spool_oldest_ns = 0;   // when the oldest of it was stored; 0: nothing waits
  std::string uplink_state;           // "ok", "unreachable: ...", "token refused", ...
  std::uint64_t packets = 0;          // taken from all interfaces
  std::uint64_t active_flows = 0;
  std::uint64_t flows = 0;
  std::uint64_t transactions = 0;
  std::uint64_t commands = 0;
  bool operator==(const SensorHealth&) const = default;
};

struct FactBatch {
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  std::vector<capture::Transaction> transactions;
  std::vector<capture::GapRecord> gaps;
  std::vector<capture::LedgerRow> ledger;
  std::optional<SensorHealth> health;
  std::optional<Evidence> evidence{};
  // Decoding only: the signature, and the hash of the bytes that it signs.
  std::optional<Signature> signature{};
  base::Sha256Digest signed_digest{};
  [[nodiscard]] std::size_t items() const {
    return transactions.size() + gaps.size() + ledger.size() + (health ? 1 : 0);
  }
};

std::string EncodeFlows(const FlowBatch& batch);
// Signed when there is a key; batch.signature plays no part.
std::string EncodeFacts(const FactBatch& batch, const SigningKey* key = nullptr);
// With the seal's evidence, which may be null, and its signature.
std::string EncodeFacts(FactBatch batch, std::uint64_t epoch, std::uint64_t seq, const Seal* seal);

struct DecodeLimits {
  std::size_t max_body_bytes = 16u << 20;      // as received
  std::size_t max_expanded_bytes = 32u << 20;  // of the protobuf message
  int max_window_log = 24;                     // zstd window: memory of the decompressor
  std::size_t max_records = 100'000;           // flows, or all facts together
  std::size_t max_record_bytes = 1u << 20;     // one record's message
  std::size_t max_elements = 1'000'000;        // list elements within all records together
  std::size_t max_text_bytes = 64u << 10;      // one text or byte string
};

// kTooLarge when a limit is passed, kCorrupt when the bytes break the format or a value is outside
// its field ("flows[3].orig.port: 70000 is above 65535").
base::Result<FlowBatch> DecodeFlows(base::Bytes body, const DecodeLimits& limits = {});
base::Result<FactBatch> DecodeFacts(base::Bytes body, const DecodeLimits& limits = {});

}  // namespace tapiary::uplink
