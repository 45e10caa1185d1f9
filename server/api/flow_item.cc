#include "server/api/flow_item.h"

#include "base/clock.h"
#include "capture/packet.h"
#include "capture/record_json.h"
#include "server/api/flow_json.h"
#include "server/query/value.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::ordered_json;

Json TextOrNull(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

Json TimeOrNull(std::int64_t time_ns) {
  return time_ns == capture::kTimeUnknown ? Json() : Json(base::FormatTime(time_ns));
}

// A member that the record leaves out when it is zero, or empty.
Json Part(const Json& record, const char* name, Json fallback) {
  const auto found = record.find(name);
  return found == record.end() ? std::move(fallback) : *found;
}

Json Object(const Json& record, const char* name) {
  Json object = Part(record, name, Json::object());
  return object.is_object() ? object : Json::object();
}

// As much as the capture library's names of protocols need.
capture::FlowRecord Outline(const FlowColumns& flow) {
  capture::FlowRecord outline;
  outline.proto = static_cast<std::uint8_t>(flow.proto);
  outline.ether_type = static_cast<std::uint16_t>(flow.ether_type);
  outline.orig.ip.version = flow.orig.ip.empty() ? 0 : 4;
  outline.community_id = flow.community_id;
  return outline;
}

Json End(const FlowEndColumns& end, const Json& rest, bool has_ports) {
  return {
      {"ip", Part(rest, "ip", TextOrNull(end.ip))},
      {"port", has_ports ? Json(end.port) : Json()},
      {"mac", Part(rest, "mac", Json())},
      {"packets", end.packets},
      {"bytes", end.bytes},
      {"payload_bytes", Part(rest, "payload", 0)},
      {"delta_packets", Part(rest, "delta_packets", end.packets)},
      {"delta_bytes", Part(rest, "delta_bytes", end.bytes)},
  };
}

Json Pair(const Json& orig, const Json& resp, const char* name) {
  return {{"orig", Part(orig, name, 0)}, {"resp", Part(resp, name, 0)}};
}

Json Tcp(const FlowColumns& flow, const Json& record, const Json& orig, const Json& resp) {
  if (flow.proto != 6) return {};
  return {
      {"flags", Pair(orig, resp, "flags")},
      {"state", Part(Object(record, "tcp"), "state", "")},
      {"missed_bytes", Pair(orig, resp, "missed")},
      {"retransmitted", Pair(orig, resp, "again")},
  };
}

// Who it is, and where.
void AddHead(const FlowColumns& flow, const Json& record, Json* out) {
  capture::FlowId id{static_cast<std::uint64_t>(flow.epoch),
                     static_cast<std::uint64_t>(flow.number)};
  const bool timed = flow.start_ns != capture::kTimeUnknown;
  const auto duration = static_cast<double>(flow.end_ns - (timed ? flow.start_ns : flow.end_ns));
  (*out)["id"] = id.ToString();
  (*out)["sensor"] = nullptr;  // the API sets it
  (*out)["interface"] = TextOrNull(flow.interface);
  (*out)["start"] = TimeOrNull(flow.start_ns);
  (*out)["end"] = TimeOrNull(flow.end_ns);
  (*out)["duration"] = timed ? Json(duration / 1e9) : Json();
  (*out)["proto"] = capture::ProtoName(Outline(flow));
  (*out)["vlan"] = Part(record, "vlan", Json::array());
  (*out)["tunnel"] = Part(record, "tunnel", Json::array());
}

// What was seen in it.
void AddTail(const FlowColumns& flow, const Json& record, Json* out) {
  (*out)["end_reason"] = Part(record, "end_reason", Json());
  (*out)["part"] = flow.part;
  (*out)["last"] = record.contains("last");
  (*out)["truncated"] = Part(record, "truncated", 0);
  (*out)["bad_checksums"] = Part(record, "bad_checksums", 0);
  (*out)["transactions"] = flow.transactions;
  (*out)["commands"] = flow.commands;
  (*out)["duplicates"] = Part(record, "duplicates", 0);
  (*out)["anomalies"] = Object(record, "anomalies");
  (*out)["counters"] = Object(record, "counters");
  (*out)["labels"] = Object(record, "labels");
  (*out)["noise"] = Part(record, "noise", Json());
  (*out)["stream"] = flow.stream;
  (*out)["blocks"] = Json::parse(flow.blocks, nullptr, false);
}

std::string AddressText(const SqlRow& row, std::size_t column) {
  return FromAddressKey(row.Blob(column)).ToString();
}

}  // namespace

FlowColumns ReadFlowColumns(const SqlRow& row, std::size_t first) {
  std::size_t at = first;
  const auto number = [&] { return row.Int(at++); };
  const auto text = [&] { return std::string(row.Text(at++)); };
  const auto end = [&] {
    FlowEndColumns columns{AddressText(row, at++)};
    columns.port = number();
    columns.packets = number();
    columns.bytes = number();
    return columns;
  };
  FlowColumns flow;
  flow.epoch = number();
  flow.number = number();
  flow.part = number();
  flow.stream = number();
  flow.interface = text();
  flow.community_id = text();
  flow.service = text();
  flow.start_ns = number();
  flow.end_ns = number();
  flow.proto = number();
  flow.ether_type = number();
  flow.orig = end();
  flow.resp = end();
  flow.transactions = number();
  flow.commands = number();
  flow.blocks = text();
  return flow;
}

Json FlowObject(const FlowColumns& flow, Json record) {
  if (record.contains("id")) return record;
  const Json orig = Object(record, "orig");
  const Json resp = Object(record, "resp");
  const bool has_ports = capture::HasPorts(Outline(flow));
  Json out;
  AddHead(flow, record, &out);
  out["orig"] = End(flow.orig, orig, has_ports);
  out["resp"] = End(flow.resp, resp, has_ports);
  out["community_id"] = TextOrNull(flow.community_id);
  out["service"] = TextOrNull(flow.service);
  out["service_by"] = Part(record, "service_by", Json());
  out["role_by"] = Part(record, "role_by", Json());
  out["tcp"] = Tcp(flow, record, orig, resp);
  AddTail(flow, record, &out);
  return out;
}

}  // namespace tapiary::server
