#include "capture/source/byte_stream.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace tapiary::capture {
namespace {

constexpr std::size_t kFirstWindow = 256 * 1024;
constexpr std::size_t kRawChunk = 64 * 1024;
constexpr std::size_t kHeadBytes = 4;                // what DetectEncoding needs
constexpr std::uint64_t kRatioFreeBytes = 1u << 20;  // small files may expand as they like
// 128 MiB windows, zstd's own default, for files that a person names; 32 MiB where limits are set,
// that is for what comes from elsewhere.
constexpr int kWindowLog = 27;
constexpr int kLimitedWindowLog = 25;

}  // namespace

ByteStream::ByteStream(base::UniqueFd fd, std::string path, Limits limits, bool regular)
    : fd_(std::move(fd)), path_(std::move(path)), limits_(limits), regular_(regular) {}

base::Result<std::unique_ptr<ByteStream>> ByteStream::Open(const std::string& path, Limits limits) {
  const bool standard_input = path == "-";
  // NOLINTNEXTLINE: open is variadic by its nature
  base::UniqueFd fd(standard_input ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                   : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const std::string shown = standard_input ? "standard input" : path;
  if (!fd.valid()) return base::Error::FromErrno(errno, "open " + shown);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return base::Error::FromErrno(errno, "fstat " + shown);
  if (S_ISDIR(info.st_mode)) {
    return base::MakeError(base::ErrorCode::kInvalid, shown + " is a folder");
  }
  return std::unique_ptr<ByteStream>(
      new ByteStream(std::move(fd), shown, limits, S_ISREG(info.st_mode)));
}

void ByteStream::Consume(std::uint64_t size) {
  const std::size_t here = std::min<std::uint64_t>(size, end_ - begin_);
  begin_ += here;
  offset_ += here;
  skip_ += size - here;
}

base::Result<ByteStream::FillState> ByteStream::Fill(int wait_ms) {
  if (ended_) return FillState::kEnd;
  if (!detected_) {
    TAPIARY_ASSIGN(const FillState state, Detect(wait_ms));
    if (!detected_) return state;
    if (end_ > begin_ || ended_) return ended_ ? FillState::kEnd : FillState::kMore;
  }
  MakeRoom();
  return decompressor_ == nullptr ? FillPlain(wait_ms) : FillDecompressed(wait_ms);
}

// Reads what is there. kMore with size > 0, kIdle when nothing came in time, kEnd at the end.
base::Result<ByteStream::FillState> ByteStream::ReadRaw(std::span<std::uint8_t> out,
                                                        std::size_t& size, int wait_ms) {
  size = 0;
  if (!regular_) {
    pollfd waiting{fd_.get(), POLLIN, 0};
    const int ready = ::poll(&waiting, 1, wait_ms);
    if (ready < 0 && errno != EINTR) return base::Error::FromErrno(errno, "poll " + path_);
    if (ready <= 0) return FillState::kIdle;
  }
  const ssize_t got = ::read(fd_.get(), out.data(), out.size());
  if (got < 0) {
    if (errno == EINTR || errno == EAGAIN) return FillState::kIdle;
    return base::Error::FromErrno(errno, fmt::format("read {} at {}", path_, raw_total_));
  }
  size = static_cast<std::size_t>(got);
  raw_total_ += size;
  return got == 0 ? FillState::kEnd : FillState::kMore;
}

// Collects the first bytes and decides how to read the rest.
base::Result<ByteStream::FillState> ByteStream::Detect(int wait_ms) {
  if (raw_.empty()) raw_.resize(kRawChunk);
  bool at_end = false;
  while (raw_end_ < kHeadBytes && !at_end) {
    std::size_t size = 0;
    TAPIARY_ASSIGN(const FillState state,
                   ReadRaw(std::span(raw_).subspan(raw_end_), size, wait_ms));
    if (state == FillState::kIdle) return state;
    at_end = state == FillState::kEnd;
    raw_end_ += size;
  }
  detected_ = true;
  encoding_ = DetectEncoding(base::Bytes(raw_).first(raw_end_));
  const bool limited = limits_.max_expanded_bytes > 0 || limits_.max_expansion_ratio > 0;
  decompressor_ = MakeDecompressor(encoding_, limited ? kLimitedWindowLog : kWindowLog);
  if (decompressor_ != nullptr) return FillState::kMore;
  buffer_.resize(kFirstWindow);
  std::memcpy(buffer_.data(), raw_.data(), raw_end_);
  Accept(raw_end_);
  raw_ = {};
  if (at_end) return EndOfInput();
  return FillState::kMore;
}

base::Result<ByteStream::FillState> ByteStream::FillPlain(int wait_ms) {
  std::size_t size = 0;
  TAPIARY_ASSIGN(const FillState state, ReadRaw(std::span(buffer_).subspan(end_), size, wait_ms));
  if (state == FillState::kEnd) return EndOfInput();
  Accept(size);
  return state;
}

base::Result<ByteStream::FillState> ByteStream::FillDecompressed(int wait_ms) {
  for (;;) {
    if (raw_begin_ < raw_end_ || output_was_full_) {
      const auto out = std::span(buffer_).subspan(end_);
      const auto step =
          decompressor_->Run(base::Bytes(raw_).subspan(raw_begin_, raw_end_ - raw_begin_), out);
      raw_begin_ += step.consumed;
      output_was_full_ = step.produced == out.size();
      expanded_total_ += step.produced;
      TAPIARY_TRY(CheckLimits());
      Accept(step.produced);
      if (!decompressor_->fault().empty()) return EndOfInput();
      if (step.produced > 0) return FillState::kMore;
      if (step.consumed > 0) continue;
    }
    if (raw_begin_ == raw_end_) raw_begin_ = raw_end_ = 0;
    if (raw_end_ == raw_.size()) {  // no library leaves a whole chunk unused
      fault_ = "the decompressor makes no progress";
      return EndOfInput();
    }
    std::size_t size = 0;
    TAPIARY_ASSIGN(const FillState state,
                   ReadRaw(std::span(raw_).subspan(raw_end_), size, wait_ms));
    if (state == FillState::kEnd) return EndOfInput();
    if (state == FillState::kIdle) return state;
    raw_end_ += size;
  }
}

ByteStream::FillState ByteStream::EndOfInput() {
  ended_ = true;
  fd_.reset();
  if (decompressor_ != nullptr) {
    if (fault_.empty()) fault_ = decompressor_->fault();
    cut_ = fault_.empty() && !decompressor_->at_boundary();
  }
  // Bytes that came together with the fault are still good.
  return FillState::kEnd;
}

void ByteStream::MakeRoom() {
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == buffer_.size()) buffer_.resize(std::max(kFirstWindow, buffer_.size() * 2));
}

void ByteStream::Accept(std::size_t size) {
  end_ += size;
  if (skip_ == 0) return;
  const std::uint64_t skip = skip_;
  skip_ = 0;
  Consume(skip);
}

base::Result<> ByteStream::CheckLimits() const {
  if (limits_.max_expanded_bytes > 0 && expanded_total_ > limits_.max_expanded_bytes) {
    return base::MakeError(
        base::ErrorCode::kTooLarge,
        fmt::format("{}: expands to more than {} bytes", path_, limits_.max_expanded_bytes));
  }
  if (limits_.max_expansion_ratio > 0 && expanded_total_ > kRatioFreeBytes &&
      expanded_total_ / limits_.max_expansion_ratio > raw_total_) {
    return base::MakeError(base::ErrorCode::kTooLarge,
                           fmt::format("{}: expands to more than {} times its size", path_,
                                       limits_.max_expansion_ratio));
  }
  return {};
}

}  // namespace tapiary::capture
