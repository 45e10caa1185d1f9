#include "capture/ot/goose/report.h"

#include <fmt/core.h>

#include "base/clock.h"
#include "capture/ot/detail.h"
#include "capture/ot/goose/dataset.h"
#include "capture/ot/goose/techniques.h"
#include "capture/ot/layer2/fields.h"

namespace tapiary::capture::goose {
namespace {

Transaction Begin(const ControlBlock& block, Event event, std::string_view operation,
                  std::int64_t now_ns) {
  const Technique technique =
      FindTechnique(Techniques(), kGooseTag, static_cast<std::int32_t>(event));
  Transaction out =
      layer2::Published(kService, operation, kGooseTag, block.appid, technique, now_ns);
  AddDetail(out, "event", ToString(event));
  AddDetail(out, "gocb_ref", block.reference);
  return out;
}

// UtcTime: seconds, 24 bit fraction, quality.
void AddTime(base::Bytes time, Transaction& out) {
  if (time.size() != 8) return;
  base::ByteCursor cursor(time);
  const std::uint32_t seconds = cursor.U32Be();
  const std::uint64_t fraction = cursor.U24Be();
  AddDetail(out, "t", fmt::format("{}.{:06}", seconds, fraction * 1'000'000 >> 24));
  AddNumber(out, "t_quality", cursor.U8());
}

void AddData(const ControlBlock& block, const Message& message, Transaction& out) {
  if (!message.has_data) return;
  Dataset now = ReadDataset(message.all_data);
  if (block.has_data()) {
    const std::string changes = Changes(ReadDataset(block.data()), now);
    if (!changes.empty()) AddDetail(out, "changed", changes);
  }
  AddDetail(out, "data", ToText(now));
  out.values = std::move(now.values);
  if (now.malformed) AddAnomaly(out, "goose-data");
  if (!now.malformed && now.top_level != message.entries) {
    AddAnomaly(out, "goose-count-mismatch");
  }
}

}  // namespace

Transaction EventOf(const ControlBlock& block, const Message& message, Event event,
                    std::int64_t now_ns) {
  Transaction out = Begin(block, event, "send_goose_message", now_ns);
  AddNumber(out, "st_num", message.st_num);
  AddNumber(out, "sq_num", message.sq_num);
  if (event != Event::kFirst && block.known()) {
    AddNumber(out, "before_st_num", block.st_num);
    AddNumber(out, "before_sq_num", block.sq_num);
  }
  AddDetail(out, "dat_set", TextOf(message.dat_set));
  AddDetail(out, "go_id", TextOf(message.go_id));
  AddNumber(out, "conf_rev", message.conf_rev);
  AddNumber(out, "time_allowed_to_live", message.time_allowed_ms);
  AddTime(message.time, out);
  if (message.simulated) AddDetail(out, "simulation", "1");
  if (message.needs_commissioning) AddDetail(out, "nds_com", "1");
  out.quantity = message.entries;
  AddData(block, message, out);
  if (message.cut) AddAnomaly(out, "truncated");
  return out;
}

Transaction SilenceOf(const ControlBlock& block, std::int64_t now_ns) {
  Transaction out = Begin(block, Event::kSilence, "time_allowed_to_live_expired", now_ns);
  AddNumber(out, "st_num", block.st_num);
  AddNumber(out, "sq_num", block.sq_num);
  AddAnomaly(out, "goose-tal-expired");
  return out;
}

Transaction SummaryOf(const ControlBlock& block, std::int64_t now_ns) {
  Transaction out = Begin(block, Event::kSummary, "goose_summary", now_ns);
  const Interval& interval = block.interval;
  AddNumber(out, "st_num", block.st_num);
  AddNumber(out, "sq_num", block.sq_num);
  AddNumber(out, "packets", interval.packets);
  AddNumber(out, "state_changes", interval.state_changes);
  AddNumber(out, "repeats", interval.repeats);
  AddNumber(out, "duplicates", interval.duplicates);
  AddNumber(out, "missing", interval.missing);
  AddNumber(out, "silences", interval.silences);
  AddNumber(out, "malformed", interval.malformed);
  AddNumber(out, "longest_pause_ms",
            static_cast<std::uint64_t>(interval.longest_ns) / (base::kNanosPerSecond / 1000));
  if (interval.malformed != 0) AddAnomaly(out, "goose-malformed");
  return out;
}

}  // namespace tapiary::capture::goose
