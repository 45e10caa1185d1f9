// Labeler: what a conversation that no OT decoder claimed says of itself (service, server names,
// client versions, fingerprints), from its first packets only.
//
// The interface hides who does it: nDPI (ndpi.cc) where the build found it, else nobody
// (no_ndpi.cc). One labeler per meter, used by the meter's thread. Its calls may allocate and are
// virtual, so the tracker makes them for the first packets of a flow only. Sessions must not
// outlive their labeler. Names and meaning of the labels: docs/labels.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/byte_cursor.h"
#include "capture/label/label_texts.h"

namespace tapiary::capture {

// What was found so far.
struct FlowLabels {
  std::string_view service;  // static text; empty: not known
  LabelTexts texts;
};

// One TCP segment or UDP datagram with payload, borrowed for the call.
struct LabelPacket {
  bool from_orig = true;
  std::uint32_t seq = 0;  // TCP: of the first payload byte
  std::uint32_t ack = 0;
  base::Bytes payload;
  std::int64_t time_ns = 0;
};

// One flow under examination.
class LabelSession {
 public:
  virtual ~LabelSession() = default;
  // Looks at one packet. False when no further packet will tell more: the session may be freed.
  virtual bool Offer(const LabelPacket& packet, FlowLabels& labels) = 0;
};

class Labeler {
 public:
  static constexpr int kMaxPackets = 16;             // of one flow, with payload
  static constexpr std::size_t kMaxBytes = 8192;     // of their payload together
  static constexpr std::size_t kMaxSessions = 4096;  // the oldest is given up for a new one

  virtual ~Labeler() = default;
  // `is_udp` else TCP.
  virtual std::unique_ptr<LabelSession> Begin(bool is_udp, std::uint16_t orig_port,
                                              std::uint16_t resp_port) = 0;
};

// Whether this build can make labels.
bool LabelsBuilt();
// Null when it cannot.
std::unique_ptr<Labeler> MakeLabeler();

}  // namespace tapiary::capture
