#include "server/ingest/segment_stream.h"

#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace tapiary::server {
namespace {

// What sensors make is 512 KiB; what is larger is checked when it is stored.
constexpr std::size_t kMaxBytes = 2u << 20;
constexpr std::size_t kRecentBytes = 4096;  // before the index: it is read together with them
constexpr std::size_t kMagicBytes = 4;
constexpr std::size_t kLargeBlock = 128u << 10;  // a smaller one is checked before another wakes up

enum class Step : std::uint8_t { kWhole, kMore, kTail, kLost };
struct Measured {
  Step step = Step::kLost;
  std::size_t bytes = 0;  // of the frame, when kWhole
};

// The size of the frame that `bytes` begin with.
Measured MeasureFrame(base::Bytes bytes) {
  if (bytes.size() < kMagicBytes) return {Step::kMore, 0};
  std::uint32_t magic = 0;
  std::memcpy(&magic, bytes.data(), sizeof magic);
  if (magic != ZSTD_MAGICNUMBER) return {Step::kTail, 0};
  const std::size_t size = ZSTD_findFrameCompressedSize(bytes.data(), bytes.size());
  if (ZSTD_isError(size) == 0) return {size > kMaxBytes ? Step::kLost : Step::kWhole, size};
  const bool more = ZSTD_getErrorCode(size) == ZSTD_error_srcSize_wrong;
  return {more ? Step::kMore : Step::kLost, 0};
}

// 0 when the header does not say it.
std::uint64_t ContentBytes(base::Bytes frame) {
  const std::uint64_t size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  return size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR ? 0 : size;
}

}  // namespace

SegmentStream::~SegmentStream() {
  Await();
}

void SegmentStream::Await() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return given_ == 0; });
}

void SegmentStream::TakeFrame(base::Bytes frame) {
  const std::uint64_t raw_bytes = ContentBytes(frame);
  if (raw_bytes == 0 || raw_bytes > kMaxBytes || frames_ == capture::kMaxBlocksPerSegment) {
    state_ = State::kLost;
    return;
  }
  Found found;
  found.stored_bytes = frame.size();
  found.raw_bytes = static_cast<std::uint32_t>(raw_bytes);
  const std::size_t number = frames_++;
  if (!GiveToPool(frame, number, found)) Check(frame, number, found, expander_);
  const std::lock_guard lock(mutex_);
  if (bad_) state_ = State::kLost;
}

bool SegmentStream::GiveToPool(base::Bytes frame, std::size_t number, Found found) {
  if (pool_ == nullptr || found.raw_bytes < kLargeBlock || !pool_->HasRoom()) return false;
  {
    const std::lock_guard lock(mutex_);
    ++given_;
  }
  auto work = [this, number, found, bytes = std::string(base::AsText(frame))](auto& expander) {
    Check(base::AsBytes(bytes), number, found, expander);
    // Told under the lock: once it is let go, the stream may be gone.
    const std::lock_guard lock(mutex_);
    --given_;
    changed_.notify_one();
  };
  if (pool_->Take(std::move(work))) return true;
  const std::lock_guard lock(mutex_);
  --given_;
  return false;
}

// On any thread.
void SegmentStream::Check(base::Bytes frame, std::size_t number, Found found,
                          capture::BlockExpander& expander) {
  const auto raw = expander.Expand(frame, found.raw_bytes);
  const auto look = [&found](const capture::Packet& packet) {
    ++found.packets;
    if (packet.time_ns == capture::kTimeUnknown) return true;
    found.first_ns = found.timed ? std::min(found.first_ns, packet.time_ns) : packet.time_ns;
    found.last_ns = found.timed ? std::max(found.last_ns, packet.time_ns) : packet.time_ns;
    found.timed = true;
    return true;
  };
  capture::InterfaceInfo interface;
  const bool good = raw && capture::ForEachPacket(*raw, &interface, look);
  const std::lock_guard lock(mutex_);
  if (!good) bad_ = true;
  if (number == 0) interface_ = interface.name;
  if (found_.size() <= number) found_.resize(number + 1);
  found_[number] = found;
}

// How many of the bytes were whole frames.
std::size_t SegmentStream::TakeFrames(base::Bytes bytes) {
  std::size_t done = 0;
  while (state_ == State::kFrames) {
    const base::Bytes rest = bytes.subspan(done);
    const Measured frame = MeasureFrame(rest);
    if (frame.step == Step::kMore) break;
    if (frame.step == Step::kTail) state_ = State::kTail;
    if (frame.step == Step::kLost) state_ = State::kLost;
    if (frame.step != Step::kWhole) break;
    TakeFrame(rest.first(frame.bytes));
    done += frame.bytes;
  }
  return done;
}

void SegmentStream::Remember(base::Bytes bytes) {
  total_ += bytes.size();
  if (state_ == State::kFrames && bytes.size() >= kRecentBytes) {
    recent_ = base::AsText(bytes.last(kRecentBytes));
    return;
  }
  recent_ += base::AsText(bytes);
  const std::size_t most = state_ == State::kTail ? kMaxBytes : kRecentBytes;
  if (recent_.size() > most) recent_.erase(0, recent_.size() - most);
}

std::optional<std::string_view> SegmentStream::Recent(std::uint64_t offset,
                                                      std::size_t size) const {
  const std::uint64_t from = total_ - recent_.size();
  if (offset < from || offset > total_ || size > total_ - offset) return std::nullopt;
  return std::string_view(recent_).substr(offset - from, size);
}

void SegmentStream::Append(base::Bytes bytes) {
  Take(bytes);
  Remember(bytes);
}

void SegmentStream::Take(base::Bytes bytes) {
  if (state_ != State::kFrames) return;
  if (pending_.empty()) {
    pending_ = base::AsText(bytes.subspan(TakeFrames(bytes)));
  } else {
    pending_ += base::AsText(bytes);
    pending_.erase(0, TakeFrames(base::AsBytes(pending_)));
  }
  if (pending_.size() > kMaxBytes) state_ = State::kLost;
  if (state_ != State::kFrames) pending_ = {};
}

bool SegmentStream::Confirms(const capture::SegmentIndex& index) {
  Await();
  const std::lock_guard lock(mutex_);
  if (bad_ || state_ != State::kTail || found_.size() != index.blocks.size()) return false;
  for (std::size_t i = 0; i < found_.size(); ++i) {
    const Found& found = found_[i];
    const capture::BlockEntry& entry = index.blocks[i];
    const bool in_time =
        !found.timed || (found.first_ns >= entry.first_ns && found.last_ns <= entry.last_ns);
    if (found.stored_bytes != entry.stored_bytes || found.raw_bytes != entry.raw_bytes ||
        found.packets != entry.packets || !in_time) {
      return false;
    }
  }
  return true;
}

}  // namespace tapiary::server
