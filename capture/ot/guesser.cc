#include "capture/ot/guesser.h"

#include <algorithm>

namespace tapiary::capture {
namespace {

// Whose port (or EtherType) it is, of `carried`.
OtSet AtHome(const OtFlowInfo& info, OtSet carried) {
  if (info.ip_proto == 0) return info.ether_type != 0 ? carried : 0;
  return carried & OtWithPort(info.ports[0], info.ports[1]);
}

OtGuess MakeGuess(const OtProtocol& protocol, const OtFlowInfo& info) {
  OtGuess guess;
  guess.datagram = info.ip_proto != 6;
  guess.ether_type = info.ether_type;
  if (info.ip_proto == 0) {
    guess.usual_port = info.ether_type != 0;
    return guess;
  }
  guess.handshake_server = info.server_by_handshake;
  guess.from_start = info.begin_seen[0] && info.begin_seen[1];
  guess.server_side = UsualPortSide(protocol, info.ports[0], info.ports[1]);
  guess.usual_port = guess.server_side >= 0;
  if (!guess.usual_port) {
    // Both ends on a usual port also make it usual; who serves, the handshake must tell.
    guess.usual_port = UsualPortSide(protocol, info.ports[0], 0) == 0;
    guess.server_side = info.server_by_handshake;
  }
  return guess;
}

// Worth waiting for. On the port of one protocol the others need a match for that: all that they
// lack may be a few bytes of something else.
bool IsOpen(const OtRecognition& recognition, bool at_home, bool usual) {
  return recognition.verdict == OtVerdict::kMore && (at_home || recognition.matched || !usual);
}

}  // namespace

bool CouldBeOt(const OtSighting& sighting, const OtFlowInfo& info) {
  const OtSet carried = OtCarriedBy(info.ip_proto, info.ether_type);
  const OtSet home = AtHome(info, carried);
  const OtSet others = info.at_home_only ? 0 : carried & ~home & OtWithHead(sighting.bytes);
  return AnyOf(home | others, [&](const OtProtocol& protocol) {
    OtGuess guess = MakeGuess(protocol, info);
    guess.bytes[sighting.side] = sighting.bytes;
    guess.cut[sighting.side] = sighting.cut;
    guess.first_side = sighting.side;
    const OtRecognition recognition = protocol.recognise(guess);
    if (recognition.verdict == OtVerdict::kYes) return true;
    return IsOpen(recognition, guess.usual_port, home != 0);
  });
}

OtGuesser::OtGuesser(const OtFlowInfo& info) : info_(info) {
  carried_ = OtCarriedBy(info.ip_proto, info.ether_type);
  home_ = AtHome(info, carried_);
}

OtGuesser::State OtGuesser::Add(const OtSighting& sighting) {
  if (datagrams()) {
    Collect(sighting);
    return LookAtDatagram();
  }
  const std::size_t held = collected_[sighting.side].size();
  const bool too_many = chunks_.size() >= kMaxSegments;
  if (too_many || (held != 0 && held + sighting.bytes.size() > kMaxBytes)) {
    if (Settle() == State::kNone) return State::kNone;
    Collect(sighting);
    return State::kFound;
  }
  Collect(sighting);
  const State state = LookAtStreams();
  const bool full = collected_[sighting.side].size() > kMaxBytes;
  return state == State::kOpen && full ? Settle() : state;
}

OtGuesser::State OtGuesser::Gap(std::uint8_t side, bool cut) {
  if (collected_[side].empty()) {
    info_.begin_seen[side] = false;
    return State::kOpen;
  }
  if (cut) {  // what is there may still be enough to tell
    for (Chunk& chunk : chunks_) {
      if (chunk.side == side) chunk.cut = chunk.offset + chunk.size == collected_[side].size();
    }
    bool open = false;
    if (TryStreams(false, open)) return State::kFound;
  }
  ShedSide(side);
  return LookAtStreams();
}

OtGuesser::State OtGuesser::Settle() {
  if (protocol_ != nullptr) return State::kFound;
  bool open = false;
  if (!datagrams()) {
    return !chunks_.empty() && TryStreams(true, open) ? State::kFound : State::kNone;
  }
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    if (TryDatagram(i, true, open)) return State::kFound;
  }
  return State::kNone;
}

OtSighting OtGuesser::sighting(std::size_t i) const {
  const Chunk& chunk = chunks_[i];
  const base::Bytes bytes = collected_[chunk.side];
  return {chunk.side, bytes.subspan(chunk.offset, chunk.size), chunk.cut, chunk.time_ns};
}

void OtGuesser::Clear() {
  chunks_ = std::vector<Chunk>();
  for (std::vector<std::uint8_t>& bytes : collected_) bytes = std::vector<std::uint8_t>();
}

void OtGuesser::Collect(const OtSighting& sighting) {
  std::vector<std::uint8_t>& to = collected_[sighting.side];
  chunks_.push_back({sighting.side, sighting.cut, static_cast<std::uint32_t>(to.size()),
                     static_cast<std::uint32_t>(sighting.bytes.size()), sighting.time_ns});
  to.insert(to.end(), sighting.bytes.begin(), sighting.bytes.end());
}

void OtGuesser::Shed(std::size_t at) {
  const Chunk gone = chunks_[at];
  std::vector<std::uint8_t>& bytes = collected_[gone.side];
  bytes.erase(bytes.begin(), bytes.begin() + gone.size);
  chunks_.erase(chunks_.begin() + static_cast<std::ptrdiff_t>(at));
  for (Chunk& chunk : chunks_) {
    if (chunk.side == gone.side) chunk.offset -= gone.size;
  }
}

void OtGuesser::ShedSide(std::uint8_t side) {
  std::erase_if(chunks_, [side](const Chunk& chunk) { return chunk.side == side; });
  collected_[side].clear();
  info_.begin_seen[side] = false;
}

OtGuesser::State OtGuesser::LookAtStreams() {
  while (!chunks_.empty()) {
    bool open = false;
    if (TryStreams(false, open)) return State::kFound;
    if (open) return State::kOpen;
    const std::uint8_t side = chunks_.front().side;
    Shed(0);
    info_.foreign = info_.foreign || info_.begin_seen[side];
    info_.begin_seen[side] = false;
  }
  return State::kNone;
}

bool OtGuesser::EndIsCut(std::uint8_t side) const {
  const auto newest = std::find_if(chunks_.rbegin(), chunks_.rend(),
                                   [side](const Chunk& chunk) { return chunk.side == side; });
  return newest != chunks_.rend() && newest->cut;
}

// Calls ask(protocol, guess, at_home) for each protocol that may be it, until one says true. Those
// whose usual port (or EtherType) it is come first: a port orders the guesses, no more. Of the
// others those of `heads` are asked.
template <class Ask>
bool OtGuesser::AskAll(OtSet heads, bool last, Ask ask) {
  for (const bool at_home : {true, false}) {
    const OtSet set = at_home ? home_ : carried_ & ~home_ & heads;
    const bool found = AnyOf(set, [&](const OtProtocol& protocol) {
      OtGuess guess = MakeGuess(protocol, info_);
      guess.first_side = chunks_.front().side;
      guess.last = last;
      return ask(protocol, guess, at_home);
    });
    if (found) return true;
  }
  return false;
}

bool OtGuesser::TryStreams(bool last, bool& open) {
  const bool cut[2] = {EndIsCut(0), EndIsCut(1)};
  // Some tell by one side alone, whatever the other one says.
  const OtSet heads = (collected_[0].empty() ? 0 : OtWithHead(collected_[0])) |
                      (collected_[1].empty() ? 0 : OtWithHead(collected_[1]));
  return AskAll(heads, last, [&](const OtProtocol& protocol, OtGuess& guess, bool at_home) {
    for (int side = 0; side < 2; ++side) {
      guess.bytes[side] = collected_[side];
      guess.cut[side] = cut[side];
    }
    const OtRecognition recognition = protocol.recognise(guess);
    if (Found(protocol, recognition)) return true;
    open = open || IsOpen(recognition, at_home, home_ != 0);
    return false;
  });
}

OtGuesser::State OtGuesser::LookAtDatagram() {
  bool open = false;
  if (TryDatagram(chunks_.size() - 1, false, open)) return State::kFound;
  strangers_ = open ? 0 : strangers_ + 1;
  if (chunks_.size() == strangers_ || strangers_ > kMaxStrangers) return State::kNone;
  const std::uint8_t side = chunks_.back().side;
  for (std::size_t i = 0; i < chunks_.size() && collected_[side].size() > kMaxBytes;) {
    if (chunks_[i].side != side) {
      ++i;
      continue;
    }
    Shed(i);
    info_.foreign = true;
  }
  return chunks_.empty() ? State::kNone : State::kOpen;
}

bool OtGuesser::TryDatagram(std::size_t at, bool last, bool& open) {
  const OtSighting newest = sighting(at);
  return AskAll(OtWithHead(newest.bytes), last,
                [&](const OtProtocol& protocol, OtGuess& guess, bool at_home) {
                  guess.bytes[newest.side] = newest.bytes;
                  guess.cut[newest.side] = newest.cut;
                  const OtRecognition alone = protocol.recognise(guess);
                  if (Found(protocol, alone)) return true;
                  if (alone.verdict == OtVerdict::kNo) return false;
                  if (!last && TryPairs(protocol, guess, newest.side)) return true;
                  open = open || IsOpen(alone, at_home, home_ != 0);
                  return false;
                });
}

// With the other side's datagrams: the oldest, whose answer comes first, and the newest.
bool OtGuesser::TryPairs(const OtProtocol& protocol, OtGuess guess, std::uint8_t side) {
  const std::uint8_t other = side ^ 1;
  const std::size_t count = static_cast<std::size_t>(std::count_if(
      chunks_.begin(), chunks_.end(), [other](const Chunk& chunk) { return chunk.side == other; }));
  std::size_t rank = 0;
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    if (chunks_[i].side != other) continue;
    const bool near_an_end = rank < kMaxPartners / 2 || count - rank <= kMaxPartners / 2;
    ++rank;
    if (!near_an_end) continue;
    const OtSighting partner = sighting(i);
    guess.bytes[other] = partner.bytes;
    guess.cut[other] = partner.cut;
    if (Found(protocol, protocol.recognise(guess))) return true;
  }
  return false;
}

bool OtGuesser::Found(const OtProtocol& protocol, const OtRecognition& recognition) {
  if (recognition.verdict != OtVerdict::kYes) return false;
  protocol_ = &protocol;
  client_side_ = recognition.client_side;
  return true;
}

}  // namespace tapiary::capture
