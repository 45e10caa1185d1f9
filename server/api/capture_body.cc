#include "server/api/capture_body.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kFillBytes = 128 * 1024;
// What is there by then goes out, however little: few packets in many segments come as they are
// found. The first one goes at once.
constexpr std::int64_t kFillNs = 20 * base::kNanosPerMilli;
constexpr int kToldInLog = 20;

}  // namespace

CaptureBody::CaptureBody(std::unique_ptr<SegmentWalk> walk, CaptureFormat format,
                         std::string comment, const Catalog& catalog, const HostNames* names)
    : walk_(std::move(walk)),
      drop_counts_(catalog),
      writer_(
          format, std::move(comment),
          [this](std::string_view sensor, const std::string& interface) {
            return drop_counts_.Find(sensor, interface);
          },
          names),
      format_(format) {
  walk_->OnDamage([this](const Damage& damage) { Tell(damage); });
}

base::Result<std::size_t> CaptureBody::Read(std::span<char> buffer) {
  if (at_ == out_.size()) {
    auto filled = Fill();
    if (!filled) {
      base::LogError("download ended early: {}", base::EscapeBytes(filled.error().message));
      return filled.error();
    }
  }
  const std::size_t size = std::min(buffer.size(), out_.size() - at_);
  std::copy_n(out_.begin() + static_cast<std::ptrdiff_t>(at_), size, buffer.begin());
  at_ += size;
  return size;
}

// What is missing is never silently missing.
void CaptureBody::Tell(const Damage& damage) {
  const std::string& interface = damage.segment.interface;
  const std::string text = fmt::format(
      "MISSING: {}segment {} of sensor {}{} cannot be read from the vault: up to {} "
      "packets from {} on are not here",
      damage.block ? fmt::format("block {} of ", *damage.block) : std::string(), damage.segment.id,
      base::EscapeBytes(damage.segment.sensor),
      interface.empty() ? interface : ", interface " + interface + ",", damage.packets,
      base::FormatTime(damage.segment.first_ns));
  writer_.Note(text);
  if (++told_ > kToldInLog) return;
  base::LogError("download: {} ({}, {}){}", text, damage.segment.object,
                 base::EscapeBytes(damage.reason),
                 told_ == kToldInLog ? "; more of this download are not logged" : "");
}

// What is not stored, which only the end of the walk can tell.
base::Result<> CaptureBody::TellAbsent() {
  if (absent_told_) return {};
  TAPIARY_ASSIGN(const std::vector<Absence> absent, walk_->Absent());
  absent_told_ = true;
  for (const Absence& absence : absent) {
    writer_.Note(absence.text);
    if (!absence.late) ++told_;
  }
  return {};
}

// A classic pcap has no place for comments: everything else has been sent, and a broken end is
// the only way to say that this is not all.
base::Result<> CaptureBody::Incomplete() {
  if (!out_.empty()) return {};  // first what is left to send
  return base::MakeError(base::ErrorCode::kCorrupt,
                         "packets are missing; downloaded as pcapng, the file says which");
}

base::Result<> CaptureBody::Fill() {
  out_.clear();
  at_ = 0;
  const std::int64_t until_ns = base::SteadyNow() + (begun_ ? kFillNs : 0);
  while (!ended_ && out_.size() < kFillBytes) {
    TAPIARY_ASSIGN(const SegmentWalk::Item item, walk_->Next());
    if (item.segment == nullptr) {
      TAPIARY_TRY(TellAbsent());
      if (told_ > 0 && format_ != CaptureFormat::kPcapng) return Incomplete();
      writer_.Finish(out_);
      ended_ = true;
      walk_.reset();
      break;
    }
    begun_ = true;
    drop_counts_.Note(*item.segment, item.interface->name);
    if (seen_ && item.segment->id != last_segment_) {
      last_segment_ = item.segment->id;
      seen_(*item.segment);
    }
    TAPIARY_TRY(writer_.Append(*item.packet, item.segment->sensor, *item.interface, out_));
    if (item.loaded && base::SteadyNow() >= until_ns) break;
  }
  return {};
}

}  // namespace tapiary::server
