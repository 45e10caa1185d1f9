#include "cli/capture_join.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace tapiary::cli {
namespace {

using base::ErrorCode;
using base::MakeError;

constexpr std::uint32_t kSection = 0x0a0d0d0a;
constexpr std::uint32_t kInterface = 1;
constexpr std::uint32_t kStatistics = 5;
constexpr std::uint32_t kPacket = 6;
constexpr std::uint32_t kByteOrder = 0x1a2b3c4d;
constexpr std::uint32_t kPcapNanos = 0xa1b23c4d;
constexpr std::uint32_t kPcapMicros = 0xa1b2c3d4;
constexpr std::size_t kSectionBody = 24;  // where its options begin
constexpr std::size_t kPacketBody = 28;   // where the packet's bytes begin
constexpr std::size_t kFileHeader = 24;
constexpr std::size_t kRecordHeader = 16;
constexpr std::size_t kMaxBlock = 1u << 20;
constexpr std::size_t kMaxInterfaces = 1u << 16;
constexpr std::size_t kMaxInterfaceBytes = 16u << 20;
constexpr std::size_t kFlushBytes = 256u << 10;

std::uint32_t Read32(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

std::uint16_t Read16(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(bytes[at]) |
                                    static_cast<unsigned char>(bytes[at + 1]) << 8);
}

void Write32(std::uint32_t value, std::size_t at, std::string* bytes) {
  for (std::size_t i = 0; i < 4; ++i) (*bytes)[at + i] = static_cast<char>(value >> (8 * i));
}

base::Error Broken(const char* what) {
  return MakeError(ErrorCode::kCorrupt, std::string("the collector's answer: ") + what);
}

}  // namespace

CaptureJoin::CaptureJoin(Options options, Out out, Note note)
    : options_(options), out_(std::move(out)), note_(std::move(note)) {}

void CaptureJoin::Begin(bool again) {
  // A repeat that broke off as well, before the end of the first: that end is what counts.
  if (!again) {
    skip_ = skip_hash_ = 0;
  } else if (count_ >= skip_) {
    skip_ = count_;
    skip_hash_ = hash_;
  }
  count_ = hash_ = 0;
  rest_.clear();
  ids_.clear();
  begun_ = false;
}

// Size of the block or record that begins there, or 0 when there is too little to say.
base::Result<std::size_t> CaptureJoin::SizeOf(std::string_view bytes) const {
  if (options_.form == Form::kPcap) {
    if (!begun_) return kFileHeader;
    if (bytes.size() < kRecordHeader) return std::size_t{0};
    const std::size_t size = Read32(bytes, 8);
    if (size > kMaxBlock) return Broken("a record is too long");
    return kRecordHeader + size;
  }
  if (bytes.size() < 12) return std::size_t{0};
  if (Read32(bytes, 0) == kSection && Read32(bytes, 8) != kByteOrder) {
    return Broken("its byte order is not ours");
  }
  const std::size_t size = Read32(bytes, 4);
  if (size < 12 || size % 4 != 0 || size > kMaxBlock) return Broken("a block's length is wrong");
  return size;
}

base::Result<> CaptureJoin::Add(std::string_view part) {
  rest_ += part;
  std::string_view left = rest_;
  while (true) {
    TAPIARY_ASSIGN(const std::size_t size, SizeOf(left));
    if (size == 0 || left.size() < size) break;
    TAPIARY_TRY(Take(left.substr(0, size)));
    left.remove_prefix(size);
    if (pending_.size() >= kFlushBytes) TAPIARY_TRY(Flush());
  }
  rest_.erase(0, rest_.size() - left.size());
  return Flush();
}

base::Result<> CaptureJoin::Flush() {
  if (pending_.empty()) return {};
  const base::Result<> done = out_(pending_);
  pending_.clear();
  return done;
}

base::Result<> CaptureJoin::Take(std::string_view record) {
  if (options_.form != Form::kPcap) return TakeBlock(record);
  return begun_ ? TakeRecord(record) : TakeFileHeader(record);
}

base::Result<> CaptureJoin::TakeFileHeader(std::string_view header) {
  const std::uint32_t magic = Read32(header, 0);
  if (magic != kPcapNanos && magic != kPcapMicros) return Broken("it is no pcap");
  begun_ = true;
  answer_header_ = header;
  if (!headed_) header_ = header;
  // A live tail may begin without packets, so without knowing of which link type they will be.
  if (!options_.live && !std::exchange(headed_, true)) pending_ += header_;
  return {};
}

base::Result<> CaptureJoin::TakeRecord(std::string_view record) {
  TAPIARY_ASSIGN(const bool skips, Skips(record));
  if (skips) return {};
  if (!std::exchange(headed_, true)) pending_ += header_;
  if (answer_header_ != header_) {
    return MakeError(ErrorCode::kUnsupported,
                     "a pcap file holds one link type, and now comes another: use pcapng");
  }
  pending_ += record;
  return {};
}

base::Result<> CaptureJoin::TakeBlock(std::string_view block) {
  if (Read32(block, block.size() - 4) != block.size()) return Broken("a block's ends differ");
  const std::uint32_t type = Read32(block, 0);
  if (type == kSection) return TakeSection(block);
  if (!begun_) return Broken("it is no pcapng");
  if (type == kInterface) return TakeInterface(block);
  if (type == kPacket) return TakeWithInterface(block, true);
  if (type == kStatistics)
    return options_.live ? base::Result<>() : TakeWithInterface(block, false);
  pending_ += block;
  return {};
}

base::Result<> CaptureJoin::TakeSection(std::string_view block) {
  if (block.size() < kSectionBody + 4) return Broken("a section's header is too short");
  begun_ = true;
  ids_.clear();
  std::string_view options = block.substr(kSectionBody, block.size() - kSectionBody - 4);
  while (options.size() >= 4 && Read16(options, 0) != 0) {
    const std::size_t size = Read16(options, 2);
    if (options.size() - 4 < size) break;
    if (Read16(options, 0) == 1) TellMissing(options.substr(4, size));
    options.remove_prefix(std::min(options.size(), 4 + (size + 3) / 4 * 4));
  }
  if (options_.form == Form::kPcapng) {
    pending_ += block;
    return {};
  }
  if (std::exchange(headed_, true)) return {};
  std::string header(block);
  std::fill_n(header.begin() + 16, 8, '\xff');  // its length is not known
  pending_ += header;
  return {};
}

void CaptureJoin::TellMissing(std::string_view comment) {
  while (!comment.empty()) {
    const std::size_t end = std::min(comment.find('\n'), comment.size());
    const std::string_view line = comment.substr(0, end);
    if (line.starts_with("MISSING") || line.starts_with("and ")) note_(base::EscapeBytes(line));
    comment.remove_prefix(std::min(comment.size(), end + 1));
  }
}

base::Result<> CaptureJoin::TakeInterface(std::string_view block) {
  if (ids_.size() >= kMaxInterfaces) return Broken("it has too many interfaces");
  if (options_.form == Form::kPcapng) {
    ids_.push_back(static_cast<std::uint32_t>(ids_.size()));
    pending_ += block;
    return {};
  }
  const auto found = interfaces_.find(block);
  if (found != interfaces_.end()) {
    ids_.push_back(found->second);
    return {};
  }
  interface_bytes_ += block.size();
  if (interfaces_.size() >= kMaxInterfaces || interface_bytes_ > kMaxInterfaceBytes) {
    return Broken("it has too many interfaces");
  }
  const auto id = static_cast<std::uint32_t>(interfaces_.size());
  interfaces_.emplace(block, id);
  ids_.push_back(id);
  pending_ += block;
  return {};
}

base::Result<> CaptureJoin::TakeWithInterface(std::string_view block, bool packet) {
  if (block.size() < (packet ? kPacketBody + 4 : std::size_t{24})) {
    return Broken("a block is too short");
  }
  const std::uint32_t id = Read32(block, 8);
  if (id >= ids_.size()) return Broken("a block names an interface that is not there");
  if (packet) {
    TAPIARY_ASSIGN(const bool skips, Skips(block.substr(12)));
    if (skips) return {};
  }
  const std::size_t at = pending_.size();
  pending_ += block;
  Write32(ids_[id], at + 8, &pending_);
  return {};
}

// Counts a packet of the answer. True when it was put out before the answer broke off.
base::Result<bool> CaptureJoin::Skips(std::string_view packet) {
  ++count_;
  hash_ = hash_ * 0x9e3779b97f4a7c15u + std::hash<std::string_view>()(packet);
  if (count_ > skip_) {
    ++packets_;
    return false;
  }
  if (count_ == skip_ && hash_ != skip_hash_) {
    return MakeError(ErrorCode::kConflict,
                     "asked again for an answer that broke off, the collector gives another one");
  }
  return true;
}

base::Result<> CaptureJoin::End() {
  if (!rest_.empty() || !begun_) return Broken("it ends too early");
  if (count_ < skip_) {
    return MakeError(ErrorCode::kConflict,
                     "asked again for an answer that broke off, the collector gives less");
  }
  return {};
}

base::Result<> CaptureJoin::Finish() {
  if (options_.form == Form::kPcap && !std::exchange(headed_, true)) pending_ += header_;
  return Flush();
}

}  // namespace tapiary::cli
