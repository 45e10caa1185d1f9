// OtGuesser: which OT protocol a flow speaks, from its first segments or datagrams.
//
// Collects both directions (at most 4 KiB each) until a recogniser is sure; who is sure gets what
// was collected replayed. Where nobody can be it any more, the oldest segment goes and the rest is
// looked at afresh from the next segment border on: what came before a protocol's first PDU (a TLS
// probe, the end of a torn PDU) costs nothing that follows. Datagrams stand alone: the newest one
// is looked at with each of the other side's, since a burst may come before its first answer. One
// thread.
#pragma once

#include <cstdint>
#include <vector>

#include "capture/ot/decoder.h"
#include "capture/ot/registry.h"

namespace tapiary::capture {

// What the flow knows, for the guess.
struct OtFlowInfo {
  std::uint8_t ip_proto = 0;     // 0: a frame without IP
  std::uint16_t ether_type = 0;  // of such a frame; 0: LLC
  std::uint16_t ports[2] = {0, 0};
  int server_by_handshake = -1;
  bool begin_seen[2] = {false, false};  // TCP: the side's SYN was seen, and nothing came before
  bool foreign = false;                 // something else was sent before
  bool at_home_only = false;            // only those whose port it is are asked at first
};

struct OtSighting {
  std::uint8_t side = 0;
  base::Bytes bytes;
  bool cut = false;  // its end was not captured
  std::int64_t time_ns = 0;
};

// True when the segment alone does not rule out every protocol.
bool CouldBeOt(const OtSighting& sighting, const OtFlowInfo& info);

class OtGuesser {
 public:
  static constexpr std::size_t kMaxBytes = 4096;      // of each side
  static constexpr std::size_t kMaxSegments = 1024;   // of both: each is work at every look
  static constexpr std::size_t kMaxPartners = 16;     // of the other side's datagrams
  static constexpr std::uint32_t kMaxStrangers = 16;  // datagrams in a row that are nobody's

  enum class State : std::uint8_t {
    kOpen,   // more bytes may tell
    kFound,  // protocol() and client_side() are known
    kNone,   // nothing is left that could be any
  };

  explicit OtGuesser(const OtFlowInfo& info);
  State Add(const OtSighting& sighting);
  // TCP: bytes are missing behind what was added last of the side; what comes next does not
  // continue it. `cut`: the end of that segment.
  State Gap(std::uint8_t side, bool cut);
  // Nothing more comes: what there is must do.
  State Settle();

  [[nodiscard]] const OtProtocol* protocol() const { return protocol_; }
  [[nodiscard]] int client_side() const { return client_side_; }
  // Something that is not of the protocol came before it.
  [[nodiscard]] bool foreign() const { return info_.foreign; }
  [[nodiscard]] std::size_t size() const { return chunks_.size(); }
  [[nodiscard]] OtSighting sighting(std::size_t i) const;
  void Clear();
  [[nodiscard]] std::size_t held_bytes() const {
    return collected_[0].capacity() + collected_[1].capacity() + chunks_.capacity() * sizeof(Chunk);
  }

 private:
  struct Chunk {
    std::uint8_t side = 0;
    bool cut = false;
    std::uint32_t offset = 0;  // in collected_[side]
    std::uint32_t size = 0;
    std::int64_t time_ns = 0;
  };
  [[nodiscard]] bool datagrams() const { return info_.ip_proto != 6; }
  void Collect(const OtSighting& sighting);
  // Drops a chunk that nothing of the same side precedes.
  void Shed(std::size_t at);
  void ShedSide(std::uint8_t side);
  State LookAtStreams();
  template <class Ask>
  bool AskAll(OtSet heads, bool last, Ask ask);
  bool TryStreams(bool last, bool& open);
  // Whether the end of what was collected of the side last was not captured.
  [[nodiscard]] bool EndIsCut(std::uint8_t side) const;
  State LookAtDatagram();
  bool TryDatagram(std::size_t at, bool last, bool& open);
  bool TryPairs(const OtProtocol& protocol, OtGuess guess, std::uint8_t side);
  bool Found(const OtProtocol& protocol, const OtRecognition& recognition);

  OtFlowInfo info_;
  OtSet carried_ = 0;  // who lives on such packets
  OtSet home_ = 0;     // of these, who is at home on the flow's ports
  std::vector<std::uint8_t> collected_[2];
  std::vector<Chunk> chunks_;
  std::uint32_t strangers_ = 0;
  const OtProtocol* protocol_ = nullptr;
  int client_side_ = -1;
};

}  // namespace tapiary::capture
