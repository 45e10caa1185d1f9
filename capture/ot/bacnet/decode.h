// BACnet services to transaction fields: requests, acks, errors, rejects, aborts.
//
// Source: ANSI/ASHRAE 135-2020, clauses 13-18 and 21. Detail keys: README.md. Pure; any thread.
#pragma once

#include "capture/ot/bacnet/apdu.h"
#include "capture/ot/bacnet/network.h"
#include "capture/records.h"

namespace tapiary::capture::bacnet {

// Operation, code, parameters, command and technique of a confirmed or unconfirmed request.
// `cut`: its end is missing.
void DecodeRequest(const Apdu& apdu, bool cut, Transaction& out);
// Status and what an ack, error, reject or abort says. `has_request`: `out` holds it; else the
// operation is named from the response.
void DecodeReply(const Apdu& apdu, bool cut, bool has_request, Transaction& out);

// Messages of the network layer and of BVLC itself.
void DecodeNetworkMessage(const Npdu& npdu, Transaction& out);
void DecodeBvlcRequest(const Bvlc& bvlc, Transaction& out);
void DecodeBvlcReply(const Bvlc& bvlc, bool has_request, Transaction& out);

}  // namespace tapiary::capture::bacnet
