#include "server/ingest/flow_record.h"

#include <algorithm>
#include <array>

#include "capture/json_writer.h"
#include "capture/packet.h"

namespace tapiary::server {
namespace {

using capture::JsonWriter;

template <std::size_t N>
void NumberIf(JsonWriter& json, const char (&key)[N], std::uint64_t value) {
  if (value != 0) json.Number(key, value);
}

template <std::size_t N>
void TextIf(JsonWriter& json, const char (&key)[N], const std::string& text) {
  if (!text.empty()) json.Text(key, text);
}

// The column has ::ffff:a.b.c.d for both: an IPv6 address of this form says so here.
bool IsMapped(const capture::IpAddress& ip) {
  constexpr std::array<std::uint8_t, 12> kPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return ip.version == 6 && std::equal(kPrefix.begin(), kPrefix.end(), ip.bytes.begin());
}

template <std::size_t N>
void WriteEnd(JsonWriter& json, const char (&key)[N], const capture::FlowEnd& end,
              std::uint64_t delta_packets, std::uint64_t delta_bytes) {
  json.Key(key);
  json.BeginObject();
  if (end.mac != capture::MacAddress{}) json.Plain("mac", capture::FormatMac(end.mac));
  if (IsMapped(end.ip)) json.Plain("ip", end.ip.ToString());
  NumberIf(json, "payload", end.payload_bytes);
  NumberIf(json, "flags", end.tcp_flags);
  NumberIf(json, "missed", end.missed_bytes);
  NumberIf(json, "again", end.retransmitted);
  if (delta_packets != end.packets || delta_bytes != end.bytes) {
    json.Number("delta_packets", delta_packets);
    json.Number("delta_bytes", delta_bytes);
  }
  json.EndObject();
}

void WriteLists(JsonWriter& json, const capture::FlowRecord& flow) {
  if (!flow.vlans.empty()) {
    json.Key("vlan");
    json.BeginArray();
    for (const std::uint16_t vlan : flow.vlans) json.Number(vlan);
    json.EndArray();
  }
  if (!flow.tunnels.empty()) {
    json.Key("tunnel");
    json.BeginArray();
    for (const std::string& tunnel : flow.tunnels) json.Text(tunnel);
    json.EndArray();
  }
}

template <std::size_t N>
void WriteCounts(JsonWriter& json, const char (&key)[N],
                 const std::vector<std::pair<std::string, std::uint64_t>>& counts) {
  if (counts.empty()) return;
  json.Key(key);
  json.BeginObject();
  for (const auto& [name, count] : counts) json.Number(name, count);
  json.EndObject();
}

void WriteLabels(JsonWriter& json, const capture::FlowRecord& flow) {
  if (flow.labels.empty()) return;
  json.Key("labels");
  json.BeginObject();
  for (const auto& [name, text] : flow.labels) json.Text(name, text);
  json.EndObject();
}

}  // namespace

std::string CompactRecord(const capture::FlowRecord& flow) {
  std::string out;
  out.reserve(256);
  JsonWriter json(out);
  json.BeginObject();
  WriteEnd(json, "orig", flow.orig, flow.delta_packets[0], flow.delta_bytes[0]);
  WriteEnd(json, "resp", flow.resp, flow.delta_packets[1], flow.delta_bytes[1]);
  if (flow.proto == 6) {
    json.Key("tcp");
    json.BeginObject();
    json.Plain("state", capture::ToString(flow.tcp_state));
    json.EndObject();
  }
  WriteLists(json, flow);
  TextIf(json, "service_by", flow.service_by);
  json.Plain("role_by", capture::ToString(flow.role_by));
  json.Plain("end_reason", capture::ToString(flow.end_reason));
  NumberIf(json, "last", flow.last ? 1 : 0);
  NumberIf(json, "truncated", flow.truncated);
  NumberIf(json, "bad_checksums", flow.bad_checksums);
  NumberIf(json, "duplicates", flow.duplicates);
  WriteCounts(json, "anomalies", flow.anomalies);
  WriteCounts(json, "counters", flow.counters);
  WriteLabels(json, flow);
  TextIf(json, "noise", flow.noise);
  json.EndObject();
  return out;
}

}  // namespace tapiary::server
