// Records as JSON objects with the field names of design.md section 6: what `tapiary meter`, the
// API and the command line show. One line each, always valid UTF-8 (CO-02). Any thread.
#pragma once

#include <string>
#include <string_view>

#include "capture/json_writer.h"
#include "capture/records.h"

namespace tapiary::capture {

// `sensor` is the sensor's name, or empty for null.
std::string ToJson(const FlowRecord& flow, std::string_view sensor);
std::string ToJson(const Transaction& transaction, std::string_view sensor);
std::string ToJson(const LedgerRow& row, std::string_view sensor);
std::string ToJson(const GapRecord& gap, std::string_view sensor);
// The same at the end of `out`, for who writes many.
void AppendJson(const FlowRecord& flow, std::string_view sensor, std::string& out);
void AppendJson(const Transaction& transaction, std::string_view sensor, std::string& out);

// {"interface": NAME or null, "tcp_bytes": .., "missed_bytes": .., "copies": ..}
void WriteMirror(JsonWriter& json, std::string_view interface, const MirrorQuality& mirror);

// "tcp", "udp", "icmp", "icmp6", "sctp", "ip:89", "eth:0x8892", "eth:llc".
std::string ProtoName(const FlowRecord& flow);
// False where the ports of orig and resp mean nothing.
bool HasPorts(const FlowRecord& flow);

}  // namespace tapiary::capture
