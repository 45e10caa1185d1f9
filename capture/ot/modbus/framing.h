// Modbus/TCP framing: one direction's bytes to ADUs.
//
// MBAP header (BE): transaction id 2, protocol id 2 (0), length 2 (unit + PDU), unit 1; then the
// PDU. Source: MODBUS Messaging on TCP/IP Implementation Guide V1.0b, section 3.1. Lengths 2-254;
// UMAS (function 90) goes beyond them and is let through to 1 KiB. After a hole or a header that
// cannot be, framing starts again at the next segment border whose bytes look like a header (OT-04,
// OT-07). The buffer never holds more than one ADU. One thread; pure but for its buffer.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/byte_cursor.h"

namespace tapiary::capture::modbus {

inline constexpr std::size_t kHeaderSize = 7;
inline constexpr std::size_t kMaxLength = 254;
inline constexpr std::size_t kMaxUmasLength = 1024 + 6;

struct Header {
  std::uint16_t transaction = 0;
  std::uint16_t protocol = 0;
  std::uint16_t length = 0;
  std::uint8_t unit = 0;
};

// What the front of some bytes is.
enum class Front : std::uint8_t {
  kMore,    // could be an ADU, not enough to tell
  kHeader,  // a possible header; the ADU may be incomplete
  kBadProtocol,
  kBadLength,
};
Front ReadHeader(base::Bytes bytes, Header& header);

struct Adu {
  Header header;
  base::Bytes pdu;            // function first; shorter than the header says when `cut`
  bool cut = false;           // its end was never captured, or is missing
  std::int64_t first_ns = 0;  // packet times of its first and last byte
  std::int64_t last_ns = 0;
};

class AduSink {
 public:
  virtual ~AduSink() = default;
  virtual void OnAdu(const Adu& adu) = 0;
  virtual void OnFault(std::string_view anomaly) = 0;  // static text
};

class Framer {
 public:
  explicit Framer(bool requests) : requests_(requests) {}
  // One segment.
  void Feed(base::Bytes bytes, std::int64_t time_ns, AduSink& sink);
  void Gap(std::uint32_t missed, bool cut, AduSink& sink);
  // The stream ended: an ADU that is not complete is handed out as cut.
  void Finish(AduSink& sink);

 private:
  enum class Step : std::uint8_t { kTaken, kWait, kLost };
  // Takes one ADU off the front. kLost: what is there is no ADU.
  Step TakeOne(base::Bytes& bytes, std::int64_t first_ns, std::int64_t last_ns, AduSink& sink);
  void FeedBuffered(base::Bytes bytes, std::int64_t time_ns, AduSink& sink);
  [[nodiscard]] bool LooksLikeAdu(base::Bytes bytes) const;
  [[nodiscard]] bool EndsBefore(base::Bytes next) const;
  void EmitCut(AduSink& sink);
  void Keep(base::Bytes bytes, std::int64_t time_ns);
  void Drop();

  bool requests_;
  bool searching_ = false;                  // after a loss: the next ADU must look right
  std::uint32_t skip_ = 0;                  // rest of an ADU that was handed out cut
  std::vector<std::uint8_t> buffer_;        // the begin of one ADU
  std::vector<std::uint32_t> borders_;      // segment borders in buffer_, the first is 0
  std::vector<std::int64_t> border_times_;  // packet time from each border on
};

}  // namespace tapiary::capture::modbus
