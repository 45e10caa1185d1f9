// The pcap source: capture files and standard input, as batches. Packets are views of the stream's
// window; a batch ends where the window does, so that nothing is copied.
#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <variant>

#include "base/text.h"
#include "capture/source/bpf.h"
#include "capture/source/byte_stream.h"
#include "capture/source/counters.h"
#include "capture/source/packet_source.h"
#include "capture/source/pcap_format.h"
#include "capture/source/pcapng_format.h"

namespace tapiary::capture {
namespace {

constexpr std::size_t kMagicBytes = 4;
// A file of which nothing is wanted must still let its reader look at a stop request.
constexpr int kFillsPerCall = 64;

bool LooksLikePcapng(base::Bytes head) {
  constexpr std::uint8_t kMagic[kMagicBytes] = {0x0a, 0x0d, 0x0d, 0x0a};
  return std::equal(head.begin(),
                    head.begin() + static_cast<std::ptrdiff_t>(std::min(head.size(), kMagicBytes)),
                    kMagic);
}

std::string_view Name(Encoding encoding) {
  switch (encoding) {
    case Encoding::kGzip:
      return "gzip";
    case Encoding::kZstd:
      return "zstd";
    case Encoding::kPlain:
      break;
  }
  return "plain";
}

class PcapSource final : public PacketSource {
 public:
  explicit PcapSource(PcapOptions options) : options_(std::move(options)) {}

  base::Result<> Open() override;
  base::Result<NextState> Next(PacketBatch& batch, int wait_ms) override;
  [[nodiscard]] const std::vector<InterfaceInfo>& interfaces() const override {
    return interfaces_;
  }
  [[nodiscard]] SourceStats stats() const override { return counters_.Snapshot(); }
  [[nodiscard]] bool live() const override { return stream_ && !stream_->is_regular_file(); }
  [[nodiscard]] bool can_wait() const override { return true; }
  [[nodiscard]] std::string name() const override {
    return options_.name.empty() ? options_.path : options_.name;
  }
  [[nodiscard]] std::string end_note() const override { return end_note_; }
  [[nodiscard]] bool end_is_cut() const override { return end_is_cut_; }

 private:
  using Format = std::variant<std::monostate, PcapFormat, PcapngFormat>;

  base::Result<bool> Detect();
  bool FillBatch(PacketBatch& batch);
  template <class F>
  bool FillBatchFrom(F& format, PacketBatch& batch);
  bool Wanted(const Packet& packet);
  void EndWithFault(std::string_view text);
  void EndOfStream();

  PcapOptions options_;
  std::unique_ptr<ByteStream> stream_;
  Format format_;
  std::vector<InterfaceInfo> interfaces_;
  std::vector<std::optional<PacketFilter>> filters_;  // by interface; none: matches nothing
  std::uint64_t needed_ = kMagicBytes;                // bytes that the next step wants
  bool input_ended_ = false;
  bool ended_ = false;
  std::string end_note_;
  bool end_is_cut_ = false;
  SourceCounters counters_;
};

base::Result<> PcapSource::Open() {
  // A filter that compiles for no Ethernet frame is a mistake; other link types are tried as they
  // come.
  TAPIARY_TRY(PacketFilter::Compile(options_.filter, 1));
  TAPIARY_ASSIGN(stream_, ByteStream::Open(options_.path, {options_.max_expanded_bytes,
                                                           options_.max_expansion_ratio}));
  // A file tells at once whether it is a capture; a pipe may need time.
  while (stream_->is_regular_file() && format_.index() == 0 && !ended_) {
    TAPIARY_TRY(Detect());
    if (format_.index() != 0 || ended_) break;
    TAPIARY_ASSIGN(const auto state, stream_->Fill(-1));
    input_ended_ = state == ByteStream::FillState::kEnd;
  }
  return {};
}

base::Result<NextState> PcapSource::Next(PacketBatch& batch, int wait_ms) {
  batch.count = 0;
  if (ended_) return NextState::kEnd;
  for (int fills = 0; fills < kFillsPerCall; ++fills) {
    TAPIARY_ASSIGN(const bool ready, Detect());
    if (ready && FillBatch(batch)) {
      counters_.CountBatch(batch);
      return NextState::kPackets;
    }
    if (ended_) return NextState::kEnd;
    TAPIARY_ASSIGN(const auto state, stream_->Fill(wait_ms));
    if (state == ByteStream::FillState::kIdle) return NextState::kIdle;
    input_ended_ = state == ByteStream::FillState::kEnd;
  }
  return NextState::kIdle;
}

// True when the format is known. kInvalid for what is no capture file.
base::Result<bool> PcapSource::Detect() {
  if (format_.index() != 0) return true;
  const base::Bytes head = stream_->window();
  if (head.size() < kMagicBytes && !input_ended_) return false;
  if (LooksLikePcapng(head) && head.size() >= kMagicBytes) {
    format_.emplace<PcapngFormat>(&interfaces_, options_.name);
    return true;
  }
  if (LooksLikePcap(head) && head.size() >= kPcapHeaderBytes) {
    format_.emplace<PcapFormat>(head.first(kPcapHeaderBytes), interfaces_);
    interfaces_.back().name = options_.name;
    stream_->Consume(kPcapHeaderBytes);
    return true;
  }
  if (!LooksLikePcap(head) && !LooksLikePcapng(head)) {
    std::string inside;
    if (stream_->encoding() != Encoding::kPlain) {
      inside = fmt::format(", inside {}", Name(stream_->encoding()));
    }
    if (!stream_->fault().empty()) inside += fmt::format(" ({})", stream_->fault());
    return base::MakeError(
        base::ErrorCode::kInvalid,
        fmt::format("{}: not a pcap or pcapng file (it begins with {}{})", options_.path,
                    base::ToHex(head.first(std::min<std::size_t>(head.size(), 8))), inside));
  }
  needed_ = LooksLikePcap(head) ? kPcapHeaderBytes : kMagicBytes;
  if (input_ended_) EndOfStream();
  return false;
}

// False when the batch stayed empty: the window must grow, or the file has ended.
bool PcapSource::FillBatch(PacketBatch& batch) {
  if (auto* pcapng = std::get_if<PcapngFormat>(&format_)) return FillBatchFrom(*pcapng, batch);
  return FillBatchFrom(std::get<PcapFormat>(format_), batch);
}

// The stream is told once how much was taken, not with each record.
template <class F>
bool PcapSource::FillBatchFrom(F& format, PacketBatch& batch) {
  base::Bytes window = stream_->window();
  std::uint64_t taken = 0;
  std::uint64_t filtered = 0;
  ParseStep step;
  while (batch.count < kBatchSize) {
    Packet& packet = batch.packets[batch.count];
    step = format.Next(window, packet);
    if (step.kind == ParseStep::Kind::kFault || step.kind == ParseStep::Kind::kNeedMore) break;
    if (step.kind == ParseStep::Kind::kPacket) {
      if (options_.filter.empty() || Wanted(packet)) {
        ++batch.count;
      } else {
        ++filtered;
      }
    } else if (step.kind == ParseStep::Kind::kBadRecord) {
      counters_.bad_records.Add(1);
    }
    taken += step.size;
    window = window.subspan(std::min<std::uint64_t>(step.size, window.size()));
  }
  stream_->Consume(taken);
  if (filtered > 0) counters_.filtered.Add(filtered);
  if (batch.count > 0) return true;  // what stopped us is met again with the next call
  if (step.kind == ParseStep::Kind::kFault) {
    EndWithFault(format.fault());
  } else {
    needed_ = step.size;
    if (input_ended_) EndOfStream();
  }
  return false;
}

bool PcapSource::Wanted(const Packet& packet) {
  while (filters_.size() <= packet.interface) {
    const InterfaceInfo& interface = interfaces_[filters_.size()];
    auto filter = PacketFilter::Compile(options_.filter, interface.link_type_number);
    filters_.push_back(filter ? std::optional(std::move(*filter)) : std::nullopt);
  }
  auto& filter = filters_[packet.interface];
  return filter.has_value() && filter->Matches(packet);
}

void PcapSource::EndWithFault(std::string_view text) {
  ended_ = true;
  end_note_ = fmt::format("corrupt at offset {}: {}", stream_->offset(), text);
}

// The input ended; whole, in the middle of a record, or in damaged compressed data.
void PcapSource::EndOfStream() {
  ended_ = true;
  const std::uint64_t left = stream_->window().size();
  if (!stream_->fault().empty()) {
    end_note_ = fmt::format("corrupt at offset {}: {}", stream_->end_offset(), stream_->fault());
    return;
  }
  end_is_cut_ = stream_->is_cut() || left > 0 || stream_->skipping() > 0 || format_.index() == 0;
  if (stream_->is_cut()) {
    end_note_ = fmt::format("truncated at {}: the {} data ends too early", stream_->end_offset(),
                            Name(stream_->encoding()));
  } else if (stream_->skipping() > 0) {
    end_note_ = fmt::format("truncated at {}: {} bytes of a block are missing",
                            stream_->end_offset(), stream_->skipping());
  } else if (end_is_cut_) {
    end_note_ = fmt::format("truncated at {}: {} of at least {} bytes are there",
                            stream_->end_offset(), left, needed_);
  }
}

}  // namespace

std::unique_ptr<PacketSource> MakePcapSource(PcapOptions options) {
  return std::make_unique<PcapSource>(std::move(options));
}

}  // namespace tapiary::capture
