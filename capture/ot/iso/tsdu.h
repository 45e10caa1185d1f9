// TsduBuilder: one direction's DT TPDUs to the messages (TSDUs) they carry.
//
// A DT without the end mark is continued by the next one; Step 7, TIA and WinCC send up to a third
// of theirs so, empty ones among them. At most kMaxTsdu bytes of a message are kept, the rest is
// skipped and the message handed out as cut. After a loss nothing is glued: what was begun is
// dropped (OT-04). One thread; copies only messages of several TPDUs.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "capture/ot/iso/cotp.h"

namespace tapiary::capture::iso {

// One message of the user of the transport.
struct Tsdu {
  base::Bytes bytes;  // valid until the builder is used again
  bool cut = false;
  std::int64_t first_ns = 0;
  std::int64_t last_ns = 0;
};

class TsduBuilder {
 public:
  static constexpr std::size_t kMaxTsdu = 65536;
  static constexpr std::size_t kMaxPieces = 1024;

  // A DT. Nothing while its message goes on.
  std::optional<Tsdu> Add(const Tpdu& tpdu, const Pdu& pdu);
  // True when a message was begun and is lost.
  bool Drop();
  [[nodiscard]] std::size_t held_bytes() const { return kept_.capacity(); }

 private:
  void Keep(base::Bytes bytes);
  void Clear();

  std::vector<std::uint8_t> kept_;
  std::size_t pieces_ = 0;  // of the message that is not complete
  bool cut_ = false;
  std::int64_t first_ns_ = 0;
};

}  // namespace tapiary::capture::iso
