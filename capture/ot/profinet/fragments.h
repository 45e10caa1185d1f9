// Fragments: bodies of RPC calls that came in several datagrams, in order.
//
// At most kMaxCalls at once, of each at most kMaxKept bytes; what is longer is passed on as cut: a
// record's headers are at its front. A fragment that is missing ends the call, which is passed on
// as far as it came. One thread.
#pragma once

#include <cstdint>
#include <vector>

#include "capture/ot/profinet/rpc.h"

namespace tapiary::capture::profinet {

class Fragments {
 public:
  static constexpr std::size_t kMaxCalls = 4;
  static constexpr std::size_t kMaxKept = 8192;

  struct Call {
    std::uint64_t key = 0;
    std::uint16_t next = 0;  // fragment number expected
    bool cut = false;
    std::size_t size = 0;  // of all fragments
    std::int64_t first_ns = 0;
    std::vector<std::uint8_t> bytes;  // header of the first fragment, bodies of all
  };

  // True when the call is complete, or was given up: then `done` is it. `bytes`: the datagram;
  // `cut`: its end was not captured. A first fragment that never came: false, with `lost` set.
  bool Add(std::uint64_t key, const RpcHeader& header, base::Bytes bytes, bool cut,
           std::int64_t time_ns, Call& done, bool& lost);

 private:
  std::vector<Call> calls_;
};

}  // namespace tapiary::capture::profinet
