// Which BACnet reply belongs to which request: keys for Exchange.
//
// An invoke id is the requester's own, so the key has the direction of the request, the id and the
// network-layer addresses of both devices. Source: ANSI/ASHRAE 135-2020, clause 5.4. Pure; any
// thread.
#pragma once

#include <cstdint>
#include <vector>

#include "capture/ot/bacnet/apdu.h"
#include "capture/ot/bacnet/network.h"

namespace tapiary::capture::bacnet {

struct PairKey {
  std::uint64_t strong = 0;
  std::uint64_t loose = 0;  // without addresses: a request to all is answered by one
};
// `from_client`: the sender of this APDU, whichever way it goes.
PairKey ApduKey(const Npdu& npdu, const Apdu& apdu, bool from_client);
// `asked_by_client`: the sender of the request. A result tells by its code what was refused, else
// not what it answers: writes share one key.
std::uint64_t BvlcKey(const Bvlc& bvlc, bool asked_by_client);

// Writes the number of segments (at most 255) in place of the sequence number of the segmented APDU
// in `bytes`.
void SetSegmentCount(std::vector<std::uint8_t>& bytes, const Npdu& npdu, const Apdu& apdu,
                     std::uint16_t count);

}  // namespace tapiary::capture::bacnet
