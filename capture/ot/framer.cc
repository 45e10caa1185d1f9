#include "capture/ot/framer.h"

#include <algorithm>

namespace tapiary::capture {
namespace {

constexpr std::size_t kMaxBorders = 64;
// Room that is kept while nothing waits; what long PDUs took is given back.
constexpr std::size_t kKeptBytes = 512;
constexpr std::size_t kKeptBorders = 8;

}  // namespace

bool Framer::Plausible(base::Bytes bytes) const {
  if (rule_->plausible != nullptr) return rule_->plausible(bytes, from_client_);
  return Front(bytes).kind != PduFront::Kind::kBad;
}

// True when the PDU in the buffer is whole by its content though not by its header, and `next`
// begins another one: then the header's length lies.
bool Framer::EndsBefore(base::Bytes next) const {
  if (rule_->whole == nullptr || buffer_.size() < rule_->min_useful) return false;
  if (next.size() < rule_->min_useful || !Plausible(next)) return false;
  return rule_->whole(buffer_, from_client_);
}

bool Framer::BeginsWholePdu(base::Bytes bytes) const {
  if (bytes.size() < rule_->min_useful) return false;
  const PduFront front = Front(bytes);
  return front.kind == PduFront::Kind::kPdu && front.size <= bytes.size() && Plausible(bytes);
}

Framer::Step Framer::TakeOne(base::Bytes& bytes, std::int64_t first_ns, std::int64_t last_ns,
                             PduSink& sink) {
  const PduFront front = Front(bytes);
  if (front.kind == PduFront::Kind::kMore) {
    if (bytes.size() < rule_->max_kept) return Step::kWait;
    sink.OnFault(rule_->fault_search);  // a rule that never ends: nothing is waited for for ever
    return Step::kLost;
  }
  const bool bad = front.kind == PduFront::Kind::kBad || front.size == 0;
  if (bad || (searching_ && !Plausible(bytes))) {
    sink.OnFault(searching_ || front.fault.empty() ? rule_->fault_search : front.fault);
    return Step::kLost;
  }
  Pdu pdu;
  pdu.size = front.size;
  pdu.cut = front.size > rule_->max_kept;
  const std::size_t wanted = std::min(front.size, rule_->max_kept);
  if (bytes.size() < wanted) return Step::kWait;
  searching_ = false;
  pdu.bytes = bytes.first(wanted);
  pdu.first_ns = first_ns;
  pdu.last_ns = last_ns;
  sink.OnPdu(pdu);
  const std::size_t there = std::min(front.size, bytes.size());
  skip_ = front.size - there;
  bytes = bytes.subspan(there);
  return Step::kTaken;
}

void Framer::Feed(base::Bytes bytes, std::int64_t time_ns, PduSink& sink) {
  const std::size_t skipped = std::min(skip_, bytes.size());
  skip_ -= skipped;
  bytes = bytes.subspan(skipped);
  if (!buffer_.empty() && EndsBefore(bytes)) {
    const PduFront front = Front(buffer_);
    if (front.kind == PduFront::Kind::kPdu) {
      sink.OnFault(rule_->fault_length);
      EmitCut(sink, front.size);
    }
  }
  if (searching_ && !buffer_.empty() && BeginsWholePdu(bytes)) {
    sink.OnFault(rule_->fault_search);  // the end of something else, not the begin of this
    Drop();
  }
  if (!buffer_.empty()) return FeedBuffered(bytes, time_ns, sink);
  while (!bytes.empty()) {
    switch (TakeOne(bytes, time_ns, time_ns, sink)) {
      case Step::kTaken:
        break;
      case Step::kWait:
        Keep(bytes, time_ns);
        return;
      case Step::kLost:
        searching_ = true;
        if (!rule_->scan) return;  // until the next segment border
        do {
          bytes = bytes.subspan(1);
        } while (!bytes.empty() && !Plausible(bytes));
        break;
    }
  }
}

void Framer::FeedBuffered(base::Bytes bytes, std::int64_t time_ns, PduSink& sink) {
  Keep(bytes, time_ns);
  while (!buffer_.empty()) {
    base::Bytes view(buffer_);
    const Step step = TakeOne(view, border_times_.front(), time_ns, sink);
    if (step == Step::kWait) return;
    if (step == Step::kTaken) {
      // What follows the PDU came with this segment.
      const std::vector<std::uint8_t> rest(view.begin(), view.end());
      Drop();
      Feed(rest, time_ns, sink);
      return;
    }
    searching_ = true;
    Resynchronise();
  }
}

// Drops the front of the buffer up to the next place where a PDU may begin.
void Framer::Resynchronise() {
  std::size_t from = borders_.size() < 2 ? buffer_.size() : borders_[1];
  if (rule_->scan) {
    from = 1;
    while (from < buffer_.size() && !Plausible(base::Bytes(buffer_).subspan(from))) ++from;
  }
  if (from >= buffer_.size()) return Drop();
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(from));
  // The last border at or before `from` keeps its time and becomes the first.
  std::size_t at = 0;
  while (at + 1 < borders_.size() && borders_[at + 1] <= from) ++at;
  borders_.erase(borders_.begin(), borders_.begin() + static_cast<std::ptrdiff_t>(at));
  border_times_.erase(border_times_.begin(),
                      border_times_.begin() + static_cast<std::ptrdiff_t>(at));
  for (std::uint32_t& border : borders_) {
    border -= std::min(border, static_cast<std::uint32_t>(from));
  }
}

void Framer::Gap(std::uint32_t missed, bool cut, PduSink& sink) {
  if (skip_ != 0 && missed != 0) {
    const std::size_t skipped = std::min<std::size_t>(skip_, missed);
    skip_ -= skipped;
    missed -= static_cast<std::uint32_t>(skipped);
    if (missed == 0) return;
  }
  const PduFront front = buffer_.empty() ? PduFront{} : Front(buffer_);
  if (front.kind == PduFront::Kind::kPdu && buffer_.size() >= rule_->min_useful) {
    // The header tells how much of the gap is this PDU; what is left over lies behind the gap.
    const std::size_t absent = front.size - std::min(front.size, buffer_.size());
    EmitCut(sink, front.size);
    if (missed != 0 && missed <= absent) {
      skip_ = absent - missed;
      return;
    }
  }
  Drop();
  skip_ = 0;
  searching_ = true;
  if (!cut) sink.OnFault(rule_->fault_gap);
}

void Framer::Finish(PduSink& sink) {
  const PduFront front = buffer_.empty() ? PduFront{} : Front(buffer_);
  if (front.kind == PduFront::Kind::kPdu && buffer_.size() >= rule_->min_useful) {
    EmitCut(sink, front.size);
  }
  Drop();
}

void Framer::EmitCut(PduSink& sink, std::size_t size) {
  // The buffer moves out first: the PDU views these bytes while the sink works.
  const std::vector<std::uint8_t> bytes = std::move(buffer_);
  Pdu pdu;
  pdu.bytes = bytes;
  pdu.size = size;
  pdu.cut = true;
  pdu.first_ns = border_times_.front();
  pdu.last_ns = border_times_.back();
  Drop();
  sink.OnPdu(pdu);
}

void Framer::Keep(base::Bytes bytes, std::int64_t time_ns) {
  if (bytes.empty()) return;
  if (borders_.size() < kMaxBorders) {
    borders_.push_back(static_cast<std::uint32_t>(buffer_.size()));
    border_times_.push_back(time_ns);
  }
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
}

void Framer::Drop() {
  buffer_.clear();
  borders_.clear();
  border_times_.clear();
  if (buffer_.capacity() > kKeptBytes) buffer_ = std::vector<std::uint8_t>();
  if (borders_.capacity() > kKeptBorders) {
    borders_ = std::vector<std::uint32_t>();
    border_times_ = std::vector<std::int64_t>();
  }
}

}  // namespace tapiary::capture
