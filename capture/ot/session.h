// OtSession: what a flow has while an OT protocol is suspected or found on it.
//
// Most flows never get one: OfferSegment first shows a segment to the recognisers where it lies in
// the packet, and only a flow that could be OT gets a session, which collects both directions (at
// most 4 KiB each) until a recogniser is sure, then replays what was collected into the decoder. If
// nobody is, the session goes and later segments are tried again, within the flow's budget. One
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "capture/flow/reassembler.h"
#include "capture/ot/decoder.h"

namespace tapiary::capture {

// One payload-bearing packet of a flow.
struct OtSegment {
  std::uint8_t side = 0;  // of the sender
  bool datagram = false;
  std::uint32_t seq = 0;     // of the first payload byte
  base::Bytes bytes;         // captured payload
  std::uint32_t length = 0;  // payload on the wire
  std::int64_t time_ns = 0;
};

// What the flow knows, for the guess.
struct OtFlowInfo {
  std::uint8_t ip_proto = 0;     // 0: a frame without IP
  std::uint16_t ether_type = 0;  // of such a frame; 0: LLC
  std::uint16_t ports[2] = {0, 0};
  int server_by_handshake = -1;
};

// True when the segment alone does not rule out every protocol.
bool CouldBeOt(const OtSegment& segment, const OtFlowInfo& info);

class OtSession final : private StreamSink {
 public:
  static constexpr std::size_t kMaxGuessBytes = 4096;
  static constexpr std::uint32_t kMaxFaults = 100;  // OT-05: then the decoder is cut off

  explicit OtSession(const OtFlowInfo& info) : info_(info) {}

  // The sequence number of the first byte that `side` sends, when it is known. Before any Offer.
  void Start(std::uint8_t side, std::uint32_t seq) { streams_[side].Start(seq); }
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
  [[nodiscard]] std::int64_t next_due_ns() const {
    return decoder_ ? decoder_->next_due_ns() : INT64_MAX;
  }

 private:
  struct Chunk {
    std::uint8_t side = 0;
    std::uint32_t offset = 0;  // in collected_[side]
    std::uint32_t size = 0;
    std::int64_t time_ns = 0;
  };
  class FaultCounter;

  void OnBytes(std::uint8_t side, base::Bytes bytes, std::int64_t time_ns) override;
  void OnGap(std::uint8_t side, std::uint32_t missed, bool cut) override;
  void Collect(std::uint8_t side, base::Bytes bytes, std::int64_t time_ns);
  void Guess();
  bool GuessAmong(bool usual, bool& open);
  [[nodiscard]] OtGuess Collected(const OtProtocol& protocol) const;
  void Claim(const OtProtocol& protocol, int client_side);
  [[nodiscard]] bool FromClient(std::uint8_t side) const { return side == client_side_; }

  OtFlowInfo info_;
  Reassembler streams_[2] = {Reassembler(0), Reassembler(1)};
  std::vector<std::uint8_t> collected_[2];
  std::vector<Chunk> chunks_;
  bool datagram_ = false;
  bool cut_[2] = {false, false};
  bool hopeless_ = false;
  bool cut_off_ = false;
  int client_side_ = -1;
  std::uint32_t faults_ = 0;
  OtOutput* out_ = nullptr;  // during a call only
  const OtProtocol* protocol_ = nullptr;
  std::unique_ptr<OtDecoder> decoder_;
};

}  // namespace tapiary::capture
