// One CIP message through the decoder, for tests.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "capture/ot/cip/decode.h"
#include "capture/ot/detail.h"
#include "tests/capture/ot/enip/messages.h"

namespace tapiary::capture::cip::test {

using capture::test::Hex;
using capture::test::Text;

inline Transaction Request(const std::string& hex, bool cut = false) {
  const std::vector<std::uint8_t> bytes = Hex(hex);
  Part part;
  part.message = bytes;
  Transaction out;
  DecodeRequest(part, cut, out);
  return out;
}
inline Transaction Exchange(const std::string& request, const std::string& response) {
  Transaction out = Request(request);
  DecodeResponse(Hex(response), false, true, out);
  return out;
}
inline std::string Get(const Transaction& t, std::string_view key) {
  const std::string* const text = FindDetail(t, key);
  return text != nullptr ? *text : "(none)";
}
inline bool Flagged(const Transaction& t, std::string_view anomaly) {
  return std::find(t.anomalies.begin(), t.anomalies.end(), anomaly) != t.anomalies.end();
}
// Request path of the tag "speed".
inline const std::string kTagPath = "04 91 05" + Text("speed") + "00";

}  // namespace tapiary::capture::cip::test
