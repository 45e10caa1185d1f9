#include "uplink/split.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "base/text.h"
#include "uplink/wire/wire.h"

namespace tapiary::uplink {

namespace {

// Our own items; their size was limited when they were made.
DecodeLimits OwnLimits() {
  DecodeLimits limits;
  limits.max_body_bytes = limits.max_expanded_bytes = std::size_t{1} << 30;
  limits.max_record_bytes = std::size_t{64} << 20;
  limits.max_text_bytes = std::size_t{64} << 20;
  limits.max_records = limits.max_elements = std::size_t{1} << 26;
  return limits;
}

// Moves all but the first `keep` of `from` to `to`, and counts down what is still to be kept.
template <class T>
void Cut(std::size_t& keep, std::vector<T>& from, std::vector<T>& to) {
  const std::size_t here = std::min(keep, from.size());
  keep -= here;
  const auto middle = from.begin() + static_cast<std::ptrdiff_t>(here);
  to.assign(std::make_move_iterator(middle), std::make_move_iterator(from.end()));
  from.erase(middle, from.end());
}

Encode EncoderOf(FlowBatch batch) {
  return [batch = std::move(batch)](std::uint64_t epoch, std::uint64_t seq, const Seal*) {
    FlowBatch numbered = batch;
    numbered.epoch = epoch;
    numbered.seq = seq;
    return EncodeFlows(numbered);
  };
}

Encode EncoderOf(FactBatch batch) {
  return [batch = std::move(batch)](std::uint64_t epoch, std::uint64_t seq, const Seal* seal) {
    return EncodeFacts(batch, epoch, seq, seal);
  };
}

std::vector<Encode> SplitFlows(const Item& item) {
  auto batch = DecodeFlows(base::AsBytes(item.body), OwnLimits());
  if (!batch || batch->flows.size() < 2) return {};
  FlowBatch second;
  std::size_t keep = batch->flows.size() / 2;
  Cut(keep, batch->flows, second.flows);
  return {EncoderOf(std::move(*batch)), EncoderOf(std::move(second))};
}

std::vector<Encode> SplitFacts(const Item& item) {
  auto batch = DecodeFacts(base::AsBytes(item.body), OwnLimits());
  if (!batch || batch->items() < 2) return {};
  FactBatch second;
  std::size_t keep = batch->items() / 2;
  Cut(keep, batch->transactions, second.transactions);
  Cut(keep, batch->gaps, second.gaps);
  Cut(keep, batch->ledger, second.ledger);
  if (keep == 0) std::swap(batch->health, second.health);
  return {EncoderOf(std::move(*batch)), EncoderOf(std::move(second))};
}

}  // namespace

std::vector<Encode> SplitItem(const Item& item) {
  switch (item.kind) {
    case Kind::kFlows:
      return SplitFlows(item);
    case Kind::kFacts:
      return SplitFacts(item);
    case Kind::kPackets:
      break;
  }
  return {};
}

capture::GapRecord GapOf(const Item& item, std::string reason) {
  capture::GapRecord gap;
  gap.kind = ToString(item.kind);
  gap.interface = item.interface;
  gap.from_ns = item.first_ns;
  gap.to_ns = item.last_ns;
  gap.items = item.packets;
  gap.bytes = item.body.size();
  gap.reason = std::move(reason);
  if (item.kind == Kind::kFlows) {
    const auto batch = DecodeFlows(base::AsBytes(item.body), OwnLimits());
    if (!batch || batch->flows.empty()) return gap;
    gap.items = batch->flows.size();
    gap.interface = batch->flows.front().interface;
    gap.from_ns = batch->flows.front().start_ns;
    gap.to_ns = batch->flows.front().end_ns;
    for (const auto& flow : batch->flows) {
      gap.from_ns = std::min(gap.from_ns, flow.start_ns);
      gap.to_ns = std::max(gap.to_ns, flow.end_ns);
      if (flow.interface != gap.interface) gap.interface.clear();
    }
  } else if (item.kind == Kind::kFacts) {
    const auto batch = DecodeFacts(base::AsBytes(item.body), OwnLimits());
    if (batch) gap.items = batch->items();
  }
  return gap;
}

bool IsQuarantineNotice(const Item& item) {
  if (item.kind != Kind::kFacts) return false;
  const auto batch = DecodeFacts(base::AsBytes(item.body), OwnLimits());
  if (!batch || batch->items() != 1 || batch->gaps.size() != 1) return false;
  const std::string& reason = batch->gaps.front().reason;
  return reason == kReasonConflict || reason == kReasonQuarantined;
}

}  // namespace tapiary::uplink
