// Who an OPC UA user says to be: identity tokens, and session tokens made safe to show.
//
// Source: OPC 10000-4 (OPC UA Part 4), clause 7.41; OPC 10000-6 annex A.3 (ids 321-327, 940). Pure;
// any thread.
#pragma once

#include <string>

#include "capture/ot/opcua/types.h"
#include "capture/records.h"

namespace tapiary::capture::opcua {

// "identity": anonymous, user_name, certificate, issued_token; "user"; "password" when it was sent
// in clear, else "password_algorithm".
void DecodeIdentity(const Extension& token, Transaction& out);
// A session's token opens the session: only 32 bits of a hash are kept.
std::string TokenDigest(const NodeId& token);

}  // namespace tapiary::capture::opcua
