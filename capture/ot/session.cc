#include "capture/ot/session.h"

#include <algorithm>
#include <span>
#include <utility>

#include "capture/ot/registry.h"

namespace tapiary::capture {
namespace {

bool Has(std::span<const std::uint16_t> list, std::uint16_t value) {
  return value != 0 && std::find(list.begin(), list.end(), value) != list.end();
}

bool Speaks(const OtProtocol& protocol, const OtFlowInfo& info) {
  if (info.ip_proto == 6) return protocol.tcp;
  if (info.ip_proto == 17) return protocol.udp;
  if (info.ip_proto != 0) return false;
  return info.ether_type == 0 ? protocol.llc : Has(protocol.ether_types, info.ether_type);
}

OtGuess MakeGuess(const OtProtocol& protocol, const OtFlowInfo& info) {
  OtGuess guess;
  guess.datagram = info.ip_proto != 6;
  guess.ether_type = info.ether_type;
  if (info.ip_proto == 0) {
    guess.usual_port = info.ether_type != 0;
    return guess;
  }
  guess.server_side = UsualPortSide(protocol, info.ports[0], info.ports[1]);
  guess.usual_port = guess.server_side >= 0;
  if (!guess.usual_port) {
    // Both ends on a usual port also make it usual; who serves, the handshake must tell.
    guess.usual_port = UsualPortSide(protocol, info.ports[0], 0) == 0;
    guess.server_side = info.server_by_handshake;
  }
  return guess;
}

}  // namespace

bool CouldBeOt(const OtSegment& segment, const OtFlowInfo& info) {
  for (const OtProtocol* const protocol : OtProtocols()) {
    if (!Speaks(*protocol, info)) continue;
    OtGuess guess = MakeGuess(*protocol, info);
    guess.bytes[segment.side] = segment.bytes;
    guess.cut[segment.side] = segment.bytes.size() < segment.length;
    guess.first_side = segment.side;
    if (protocol->recognise(guess).verdict != OtVerdict::kNo) return true;
  }
  return false;
}

// Passes results on and counts anomalies since the last good transaction, so that a stream that is
// nothing but faults is cut off and one that is odd now and then is not.
class OtSession::FaultCounter final : public OtOutput {
 public:
  FaultCounter(OtOutput& next, std::uint32_t& faults) : next_(next), faults_(faults) {}
  void Emit(Transaction&& transaction) override {
    if (transaction.anomalies.empty()) faults_ = 0;
    next_.Emit(std::move(transaction));
  }
  void Anomaly(std::string_view name) override {
    ++faults_;
    next_.Anomaly(name);
  }
  void Count(std::string_view name, std::uint64_t add) override { next_.Count(name, add); }

 private:
  OtOutput& next_;
  std::uint32_t& faults_;
};

void OtSession::Offer(const OtSegment& segment, OtOutput& out) {
  if (hopeless_ || cut_off_) return;
  FaultCounter counter(out, faults_);
  out_ = &counter;
  if (segment.datagram) {
    datagram_ = true;
    if (!claimed()) {
      Collect(segment.side, segment.bytes, segment.time_ns);
      cut_[segment.side] = segment.bytes.size() < segment.length;
      Guess();
    } else {
      decoder_->OnDatagram(FromClient(segment.side), segment.bytes,
                           segment.bytes.size() < segment.length, segment.time_ns, counter);
    }
  } else {
    streams_[segment.side].Push(segment.seq, segment.bytes, segment.length, segment.time_ns, *this);
  }
  out_ = nullptr;
  // Datagrams stand alone: junk among them costs no more than itself.
  if (faults_ >= kMaxFaults && decoder_ && !datagram_) {
    cut_off_ = true;
    out.Anomaly("decoder-cut-off");
    decoder_->Finish(out);
  }
}

void OtSession::Acknowledge(std::uint8_t side, std::uint32_t ack, OtOutput& out) {
  Reassembler& stream = streams_[side ^ 1];
  if (hopeless_ || cut_off_) return;
  FaultCounter counter(out, faults_);
  out_ = &counter;
  stream.Acknowledge(ack, *this);
  out_ = nullptr;
}

void OtSession::Expire(std::int64_t now_ns, OtOutput& out) {
  if (decoder_ && !cut_off_) decoder_->Expire(now_ns, out);
}

void OtSession::Finish(OtOutput& out) {
  if (hopeless_ || cut_off_) return;
  out_ = &out;
  for (Reassembler& stream : streams_) stream.Flush(*this);
  if (decoder_) decoder_->Finish(out);
  out_ = nullptr;
}

void OtSession::OnBytes(std::uint8_t side, base::Bytes bytes, std::int64_t time_ns) {
  if (claimed()) {
    decoder_->OnBytes(FromClient(side), bytes, time_ns, *out_);
  } else if (!hopeless_) {
    Collect(side, bytes, time_ns);
    Guess();
  }
}

void OtSession::OnGap(std::uint8_t side, std::uint32_t missed, bool cut) {
  if (claimed()) {
    decoder_->OnGap(FromClient(side), missed, cut, *out_);
  } else if (cut && !hopeless_) {
    cut_[side] = true;  // what is there may still be enough to tell
    Guess();
    if (claimed()) {
      decoder_->OnGap(FromClient(side), missed, cut, *out_);
    } else {
      hopeless_ = true;
    }
  } else if (!collected_[side].empty()) {
    hopeless_ = true;  // what comes next does not continue what was collected
  }
}

void OtSession::Collect(std::uint8_t side, base::Bytes bytes, std::int64_t time_ns) {
  std::vector<std::uint8_t>& to = collected_[side];
  if (to.size() + bytes.size() > kMaxGuessBytes) {
    hopeless_ = true;
    return;
  }
  chunks_.push_back({side, static_cast<std::uint32_t>(to.size()),
                     static_cast<std::uint32_t>(bytes.size()), time_ns});
  to.insert(to.end(), bytes.begin(), bytes.end());
}

OtGuess OtSession::Collected(const OtProtocol& protocol) const {
  OtGuess guess = MakeGuess(protocol, info_);
  guess.cut[0] = cut_[0];
  guess.cut[1] = cut_[1];
  if (!chunks_.empty()) guess.first_side = chunks_.front().side;
  if (datagram_) {  // the last of each side counts
    for (const Chunk& chunk : chunks_) {
      guess.bytes[chunk.side] =
          base::Bytes(collected_[chunk.side]).subspan(chunk.offset, chunk.size);
    }
  } else {
    for (int side = 0; side < 2; ++side) guess.bytes[side] = collected_[side];
  }
  return guess;
}

// Those whose usual port (or EtherType) it is are asked first: a port orders the guesses, no more.
void OtSession::Guess() {
  if (hopeless_) return;
  bool open = false;
  if (GuessAmong(true, open) || GuessAmong(false, open)) return;
  hopeless_ = !open;
}

bool OtSession::GuessAmong(bool usual, bool& open) {
  for (const OtProtocol* const protocol : OtProtocols()) {
    if (!Speaks(*protocol, info_)) continue;
    const OtGuess guess = Collected(*protocol);
    if (guess.usual_port != usual) continue;
    const OtRecognition recognition = protocol->recognise(guess);
    if (recognition.verdict == OtVerdict::kYes) {
      Claim(*protocol, recognition.client_side);
      return true;
    }
    open = open || recognition.verdict == OtVerdict::kMore;
  }
  return false;
}

std::string_view OtSession::service() const {
  if (decoder_ == nullptr) return {};
  const std::string_view own = decoder_->service();
  return own.empty() ? protocol_->service : own;
}

void OtSession::Claim(const OtProtocol& protocol, int client_side) {
  protocol_ = &protocol;
  client_side_ = client_side;
  decoder_ = protocol.make();
  for (const Chunk& chunk : chunks_) {
    const base::Bytes bytes = base::Bytes(collected_[chunk.side]).subspan(chunk.offset, chunk.size);
    if (datagram_) {
      decoder_->OnDatagram(FromClient(chunk.side), bytes, cut_[chunk.side], chunk.time_ns, *out_);
    } else {
      decoder_->OnBytes(FromClient(chunk.side), bytes, chunk.time_ns, *out_);
    }
  }
  chunks_ = {};
  for (std::vector<std::uint8_t>& bytes : collected_) bytes = {};
}

}  // namespace tapiary::capture
