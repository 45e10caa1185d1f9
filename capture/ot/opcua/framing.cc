#include "capture/ot/opcua/framing.h"

#include <algorithm>
#include <cstring>

#include "base/text.h"

namespace tapiary::capture::opcua {
namespace {

constexpr std::string_view kBadType = "opcua-type";
constexpr std::string_view kBadLength = "opcua-length";
constexpr std::size_t kMaxUrl = 4096;

struct TypeRule {
  std::string_view name;
  bool chunked;  // may be C or A
  std::size_t min_size, max_size;
};
constexpr TypeRule kRules[kTypes] = {
    {"HEL", false, 32, 32 + kMaxUrl}, {"ACK", false, 28, 28},
    {"ERR", false, 16, 16 + kMaxUrl}, {"RHE", false, 16, 16 + 2 * kMaxUrl},
    {"OPN", true, 32, kMaxSize},      {"MSG", true, 24, kMaxSize},
    {"CLO", true, 24, kMaxSize},
};

// By what is there of the three letters; null: no type.
const TypeRule* FindRule(base::Bytes bytes) {
  const std::size_t size = std::min<std::size_t>(bytes.size(), 3);
  for (const TypeRule& rule : kRules) {
    if (std::memcmp(rule.name.data(), bytes.data(), size) == 0) return &rule;
  }
  return nullptr;
}

PduFront FrontOf(base::Bytes bytes, bool) {
  if (bytes.empty()) return PduFront::More();
  const TypeRule* const rule = FindRule(bytes);
  if (rule == nullptr) return PduFront::Bad(kBadType);
  if (bytes.size() < 4) return PduFront::More();
  const char form = static_cast<char>(bytes[3]);
  if (form != 'F' && !(rule->chunked && (form == 'C' || form == 'A'))) {
    return PduFront::Bad(kBadType);
  }
  if (bytes.size() < kHeaderSize) return PduFront::More();
  base::ByteCursor cursor(bytes.subspan(4));
  const std::uint32_t size = cursor.U32Le();
  if (size < rule->min_size || size > rule->max_size) return PduFront::Bad(kBadLength);
  return PduFront::Of(size);
}

std::string_view TakeText(base::ByteCursor& cursor) {
  const std::uint32_t size = cursor.U32Le();
  return size == UINT32_MAX ? std::string_view{} : base::AsText(cursor.Take(size));
}

void ReadOpen(base::ByteCursor& cursor, Chunk& chunk) {
  chunk.policy = TakeText(cursor);
  chunk.certificate = base::AsBytes(TakeText(cursor));
  (void)TakeText(cursor);  // thumbprint of the receiver's
  chunk.sealed = PolicyName(chunk.policy) != "None";
}

}  // namespace

const Framing kFraming = {
    .front = &FrontOf,
    .plausible = nullptr,
    .whole = nullptr,
    .min_useful = kHeaderSize,
    .max_kept = kMaxKept,
    .scan = true,
    .fault_length = kBadLength,
    .fault_gap = "opcua-gap",
    .fault_search = "opcua-lost-sync",
};

Chunk ReadChunk(base::Bytes bytes) {
  Chunk chunk;
  const TypeRule* const rule = FindRule(bytes);
  if (rule == nullptr || bytes.size() < kHeaderSize) return chunk;
  chunk.type = static_cast<Type>(rule - kRules);
  chunk.form = static_cast<char>(bytes[3]);
  base::ByteCursor cursor(bytes.subspan(kHeaderSize));
  if (chunk.type >= Type::kOpen) {
    chunk.channel = cursor.U32Le();
    if (chunk.type == Type::kOpen) {
      ReadOpen(cursor, chunk);
    } else {
      chunk.token = cursor.U32Le();
    }
    if (!chunk.sealed) {
      chunk.sequence = cursor.U32Le();
      chunk.request_id = cursor.U32Le();
    }
  }
  chunk.valid = !cursor.failed();
  chunk.body = cursor.rest();
  return chunk;
}

std::string_view PolicyName(std::string_view uri) {
  const std::size_t hash = uri.rfind('#');
  return hash == std::string_view::npos ? uri : uri.substr(hash + 1);
}

}  // namespace tapiary::capture::opcua
