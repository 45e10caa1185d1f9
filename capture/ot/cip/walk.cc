#include "capture/ot/cip/walk.h"

#include <algorithm>

#include "capture/ot/cip/connection_manager.h"
#include "capture/ot/cip/epath.h"
#include "capture/ot/cip/message.h"
#include "capture/ot/cip/services.h"

namespace tapiary::capture::cip {
namespace {

class Walker {
 public:
  Walker(bool requests, std::vector<Part>& parts) : requests_(requests), parts_(parts) {}
  void Walk(const Part& part, int depth);

 private:
  void Multiple(const Part& part, base::Bytes data, int depth);
  void Unwrap(const Part& part, base::Bytes data, int depth);
  void Add(const Part& part) {
    if (parts_.size() < kMaxParts) parts_.push_back(part);
  }

  bool requests_;
  std::vector<Part>& parts_;
};

void Walker::Walk(const Part& part, int depth) {
  if (!requests_) {
    const ResponseView view = ReadResponse(part.message);
    if (view.service != kMultipleServicePacket || view.bad) return Add(part);
    return Multiple(part, view.data, depth);
  }
  const RequestView view = ReadRequest(part.message);
  if (view.bad) return Add(part);
  if (view.service == kMultipleServicePacket) return Multiple(part, view.data, depth);
  if (view.service != kUnconnectedSend) return Add(part);
  const Epath path = ParseEpath(view.path);
  if (path.class_id != kConnectionManagerClass) return Add(part);
  Unwrap(part, view.data, depth);
}

void Walker::Unwrap(const Part& part, base::Bytes data, int depth) {
  const WrappedRequest wrapped = ReadUnconnectedSend(data);
  Part inner = part;
  if (wrapped.bad) inner.anomaly = "cip-unconnected-send";
  if (depth >= kMaxDepth) inner.anomaly = "cip-nesting";
  if (wrapped.message.empty() || depth >= kMaxDepth) return Add(inner);
  inner.message = wrapped.message;
  inner.unconnected = true;
  inner.route = wrapped.route;
  inner.timeout_ms = wrapped.timeout_ms;
  Walk(inner, depth + 1);
}

void Walker::Multiple(const Part& part, base::Bytes data, int depth) {
  const std::size_t at = parts_.size();
  Add(part);
  if (at == parts_.size()) return;
  const auto flag = [this, at](std::string_view anomaly) { parts_[at].anomaly = anomaly; };
  if (depth >= kMaxDepth) return flag("cip-nesting");
  base::ByteCursor cursor(data);
  if (data.size() < 2) {
    if (requests_) flag("cip-multiple-count");
    return;
  }
  const std::size_t claimed = cursor.U16Le();
  const std::size_t count = std::min(claimed, cursor.remaining() / 2);
  if (count < claimed || (claimed == 0 && requests_)) flag("cip-multiple-count");
  std::size_t least = 2 + claimed * 2;
  std::size_t offset = cursor.U16Le();
  for (std::size_t i = 1; i <= count; ++i) {
    const std::size_t begin = offset;
    const bool last = i == count;
    offset = last ? data.size() : cursor.U16Le();
    if (begin < least || begin >= offset || offset > data.size()) {
      flag("cip-multiple-offset");
      continue;
    }
    least = begin + 1;
    if (parts_.size() >= kMaxParts) return flag("cip-multiple-limit");
    Part inner = part;
    inner.anomaly = {};
    inner.message = data.subspan(begin, offset - begin);
    inner.index = static_cast<std::uint32_t>(i);
    inner.key = InnerKey(part.key, inner.index);
    parts_[at].count = inner.index;
    Walk(inner, depth + 1);
  }
}

}  // namespace

std::uint64_t InnerKey(std::uint64_t key, std::uint32_t index) {
  // Spread so that neighbours of different packets do not meet; a clash pairs wrongly, no more.
  std::uint64_t mixed = (key + index) * 0x9e3779b97f4a7c15u;
  mixed ^= mixed >> 29;
  return mixed * 0xbf58476d1ce4e5b9u + index;
}

void SplitRequest(base::Bytes message, std::uint64_t key, std::vector<Part>& parts) {
  parts.clear();
  Part whole;
  whole.message = message;
  whole.key = key;
  Walker(true, parts).Walk(whole, 0);
}

void SplitResponse(base::Bytes message, std::uint64_t key, std::vector<Part>& parts) {
  parts.clear();
  Part whole;
  whole.message = message;
  whole.key = key;
  Walker(false, parts).Walk(whole, 0);
}

}  // namespace tapiary::capture::cip
