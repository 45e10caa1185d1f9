#include "capture/ot/session.h"

#include <algorithm>
#include <utility>

namespace tapiary::capture {
namespace {

constexpr std::string_view kConflict = "tcp-overlap-conflict";
// Something else came before the first PDU.
constexpr std::string_view kForeign = "foreign-content";

OtSighting Sight(const OtSegment& segment) {
  return {segment.side, segment.bytes, segment.bytes.size() < segment.length, segment.time_ns};
}

}  // namespace

bool CouldBeOt(const OtSegment& segment, const OtFlowInfo& info) {
  return CouldBeOt(Sight(segment), info);
}

// Passes results on and counts anomalies since the last good transaction, so that a stream that is
// nothing but faults is cut off and one that is odd now and then is not. Marks the transactions
// that may be those of a decoy.
class OtSession::FaultCounter final : public OtOutput {
 public:
  FaultCounter(OtOutput& next, OtSession& session) : next_(next), session_(session) {}
  void Emit(Transaction&& transaction) override {
    if (transaction.anomalies.empty()) session_.faults_ = 0;
    if (transaction.time_ns != kTimeUnknown && transaction.time_ns <= session_.doubted_until_ns_) {
      transaction.anomalies.emplace_back(kConflict);
    }
    next_.Emit(std::move(transaction));
  }
  void Anomaly(std::string_view name) override {
    ++session_.faults_;
    next_.Anomaly(name);
  }
  // What is not the decoder's fault: decoys must not get it cut off.
  void Note(std::string_view name) { next_.Anomaly(name); }
  void Count(std::string_view name, std::uint64_t add) override { next_.Count(name, add); }
  OtCalls* calls() override { return next_.calls(); }

 private:
  OtOutput& next_;
  OtSession& session_;
};

void OtSession::Offer(const OtSegment& segment, OtOutput& out) {
  if (hopeless_ || cut_off_) return;
  FaultCounter counter(out, *this);
  out_ = &counter;
  if (segment.datagram) {
    datagram_ = true;
    if (!claimed()) {
      Take(guesser_.Add(Sight(segment)));
    } else {
      decoder_->OnDatagram(FromClient(segment.side), segment.bytes,
                           segment.bytes.size() < segment.length, segment.time_ns, counter);
    }
  } else {
    streams_[segment.side].Push(
        {segment.seq, segment.bytes, segment.length, segment.time_ns, segment.trust}, *this);
  }
  out_ = nullptr;
  // Datagrams stand alone: junk among them costs no more than itself.
  if (faults_ >= kMaxFaults && decoder_ && !datagram_) {
    cut_off_ = true;
    out.Anomaly("decoder-cut-off");
    decoder_->Finish(out);
    for (const std::uint8_t side : {std::uint8_t{0}, std::uint8_t{1}}) {
      streams_[side] = Reassembler(side);  // what they hold
    }
  }
}

void OtSession::Acknowledge(std::uint8_t side, std::uint32_t ack, OtOutput& out) {
  Reassembler& stream = streams_[side ^ 1];
  if (hopeless_ || cut_off_) return;
  FaultCounter counter(out, *this);
  out_ = &counter;
  stream.Acknowledge(ack, *this);
  out_ = nullptr;
}

void OtSession::Expire(std::int64_t now_ns, OtOutput& out) {
  if (hopeless_ || cut_off_) return;
  FaultCounter counter(out, *this);
  out_ = &counter;
  for (Reassembler& stream : streams_) stream.Expire(now_ns, *this);
  out_ = nullptr;
  if (decoder_) decoder_->Expire(now_ns, counter);
}

std::int64_t OtSession::next_due_ns() const {
  if (hopeless_ || cut_off_) return INT64_MAX;
  const std::int64_t streams = std::min(streams_[0].next_due_ns(), streams_[1].next_due_ns());
  return decoder_ ? std::min(streams, decoder_->next_due_ns()) : streams;
}

std::size_t OtSession::held_bytes() const {
  std::size_t bytes = streams_[0].held_bytes() + streams_[1].held_bytes();
  return bytes + (decoder_ ? decoder_->held_bytes() : guesser_.held_bytes());
}

bool OtSession::GiveUpOldest(OtOutput& out) {
  if (hopeless_ || cut_off_) return false;
  FaultCounter counter(out, *this);
  out_ = &counter;
  bool given = true;
  Reassembler& larger = streams_[streams_[0].held_bytes() >= streams_[1].held_bytes() ? 0 : 1];
  if (larger.holding()) {
    larger.GiveUpOldest(*this);
  } else if (decoder_) {
    given = decoder_->GiveUpOldest(counter);
  } else {
    hopeless_ = true;
  }
  out_ = nullptr;
  return given;
}

void OtSession::Finish(OtOutput& out) {
  if (hopeless_ || cut_off_) return;
  FaultCounter counter(out, *this);
  out_ = &counter;
  for (Reassembler& stream : streams_) stream.Flush(*this);
  if (!claimed() && !hopeless_) Take(guesser_.Settle());
  if (decoder_) decoder_->Finish(counter);
  out_ = nullptr;
}

void OtSession::OnBytes(std::uint8_t side, base::Bytes bytes, std::int64_t time_ns) {
  if (claimed()) {
    decoder_->OnBytes(FromClient(side), bytes, time_ns, *out_);
  } else if (!hopeless_) {
    Take(guesser_.Add({side, bytes, false, time_ns}));
  }
}

void OtSession::OnGap(std::uint8_t side, std::uint32_t missed, bool cut) {
  if (!claimed() && !hopeless_) Take(guesser_.Gap(side, cut));
  if (claimed()) decoder_->OnGap(FromClient(side), missed, cut, *out_);
}

// What was answered by now is gone; what is open may be the decoy's.
void OtSession::OnConflict(std::uint8_t, bool decoy_taken, std::int64_t time_ns) {
  out_->Note(kConflict);
  if (decoy_taken) out_->Note("tcp-decoy-decoded");
  doubted_until_ns_ = std::max(doubted_until_ns_, time_ns);
}

std::string_view OtSession::service() const {
  if (decoder_ == nullptr) return {};
  const std::string_view own = decoder_->service();
  return own.empty() ? protocol_->service : own;
}

void OtSession::Take(OtGuesser::State state) {
  if (state == OtGuesser::State::kNone) hopeless_ = true;
  if (state != OtGuesser::State::kFound) return;
  protocol_ = guesser_.protocol();
  client_side_ = guesser_.client_side();
  decoder_ = protocol_->make();
  if (guesser_.foreign()) out_->Note(kForeign);
  for (std::size_t i = 0; i < guesser_.size(); ++i) {
    const OtSighting sighting = guesser_.sighting(i);
    const bool from_client = FromClient(sighting.side);
    if (datagram_) {
      decoder_->OnDatagram(from_client, sighting.bytes, sighting.cut, sighting.time_ns, *out_);
    } else {
      decoder_->OnBytes(from_client, sighting.bytes, sighting.time_ns, *out_);
    }
  }
  guesser_.Clear();
}

}  // namespace tapiary::capture
