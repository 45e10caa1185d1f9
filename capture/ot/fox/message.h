// Niagara Fox: frames of text, of which the hello is read.
//
// "fox KIND NUMBER ANSWERED CHANNEL COMMAND", then lines "key=type:value" between braces, then
// ";;". Source: the public description of Fox in Tridium's Niagara documents; captures. Pure; any
// thread.
#pragma once

#include <string_view>

#include "capture/ot/framer.h"
#include "capture/records.h"

namespace tapiary::capture::fox {

// Whether a PDU as kFraming cut it is a frame's begin, and of which command.
bool IsFrame(base::Bytes bytes);
bool IsHello(base::Bytes bytes);
// Adds the known keys as details, each behind `prefix`.
void DecodeHello(base::Bytes bytes, std::string_view prefix, Transaction& out);

extern const Framing kFraming;

}  // namespace tapiary::capture::fox
