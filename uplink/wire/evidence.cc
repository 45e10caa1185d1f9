#include "uplink/wire/evidence.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/text.h"
#include "uplink/wire/tapiary.pb.h"
#include "uplink/wire/wire.h"

namespace tapiary::uplink {

namespace {

constexpr std::string_view kChainName = "tapiary-chain-1";
constexpr std::string_view kSignedName = "tapiary-facts-1\n";
constexpr std::size_t kItemBytes = 49;

base::Error Corrupt(std::string text) {
  return base::MakeError(base::ErrorCode::kCorrupt, "evidence: " + std::move(text));
}

void Append64(std::string& to, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) to.push_back(static_cast<char>(value >> shift));
}

template <std::size_t N>
std::string TextOf(const std::array<std::uint8_t, N>& bytes) {
  return {bytes.begin(), bytes.end()};
}

template <std::size_t N>
base::Result<> Take(const char* field, const std::string& from, std::array<std::uint8_t, N>& to) {
  if (from.size() != N) return Corrupt(fmt::format("{}: {} bytes", field, from.size()));
  std::copy(from.begin(), from.end(), to.begin());
  return {};
}

base::Result<ItemKind> KindOf(std::uint64_t number) {
  if (number > static_cast<std::uint64_t>(ItemKind::kFacts)) {
    return Corrupt(fmt::format("kind: {} is no known value", number));
  }
  return static_cast<ItemKind>(number);
}

// Keys of the catalog are signed.
base::Result<> CheckPlace(std::uint64_t epoch, std::uint64_t seq) {
  if (epoch > kMaxEpoch) return Corrupt("epoch: above 2^62");
  if (seq > static_cast<std::uint64_t>(INT64_MAX)) return Corrupt("seq: above 2^63");
  return {};
}

base::Result<ChainRun> DecodeRun(const wire::ChainRun& from) {
  ChainRun run;
  run.first = from.first();
  TAPIARY_TRY(Take("before", from.before(), run.before));
  const std::string& items = from.items();
  if (items.size() % kItemBytes != 0) return Corrupt(fmt::format("items: {} bytes", items.size()));
  const std::size_t count = items.size() / kItemBytes;
  if (run.first == 0 || run.first > static_cast<std::uint64_t>(INT64_MAX) - count) {
    return Corrupt("first: not a number in a chain");
  }
  run.items.resize(count);
  base::ByteCursor cursor(base::AsBytes(items));
  for (ChainItem& item : run.items) {
    TAPIARY_ASSIGN(item.kind, KindOf(cursor.U8()));
    item.epoch = cursor.U64Be();
    item.seq = cursor.U64Be();
    TAPIARY_TRY(CheckPlace(item.epoch, item.seq));
    const base::Bytes digest = cursor.Take(item.digest.size());
    std::copy(digest.begin(), digest.end(), item.digest.begin());
  }
  return run;
}

base::Result<DroppedItems> DecodeDropped(const wire::DroppedItems& from,
                                         const DecodeLimits& limits) {
  DroppedItems dropped;
  TAPIARY_ASSIGN(dropped.kind, KindOf(from.kind()));
  dropped.epoch = from.epoch();
  dropped.first_seq = from.first_seq();
  dropped.last_seq = from.last_seq();
  TAPIARY_TRY(CheckPlace(dropped.epoch, dropped.last_seq));
  if (dropped.first_seq > dropped.last_seq) return Corrupt("last_seq: before first_seq");
  if (from.reason().size() > limits.max_text_bytes) {
    return base::MakeError(base::ErrorCode::kTooLarge, "evidence: reason: too long");
  }
  dropped.reason = from.reason();
  return dropped;
}

}  // namespace

base::Sha256Digest ChainBegin(const PublicKey& key, std::uint64_t chain) {
  std::string text(kChainName);
  text += TextOf(key);
  Append64(text, chain);
  return base::Sha256Of(base::AsBytes(text));
}

base::Sha256Digest ChainNext(const base::Sha256Digest& before, const base::Sha256Digest& digest) {
  std::array<std::uint8_t, 64> both{};
  std::copy(before.begin(), before.end(), both.begin());
  std::copy(digest.begin(), digest.end(), both.begin() + 32);
  return base::Sha256Of(both);
}

base::Sha256Digest ChainEnd(const ChainRun& run) {
  base::Sha256Digest value = run.before;
  for (const ChainItem& item : run.items) value = ChainNext(value, item.digest);
  return value;
}

std::array<std::uint8_t, 48> SignedBytes(const base::Sha256Digest& message_digest) {
  std::array<std::uint8_t, 48> bytes{};
  static_assert(kSignedName.size() == 16);
  std::copy(kSignedName.begin(), kSignedName.end(), bytes.begin());
  std::copy(message_digest.begin(), message_digest.end(), bytes.begin() + kSignedName.size());
  return bytes;
}

bool IsSignedBy(const PublicKey& key, const FactBatch& batch) {
  if (!batch.evidence || !batch.signature) return false;
  return VerifySignature(key, SignedBytes(batch.signed_digest), *batch.signature);
}

std::string EncodeEvidence(const Evidence& evidence) {
  wire::Evidence message;
  message.set_key(TextOf(evidence.key));
  message.set_chain(evidence.chain);
  for (const ChainRun& run : evidence.runs) {
    wire::ChainRun& to = *message.add_runs();
    to.set_first(run.first);
    to.set_before(TextOf(run.before));
    std::string& items = *to.mutable_items();
    items.reserve(run.items.size() * kItemBytes);
    for (const ChainItem& item : run.items) {
      items.push_back(static_cast<char>(item.kind));
      Append64(items, item.epoch);
      Append64(items, item.seq);
      items.append(item.digest.begin(), item.digest.end());
    }
  }
  for (const DroppedItems& dropped : evidence.dropped) {
    wire::DroppedItems& to = *message.add_dropped();
    to.set_kind(static_cast<std::uint32_t>(dropped.kind));
    to.set_epoch(dropped.epoch);
    to.set_first_seq(dropped.first_seq);
    to.set_last_seq(dropped.last_seq);
    to.set_reason(dropped.reason);
  }
  return message.SerializeAsString();
}

base::Result<Evidence> DecodeEvidence(base::Bytes message, const DecodeLimits& limits) {
  wire::Evidence parsed;
  if (!parsed.ParseFromArray(message.data(), static_cast<int>(message.size()))) {
    return Corrupt("broken protobuf message");
  }
  std::size_t elements = static_cast<std::size_t>(parsed.runs_size() + parsed.dropped_size());
  for (const wire::ChainRun& run : parsed.runs()) elements += run.items().size() / kItemBytes;
  if (elements > limits.max_elements) {
    return base::MakeError(base::ErrorCode::kTooLarge, "evidence: too many items");
  }
  Evidence evidence;
  TAPIARY_TRY(Take("key", parsed.key(), evidence.key));
  evidence.chain = parsed.chain();
  if (evidence.chain > kMaxEpoch) return Corrupt("chain: above 2^62");
  for (const wire::ChainRun& run : parsed.runs()) {
    TAPIARY_ASSIGN(evidence.runs.emplace_back(), DecodeRun(run));
  }
  for (const wire::DroppedItems& dropped : parsed.dropped()) {
    TAPIARY_ASSIGN(evidence.dropped.emplace_back(), DecodeDropped(dropped, limits));
  }
  return evidence;
}

}  // namespace tapiary::uplink
