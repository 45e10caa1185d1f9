// Framer: one direction's TCP bytes to the PDUs of a protocol, by the protocol's own length rule.
//
// A segment is not a message: several PDUs a segment and one PDU over many segments are both normal
// (OT-01, OT-10). The buffer holds the begin of one PDU, never more than Framing::max_kept bytes of
// it: of a longer one the front is handed out as cut and the rest is skipped, so no length field
// reserves memory (OT-07). After a hole, or bytes that cannot be a PDU, nothing is glued: framing
// starts again where bytes look like one, at a segment border or, for protocols with a sync
// pattern, anywhere (OT-04). One thread; allocates only for PDUs that span segments.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/byte_cursor.h"

namespace tapiary::capture {

// What the front of some bytes is.
struct PduFront {
  enum class Kind : std::uint8_t {
    kMore,  // could be a PDU, not enough to tell
    kPdu,   // a possible PDU of `size` bytes, which may not all be there
    kBad,   // no PDU; `fault` says why
  };
  Kind kind = Kind::kMore;
  std::size_t size = 0;    // of the whole PDU, at least 1
  std::string_view fault;  // static text: "modbus-length"

  static PduFront More() { return {}; }
  static PduFront Of(std::size_t size) { return {Kind::kPdu, size, {}}; }
  static PduFront Bad(std::string_view fault) { return {Kind::kBad, 0, fault}; }
};

// A protocol's rule. Functions are pure and get bytes of any content; they must judge by what is
// there: a wrong byte is wrong before the rest arrives. They must not look at what lies behind the
// PDU.
struct Framing {
  PduFront (*front)(base::Bytes bytes, bool from_client) = nullptr;
  // Stricter than `front`, for finding the next PDU after a loss. Null: `front` is good enough.
  bool (*plausible)(base::Bytes bytes, bool from_client) = nullptr;
  // Whether these bytes, though shorter than their header says, are a whole PDU by their content:
  // then a header's wrong length does not swallow the PDU behind it. Null: no such check.
  bool (*whole)(base::Bytes pdu, bool from_client) = nullptr;
  std::size_t min_useful = 1;     // a cut PDU with fewer bytes tells nothing and is dropped
  std::size_t max_kept = 4096;    // bytes kept of one PDU
  bool scan = false;              // after a loss look at every byte, not at segment borders alone
  std::string_view fault_length;  // with `whole`: a header that claims too much
  std::string_view fault_gap;     // "modbus-gap": a hole in the stream
  std::string_view fault_search;  // "modbus-lost-sync": a segment in which no PDU was found
};

struct Pdu {
  base::Bytes bytes;          // valid during the call
  std::size_t size = 0;       // as its header says; larger than bytes.size() when `cut`
  bool cut = false;           // its end is missing: not captured, or beyond max_kept
  std::int64_t first_ns = 0;  // packet times of its first and last byte
  std::int64_t last_ns = 0;
};

class PduSink {
 public:
  virtual ~PduSink() = default;
  virtual void OnPdu(const Pdu& pdu) = 0;
  virtual void OnFault(std::string_view anomaly) = 0;  // static text
};

class Framer {
 public:
  // `rule` must outlive the framer.
  Framer(const Framing& rule, bool from_client) : rule_(&rule), from_client_(from_client) {}
  // One segment.
  void Feed(base::Bytes bytes, std::int64_t time_ns, PduSink& sink);
  // As OtDecoder::OnGap.
  void Gap(std::uint32_t missed, bool cut, PduSink& sink);
  // The stream ended: a PDU that is not complete is handed out as cut.
  void Finish(PduSink& sink);
  [[nodiscard]] bool holding() const { return !buffer_.empty(); }
  // Of the heap.
  [[nodiscard]] std::size_t held_bytes() const {
    return buffer_.capacity() + borders_.capacity() * sizeof(std::uint32_t) +
           border_times_.capacity() * sizeof(std::int64_t);
  }

 private:
  enum class Step : std::uint8_t { kTaken, kWait, kLost };
  Step TakeOne(base::Bytes& bytes, std::int64_t first_ns, std::int64_t last_ns, PduSink& sink);
  void FeedBuffered(base::Bytes bytes, std::int64_t time_ns, PduSink& sink);
  void Resynchronise();
  [[nodiscard]] PduFront Front(base::Bytes bytes) const {
    return rule_->front(bytes, from_client_);
  }
  [[nodiscard]] bool Plausible(base::Bytes bytes) const;
  [[nodiscard]] bool EndsBefore(base::Bytes next) const;
  [[nodiscard]] bool BeginsWholePdu(base::Bytes bytes) const;
  void EmitCut(PduSink& sink, std::size_t size);
  void Keep(base::Bytes bytes, std::int64_t time_ns);
  void Drop();

  const Framing* rule_;
  bool from_client_;
  bool searching_ = false;                  // after a loss: the next PDU must look right
  std::size_t skip_ = 0;                    // rest of a PDU that was handed out cut
  std::vector<std::uint8_t> buffer_;        // the begin of one PDU
  std::vector<std::uint32_t> borders_;      // segment borders in buffer_, the first is 0
  std::vector<std::int64_t> border_times_;  // packet time from each border on
};

}  // namespace tapiary::capture
