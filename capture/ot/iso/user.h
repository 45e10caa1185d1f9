// What the decoders of the transport's users (S7comm, S7comm-plus, MMS) share with IsoDecoder.
//
// A user gets whole messages (TSDUs) and hands requests and responses to the flow's one Exchange;
// the key says whose they are and which end asked, since a PLC asks as well (download blocks).
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "capture/ot/exchange.h"
#include "capture/ot/iso/tsdu.h"

namespace tapiary::capture::iso {

enum class User : std::uint8_t { kNone, kConnection, kS7, kS7Plus, kMms };

// During one call.
struct Call {
  bool from_client = false;
  Exchange& exchange;
  OtOutput& out;
};

inline std::uint64_t MakeKey(User user, bool asked_by_client, std::uint64_t id) {
  const std::uint64_t asker = asked_by_client ? 1 : 0;
  return static_cast<std::uint64_t>(user) << 56 | asker << 55 | (id & 0x7fffffffffffffu);
}
inline User UserOf(std::uint64_t key) {
  return static_cast<User>(key >> 56);
}
inline bool AskedByClient(std::uint64_t key) {
  return (key >> 55 & 1) != 0;
}

// A request of the end that sends; detail "asked_by" when that is the server's.
inline void Ask(const Call& call, User user, std::uint64_t id, std::uint32_t kind,
                Transaction&& request) {
  if (!call.from_client) request.detail.emplace_back("asked_by", "server");
  call.exchange.OnRequest(MakeKey(user, call.from_client, id), std::nullopt, kind,
                          std::move(request), call.out);
}
// The answer to a request of the other end.
inline void Answer(const Call& call, User user, std::uint64_t id, std::uint32_t kind,
                   const Tsdu& tsdu) {
  OtResponse response;
  response.key = MakeKey(user, !call.from_client, id);
  response.kind = kind;
  response.pdu = tsdu.bytes;
  response.cut = tsdu.cut;
  response.first_ns = tsdu.first_ns;
  response.last_ns = tsdu.last_ns;
  call.exchange.OnResponse(response, call.out);
}

}  // namespace tapiary::capture::iso
