#include "capture/ot/framed_decoder.h"

#include <algorithm>
#include <utility>

namespace tapiary::capture {

class FramedDecoder::Calling {
 public:
  Calling(FramedDecoder& decoder, OtOutput& out)
      : decoder_(decoder), before_(std::exchange(decoder.out_, &out)) {}
  ~Calling() { decoder_.out_ = before_; }
  Calling(const Calling&) = delete;
  Calling& operator=(const Calling&) = delete;

 private:
  FramedDecoder& decoder_;
  OtOutput* before_;
};

FramedDecoder::FramedDecoder(const Framing& framing, std::string_view protocol,
                             std::string_view trailing)
    : framing_(framing),
      trailing_(trailing),
      requests_(framing, true),
      responses_(framing, false),
      exchange_(protocol, *this) {}

void FramedDecoder::OnBytes(bool from_client, base::Bytes bytes, std::int64_t time_ns,
                            OtOutput& out) {
  const Calling calling(*this, out);
  Expire(time_ns, out);
  client_side_ = from_client;
  FramerOf(from_client).Feed(bytes, time_ns, *this);
}

void FramedDecoder::OnGap(bool from_client, std::uint32_t missed, bool cut, OtOutput& out) {
  const Calling calling(*this, out);
  client_side_ = from_client;
  FramerOf(from_client).Gap(missed, cut, *this);
  OnLoss(from_client);
}

void FramedDecoder::OnDatagram(bool from_client, base::Bytes bytes, bool cut, std::int64_t time_ns,
                               OtOutput& out) {
  const Calling calling(*this, out);
  Expire(time_ns, out);
  client_side_ = from_client;
  while (!bytes.empty()) {
    const PduFront front = DatagramFront(from_client, bytes);
    if (front.kind != PduFront::Kind::kPdu || front.size == 0) {
      const bool bad = front.kind == PduFront::Kind::kBad && !front.fault.empty();
      if (!cut || bad) OnFault(bad ? front.fault : trailing_);
      return;
    }
    Pdu pdu;
    pdu.size = front.size;
    pdu.bytes = bytes.first(std::min(front.size, bytes.size()));
    pdu.cut = pdu.bytes.size() < front.size;
    pdu.first_ns = pdu.last_ns = time_ns;
    if (pdu.cut && !cut) OnFault(trailing_);
    if (pdu.cut && pdu.bytes.size() < framing_.min_useful) return;
    OnMessage(from_client, pdu);
    bytes = bytes.subspan(pdu.bytes.size());
  }
}

void FramedDecoder::Expire(std::int64_t now_ns, OtOutput& out) {
  const Calling calling(*this, out);
  exchange_.Expire(now_ns, out);
  OnExpire(now_ns);
}

std::int64_t FramedDecoder::next_due_ns() const {
  return exchange_.next_due_ns();
}

void FramedDecoder::Finish(OtOutput& out) {
  const Calling calling(*this, out);
  client_side_ = true;
  requests_.Finish(*this);
  client_side_ = false;
  responses_.Finish(*this);
  OnFinish();
  exchange_.Finish(out);
}

std::size_t FramedDecoder::held_bytes() const {
  return requests_.held_bytes() + responses_.held_bytes() + exchange_.held_bytes();
}

// The begin of a PDU goes first where it is larger than all that waits for responses.
bool FramedDecoder::GiveUpOldest(OtOutput& out) {
  const Calling calling(*this, out);
  client_side_ = requests_.held_bytes() >= responses_.held_bytes();
  Framer& framer = FramerOf(client_side_);
  if (framer.holding() && framer.held_bytes() > exchange_.held_bytes()) {
    framer.Gap(0, false, *this);
    OnLoss(client_side_);
    return true;
  }
  return exchange_.GiveUpOldest(out);
}

PduFront FramedDecoder::DatagramFront(bool from_client, base::Bytes bytes) {
  return framing_.front(bytes, from_client);
}
void FramedDecoder::OnLoss(bool) {}
void FramedDecoder::OnExpire(std::int64_t) {}
void FramedDecoder::OnFinish() {}

}  // namespace tapiary::capture
