#include "capture/ot/profinet/fragments.h"

#include <algorithm>
#include <utility>

namespace tapiary::capture::profinet {

bool Fragments::Add(std::uint64_t key, const RpcHeader& header, base::Bytes bytes, bool cut,
                    std::int64_t time_ns, Call& done, bool& lost) {
  lost = false;
  auto at = std::find_if(calls_.begin(), calls_.end(),
                         [key](const Call& call) { return call.key == key; });
  if (at == calls_.end()) {
    if (header.fragment_number != 0) {
      lost = true;
      return false;
    }
    if (calls_.size() >= kMaxCalls) calls_.erase(calls_.begin());
    Call call;
    call.key = key;
    call.first_ns = time_ns;
    call.bytes.assign(bytes.begin(), bytes.begin() + kRpcHeaderBytes);
    calls_.push_back(std::move(call));
    at = calls_.end() - 1;
  }
  if (header.fragment_number < at->next) return false;  // sent again
  const bool hole = header.fragment_number > at->next;
  if (!hole) {
    const std::size_t room = kMaxKept - std::min(kMaxKept, at->bytes.size());
    const std::size_t take = std::min(room, header.body.size());
    at->cut = at->cut || cut || take < header.length;
    at->bytes.insert(at->bytes.end(), header.body.begin(),
                     header.body.begin() + static_cast<std::ptrdiff_t>(take));
    at->size += header.length;
    ++at->next;
    if (!header.last_fragment) return false;
  }
  lost = hole;
  done = std::move(*at);
  done.cut = done.cut || hole;
  calls_.erase(at);
  return true;
}

}  // namespace tapiary::capture::profinet
