// Requests and replies of the encapsulation commands that carry no CIP: fields of a transaction.
//
// ListIdentity, ListServices, ListInterfaces, RegisterSession and the others. Source: CIP Networks
// Library volume 2, section 2-4. Pure; any thread.
#pragma once

#include "base/byte_cursor.h"
#include "capture/ot/enip/framing.h"
#include "capture/records.h"

namespace tapiary::capture::enip {

inline constexpr std::string_view kService = "enip";

// Whether the message asks, by its content; `from_client` where that does not tell.
bool IsRequest(const Header& header, base::Bytes body, bool from_client);
// `datagram`: it came by UDP, so perhaps to everybody.
void DecodeCommand(const Header& header, base::Bytes body, bool datagram, Transaction& out);
// Of a reply, also one with an error status that has no body.
void DecodeReply(const Header& header, base::Bytes body, bool has_request, Transaction& out);

}  // namespace tapiary::capture::enip
