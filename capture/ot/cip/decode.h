// CIP messages to the fields of a transaction.
//
// The operation is the service's name, the code its number, the exception the general status;
// class, instance, attribute, tag and what the service carries are details. A message inside others
// (see walk.h) is decoded by itself. Source: CIP Networks Library volume 1. Pure; any thread.
#pragma once

#include "base/byte_cursor.h"
#include "capture/ot/cip/walk.h"
#include "capture/records.h"

namespace tapiary::capture::cip {

inline constexpr std::string_view kService = "cip";  // Transaction::protocol

// `cut`: the message's end was not captured.
void DecodeRequest(const Part& part, bool cut, Transaction& out);
// Adds what the response tells to its request's transaction, or fills an empty one when the request
// was not seen. Sets status to ok or exception.
void DecodeResponse(base::Bytes message, bool cut, bool has_request, Transaction& out);

}  // namespace tapiary::capture::cip
