// OtSession: what a flow has while an OT protocol is suspected or found on it.
//
// Most flows never get one: the tracker first shows a segment to the recognisers where it lies in
// the packet, and only a flow that could be OT gets a session, which guesses (guesser.h) until a
// recogniser is sure, then replays what was collected into the decoder. If nobody is, the session
// goes and later segments are tried again, within the flow's budget. One thread.
#pragma once

#include <cstdint>
#include <memory>

#include "capture/flow/reassembler.h"
#include "capture/ot/budget.h"
#include "capture/ot/decoder.h"
#include "capture/ot/guesser.h"

namespace tapiary::capture {

// One payload-bearing packet of a flow.
struct OtSegment {
  std::uint8_t side = 0;  // of the sender
  bool datagram = false;
  std::uint32_t seq = 0;     // of the first payload byte
  base::Bytes bytes;         // captured payload
  std::uint32_t length = 0;  // payload on the wire
  std::int64_t time_ns = 0;
  SegmentTrust trust = SegmentTrust::kGood;
};

// True when the segment alone does not rule out every protocol.
bool CouldBeOt(const OtSegment& segment, const OtFlowInfo& info);

class OtSession final : private StreamSink {
 public:
  static constexpr std::uint32_t kMaxFaults = 100;  // OT-05: then the decoder is cut off

  explicit OtSession(const OtFlowInfo& info) : guesser_(info) {}

  // The sequence number of the first byte that `side` sends, when it is known, and whether the
  // other side acknowledged the SYN. Before any Offer.
  void Start(std::uint8_t side, std::uint32_t seq, bool acknowledged) {
    streams_[side].Start(seq);
    if (acknowledged) streams_[side].ExpectAcknowledgements();
  }
  void Offer(const OtSegment& segment, OtOutput& out);
  // The sender on `side` acknowledged the other side's bytes before `ack`.
  void Acknowledge(std::uint8_t side, std::uint32_t ack, OtOutput& out);
  void Expire(std::int64_t now_ns, OtOutput& out);
  void Finish(OtOutput& out);

  // While guessing: nobody can be it any more; the session may go.
  [[nodiscard]] bool hopeless() const { return hopeless_; }
  [[nodiscard]] bool claimed() const { return protocol_ != nullptr; }
  [[nodiscard]] const OtProtocol* protocol() const { return protocol_; }
  // Empty while nobody claimed the flow.
  [[nodiscard]] std::string_view service() const;
  [[nodiscard]] int client_side() const { return client_side_; }
  [[nodiscard]] std::int64_t next_due_ns() const;
  // Memory behind what waits. GiveUpOldest gives some of it up, named; false: there is none.
  [[nodiscard]] std::size_t held_bytes() const;
  bool GiveUpOldest(OtOutput& out);
  OtBudget::Seat& seat() { return seat_; }

 private:
  class FaultCounter;

  void OnBytes(std::uint8_t side, base::Bytes bytes, std::int64_t time_ns) override;
  void OnGap(std::uint8_t side, std::uint32_t missed, bool cut) override;
  void OnConflict(std::uint8_t side, bool decoy_taken, std::int64_t time_ns) override;
  void Take(OtGuesser::State state);
  [[nodiscard]] bool FromClient(std::uint8_t side) const { return side == client_side_; }

  OtGuesser guesser_;
  Reassembler streams_[2] = {Reassembler(0), Reassembler(1)};
  bool datagram_ = false;
  bool hopeless_ = false;
  bool cut_off_ = false;
  int client_side_ = -1;
  std::uint32_t faults_ = 0;
  std::int64_t doubted_until_ns_ = kTimeUnknown;  // transactions that are open and begun by then
  FaultCounter* out_ = nullptr;                   // during a call only
  const OtProtocol* protocol_ = nullptr;
  std::unique_ptr<OtDecoder> decoder_;
  OtBudget::Seat seat_;
};

}  // namespace tapiary::capture
