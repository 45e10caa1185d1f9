#include "capture/ot/iso/tsdu.h"

#include <algorithm>

namespace tapiary::capture::iso {

std::optional<Tsdu> TsduBuilder::Add(const Tpdu& tpdu, const Pdu& pdu) {
  Tsdu out;
  if (pieces_ == 0) {
    Clear();
    if (tpdu.end) {
      if (tpdu.payload.empty() && !pdu.cut) return std::nullopt;
      return Tsdu{tpdu.payload, pdu.cut, pdu.first_ns, pdu.last_ns};
    }
    cut_ = false;
  }
  // An empty piece in front is not yet the message.
  if (kept_.empty() && !cut_) first_ns_ = pdu.first_ns;
  Keep(tpdu.payload);
  cut_ = cut_ || pdu.cut;
  ++pieces_;
  // Behind a cut piece nothing fits any more.
  if (!tpdu.end && pieces_ < kMaxPieces) return std::nullopt;
  pieces_ = 0;
  if (kept_.empty()) return std::nullopt;
  return Tsdu{kept_, cut_ || !tpdu.end, first_ns_, pdu.last_ns};
}

void TsduBuilder::Keep(base::Bytes bytes) {
  if (cut_) return;
  const std::size_t fits = std::min(bytes.size(), kMaxTsdu - kept_.size());
  kept_.insert(kept_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(fits));
  cut_ = fits < bytes.size();
}

bool TsduBuilder::Drop() {
  const bool lost = pieces_ != 0 && !kept_.empty();
  pieces_ = 0;
  Clear();
  return lost;
}

// What a long message took is given back.
void TsduBuilder::Clear() {
  constexpr std::size_t kKept = 1024;
  kept_.clear();
  if (kept_.capacity() > kKept) kept_ = std::vector<std::uint8_t>();
}

}  // namespace tapiary::capture::iso
