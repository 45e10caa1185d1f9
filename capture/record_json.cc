#include "capture/record_json.h"

#include <fmt/core.h>

#include <charconv>

#include "capture/json_writer.h"

namespace tapiary::capture {
namespace {

constexpr std::uint8_t kProtoTcp = 6;
constexpr std::string_view kHexDigits = "0123456789abcdef";

// Addresses and ids without the general formatting of records.h: a flow has six of them.
template <std::size_t N>
void WriteIp(JsonWriter& json, const char (&key)[N], const IpAddress& ip) {
  if (ip.version != 4) return json.TextOrNull(key, ip.ToString());
  char text[16];
  char* at = text;
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) *at++ = '.';
    at = std::to_chars(at, text + sizeof text, ip.bytes[i]).ptr;
  }
  json.Plain(key, std::string_view(text, at));
}

template <std::size_t N>
void WriteMac(JsonWriter& json, const char (&key)[N], const MacAddress& mac) {
  json.Key(key);
  if (mac == MacAddress{}) return json.Null();
  char text[] = "00:00:00:00:00:00";
  for (std::size_t i = 0; i < mac.size(); ++i) {
    text[3 * i] = kHexDigits[mac[i] >> 4];
    text[3 * i + 1] = kHexDigits[mac[i] & 15];
  }
  json.Plain(std::string_view(text, sizeof text - 1));
}

template <std::size_t N>
void WriteId(JsonWriter& json, const char (&key)[N], const FlowId& id) {
  char text[33];
  char* at = std::to_chars(text, text + sizeof text, id.epoch, 16).ptr;
  *at++ = '.';
  at = std::to_chars(at, text + sizeof text, id.number, 16).ptr;
  json.Plain(key, std::string_view(text, at));
}

template <std::size_t N>
void WriteEnd(JsonWriter& json, const char (&key)[N], const FlowEnd& end, bool has_ports,
              std::uint64_t delta_packets, std::uint64_t delta_bytes) {
  json.Key(key);
  json.BeginObject();
  WriteIp(json, "ip", end.ip);
  json.Key("port");
  has_ports ? json.Number(end.port) : json.Null();
  WriteMac(json, "mac", end.mac);
  json.Number("packets", end.packets);
  json.Number("bytes", end.bytes);
  json.Number("payload_bytes", end.payload_bytes);
  json.Number("delta_packets", delta_packets);
  json.Number("delta_bytes", delta_bytes);
  json.EndObject();
}

template <std::size_t N>
void WritePair(JsonWriter& json, const char (&key)[N], std::uint64_t orig, std::uint64_t resp) {
  json.Key(key);
  json.BeginObject();
  json.Number("orig", orig);
  json.Number("resp", resp);
  json.EndObject();
}

void WriteTcp(JsonWriter& json, const FlowRecord& flow) {
  json.Key("tcp");
  if (flow.proto != kProtoTcp) return json.Null();
  json.BeginObject();
  WritePair(json, "flags", flow.orig.tcp_flags, flow.resp.tcp_flags);
  json.Plain("state", ToString(flow.tcp_state));
  WritePair(json, "missed_bytes", flow.orig.missed_bytes, flow.resp.missed_bytes);
  WritePair(json, "retransmitted", flow.orig.retransmitted, flow.resp.retransmitted);
  json.EndObject();
}

void WriteCounts(JsonWriter& json, std::string_view key,
                 const std::vector<std::pair<std::string, std::uint64_t>>& counts) {
  json.Key(key);
  json.BeginObject();
  for (const auto& [name, count] : counts) json.Number(name, count);
  json.EndObject();
}

void WriteTexts(JsonWriter& json, std::string_view key,
                const std::vector<std::pair<std::string, std::string>>& texts) {
  json.Key(key);
  json.BeginObject();
  for (const auto& [name, text] : texts) json.Text(name, text);
  json.EndObject();
}

void WriteLists(JsonWriter& json, const FlowRecord& flow) {
  json.Key("vlan");
  json.BeginArray();
  for (const std::uint16_t vlan : flow.vlans) json.Number(vlan);
  json.EndArray();
  json.Key("tunnel");
  json.BeginArray();
  for (const std::string& tunnel : flow.tunnels) json.Text(tunnel);
  json.EndArray();
}

void WriteBlocks(JsonWriter& json, const std::vector<BlockRun>& blocks) {
  json.Key("blocks");
  json.BeginArray();
  for (const BlockRun& run : blocks) {
    json.BeginArray();
    json.Number(run.first);
    json.Number(run.count);
    json.EndArray();
  }
  json.EndArray();
}

template <std::size_t N>
void WriteEndpoint(JsonWriter& json, const char (&key)[N], const IpAddress& ip, std::uint16_t port,
                   const MacAddress& mac) {
  json.Key(key);
  json.BeginObject();
  WriteIp(json, "ip", ip);
  json.Key("port");
  ip.version != 0 ? json.Number(port) : json.Null();
  WriteMac(json, "mac", mac);
  json.EndObject();
}

template <std::size_t N, class T>
void WriteOptional(JsonWriter& json, const char (&key)[N], const std::optional<T>& value) {
  json.Key(key);
  value ? json.Number(*value) : json.Null();
}

}  // namespace

std::string ProtoName(const FlowRecord& flow) {
  if (flow.orig.ip.version == 0) {
    return flow.ether_type < 0x600 ? std::string("eth:llc")
                                   : fmt::format("eth:0x{:04x}", flow.ether_type);
  }
  switch (flow.proto) {
    case 1:
      return "icmp";
    case kProtoTcp:
      return "tcp";
    case 17:
      return "udp";
    case 58:
      return "icmp6";
    case 132:
      return "sctp";
    default:
      return fmt::format("ip:{}", flow.proto);
  }
}

// The protocols whose Community ID has ports (ICMP: type and code). A flow of such a protocol
// without Community ID is one of fragments whose first one was never seen: its ports are not known
// (FL-05).
bool HasPorts(const FlowRecord& flow) {
  switch (flow.proto) {
    case 1:
    case kProtoTcp:
    case 17:
    case 58:
    case 132:
      return !flow.community_id.empty();
    default:
      return false;
  }
}

void AppendJson(const FlowRecord& flow, std::string_view sensor, std::string& out) {
  JsonWriter json(out);
  const bool has_ports = HasPorts(flow);
  json.BeginObject();
  WriteId(json, "id", flow.id);
  json.TextOrNull("sensor", sensor);
  json.TextOrNull("interface", flow.interface);
  json.Key("start");
  json.Time(flow.start_ns);
  json.Key("end");
  json.Time(flow.end_ns);
  json.Key("duration");
  flow.start_ns == kTimeUnknown ? json.Null() : json.Seconds(flow.end_ns - flow.start_ns);
  json.Text("proto", ProtoName(flow));
  WriteLists(json, flow);
  WriteEnd(json, "orig", flow.orig, has_ports, flow.delta_packets[0], flow.delta_bytes[0]);
  WriteEnd(json, "resp", flow.resp, has_ports, flow.delta_packets[1], flow.delta_bytes[1]);
  json.TextOrNull("community_id", flow.community_id);
  json.TextOrNull("service", flow.service);
  json.TextOrNull("service_by", flow.service_by);
  json.Plain("role_by", ToString(flow.role_by));
  WriteTcp(json, flow);
  json.Plain("end_reason", ToString(flow.end_reason));
  json.Number("part", flow.part);
  json.Key("last");
  json.Flag(flow.last);
  json.Number("truncated", flow.truncated);
  json.Number("bad_checksums", flow.bad_checksums);
  json.Number("transactions", flow.transactions);
  json.Number("commands", flow.commands);
  json.Number("duplicates", flow.duplicates);
  WriteCounts(json, "anomalies", flow.anomalies);
  WriteCounts(json, "counters", flow.counters);
  WriteTexts(json, "labels", flow.labels);
  json.TextOrNull("noise", flow.noise);
  json.Number("stream", flow.stream);
  WriteBlocks(json, flow.blocks);
  json.EndObject();
}

void AppendJson(const Transaction& transaction, std::string_view sensor, std::string& out) {
  JsonWriter json(out);
  json.BeginObject();
  json.Key("time");
  json.Time(transaction.time_ns);
  WriteId(json, "flow_id", transaction.flow_id);
  json.Number("number", transaction.number);
  json.TextOrNull("sensor", sensor);
  json.TextOrNull("interface", transaction.interface);
  json.TextOrNull("community_id", transaction.community_id);
  WriteEndpoint(json, "orig", transaction.orig_ip, transaction.orig_port, transaction.orig_mac);
  WriteEndpoint(json, "resp", transaction.resp_ip, transaction.resp_port, transaction.resp_mac);
  json.Text("protocol", transaction.protocol);
  json.Text("operation", transaction.operation);
  json.Key("code");
  json.Signed(transaction.code);
  WriteOptional(json, "unit", transaction.unit);
  WriteOptional(json, "address", transaction.address);
  WriteOptional(json, "quantity", transaction.quantity);
  json.Key("values");
  json.BeginArray();
  for (const std::int64_t value : transaction.values) json.Signed(value);
  json.EndArray();
  json.Plain("status", ToString(transaction.status));
  WriteOptional(json, "exception", transaction.exception);
  json.Key("latency");
  transaction.latency_ns ? json.Seconds(*transaction.latency_ns) : json.Null();
  json.Key("command");
  json.Flag(transaction.command);
  json.TextOrNull("attack_technique", transaction.attack_technique);
  WriteTexts(json, "detail", transaction.detail);
  json.Key("anomalies");
  json.BeginArray();
  for (const std::string& name : transaction.anomalies) json.Text(name);
  json.EndArray();
  json.EndObject();
}

std::string ToJson(const FlowRecord& flow, std::string_view sensor) {
  std::string out;
  AppendJson(flow, sensor, out);
  return out;
}

std::string ToJson(const Transaction& transaction, std::string_view sensor) {
  std::string out;
  AppendJson(transaction, sensor, out);
  return out;
}

void WriteMirror(JsonWriter& json, std::string_view interface, const MirrorQuality& mirror) {
  json.BeginObject();
  json.TextOrNull("interface", interface);
  json.Number("tcp_bytes", mirror.tcp_bytes);
  json.Number("missed_bytes", mirror.missed_bytes);
  json.Number("copies", mirror.copies);
  json.EndObject();
}

std::string ToJson(const LedgerRow& row, std::string_view sensor) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.TextOrNull("sensor", sensor);
  json.TextOrNull("interface", row.interface);
  json.Key("time");
  json.Time(row.time_ns);
  json.Number("offered", row.offered);
  json.Number("recorded", row.recorded);
  json.Number("recorded_bytes", row.recorded_bytes);
  json.Number("filtered", row.filtered);
  WriteCounts(json, "lost", row.lost);
  json.Key("mirror");
  WriteMirror(json, row.interface, row.mirror);
  json.EndObject();
  return out;
}

std::string ToJson(const GapRecord& gap, std::string_view sensor) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.TextOrNull("sensor", sensor);
  json.Text("kind", gap.kind);
  json.TextOrNull("interface", gap.interface);
  json.Key("from");
  json.Time(gap.from_ns);
  json.Key("to");
  json.Time(gap.to_ns);
  json.Number("items", gap.items);
  json.Number("bytes", gap.bytes);
  json.Text("reason", gap.reason);
  json.EndObject();
  return out;
}

}  // namespace tapiary::capture
