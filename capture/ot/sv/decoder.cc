#include "capture/ot/sv/decoder.h"

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "capture/ot/detail.h"
#include "capture/ot/layer2/fields.h"
#include "capture/ot/sv/techniques.h"

namespace tapiary::capture::sv {
namespace {

constexpr std::int64_t kSummaryNs = 60 * base::kNanosPerSecond;
constexpr std::uint64_t kMaxChanges = 100;  // transactions an interval

std::string_view SynchText(std::uint8_t synch) {
  if (synch > 2) return "other";
  constexpr std::string_view kTexts[] = {"none", "local", "global"};
  return kTexts[synch];
}

Transaction Begin(const SvStream& stream, Event event, std::string_view operation,
                  std::int64_t now_ns) {
  const Technique technique = FindTechnique(Techniques(), kSvTag, static_cast<std::int32_t>(event));
  Transaction out = layer2::Published(kService, operation, kSvTag, stream.appid, technique, now_ns);
  AddDetail(out, "sv_id", stream.sv_id);
  AddNumber(out, "conf_rev", stream.conf_rev);
  AddDetail(out, "smp_synch", SynchText(stream.smp_synch));
  if (stream.simulated) AddDetail(out, "simulation", "1");
  return out;
}

}  // namespace

SvStream* SvDecoder::Find(std::uint16_t appid, base::Bytes sv_id, OtOutput& out) {
  if (last_ < streams_.size() && streams_[last_].Is(appid, sv_id)) return &streams_[last_];
  for (last_ = 0; last_ < streams_.size(); ++last_) {
    if (streams_[last_].Is(appid, sv_id)) return &streams_[last_];
  }
  if (streams_.size() >= kMaxStreams) {
    Fault("sv-too-many-streams", "sv.untracked", out);
    return nullptr;
  }
  streams_.emplace_back(appid, sv_id);
  return &streams_.back();
}

void SvDecoder::OnDatagram(bool, base::Bytes bytes, bool cut, std::int64_t time_ns, OtOutput& out) {
  if (next_due_ns() <= time_ns) Expire(time_ns, out);
  layer2::AppFrame frame;
  if (!layer2::ReadAppFrame(bytes, cut, frame)) {
    if (!cut) Fault("sv-malformed", "sv.malformed", out);
    return;
  }
  ReadMessage(frame, message_);
  out.Count("sv.packets", 1);
  out.Count("sv.asdus", message_.count);
  if (message_.malformed) Fault("sv-malformed", "sv.malformed", out);
  for (std::size_t i = 0; i < message_.count; ++i) {
    OnAsdu(message_.asdus[i], i == 0, time_ns, out);
  }
}

void SvDecoder::OnAsdu(const Asdu& asdu, bool first, std::int64_t time_ns, OtOutput& out) {
  SvStream* const stream = Find(message_.appid, asdu.sv_id, out);
  if (stream == nullptr) return;
  names_.clear();
  if (first) ++stream->interval.packets;
  const Event event = stream->OnAsdu(asdu, message_.simulated, time_ns, names_);
  if (event == Event::kNone || stream->interval.changes++ >= kMaxChanges) return;
  Transaction transaction = Begin(*stream, event, "send_msv_message", time_ns);
  AddDetail(transaction, "event", event == Event::kFirst ? "first_seen" : "configuration_change");
  AddDetail(transaction, "dat_set", TextOf(asdu.dat_set));
  AddNumber(transaction, "smp_cnt", asdu.smp_cnt);
  AddNumber(transaction, "asdus", message_.count);
  AddNumber(transaction, "sample_bytes", asdu.sample_bytes);
  if (asdu.smp_rate != 0) AddNumber(transaction, "smp_rate", asdu.smp_rate);
  for (const std::string_view name : names_) AddAnomaly(transaction, name);
  out.Emit(std::move(transaction));
}

void SvDecoder::Summarise(SvStream& stream, std::int64_t now_ns, OtOutput& out) {
  const Interval& interval = stream.interval;
  Transaction summary = Begin(stream, Event::kSummary, "sv_summary", now_ns);
  AddNumber(summary, "packets", interval.packets);
  AddNumber(summary, "asdus", interval.asdus);
  AddNumber(summary, "first_smp_cnt", interval.first_smp_cnt);
  AddNumber(summary, "last_smp_cnt", stream.smp_cnt);
  AddNumber(summary, "missing", interval.missing);
  AddNumber(summary, "gaps", interval.gaps);
  AddNumber(summary, "duplicates", interval.duplicates);
  AddNumber(summary, "backward", interval.backward);
  AddNumber(summary, "changes", interval.changes);
  if (interval.gaps != 0) AddAnomaly(summary, "sv-smpcnt-gap");
  if (interval.duplicates != 0) AddAnomaly(summary, "sv-smpcnt-duplicate");
  if (interval.backward != 0) AddAnomaly(summary, "sv-smpcnt-back");
  out.Emit(std::move(summary));
  stream.interval = Interval{};
}

void SvDecoder::Expire(std::int64_t now_ns, OtOutput& out) {
  for (SvStream& stream : streams_) {
    const std::int64_t end_ns = stream.interval.start_ns + kSummaryNs;
    if (stream.interval.asdus != 0 && end_ns <= now_ns) Summarise(stream, end_ns, out);
  }
}

std::int64_t SvDecoder::next_due_ns() const {
  std::int64_t due = INT64_MAX;
  for (const SvStream& stream : streams_) {
    if (stream.interval.asdus != 0) due = std::min(due, stream.interval.start_ns + kSummaryNs);
  }
  return due;
}

void SvDecoder::Finish(OtOutput& out) {
  for (SvStream& stream : streams_) {
    if (stream.interval.asdus != 0) Summarise(stream, stream.last_ns, out);
  }
}

}  // namespace tapiary::capture::sv
