#include "server/query/field.h"

#include <algorithm>
#include <numeric>
#include <string>
#include <vector>

#include "server/query/field_sql.h"

namespace tapiary::server {
namespace {

using enum FieldType;

// A flag that abbreviates a filter.
constexpr FilterField Short(std::string_view name, std::string_view means,
                            std::string_view sentence) {
  return {.name = name, .type = kFlag, .means = means, .sentence = sentence};
}

constexpr FilterField kFields[] = {
    {"sensor",
     "",
     kText,
     "",
     {Text("s.name"), Text("s.name"), Text("s.name")},
     PacketField::kSensor,
     INT64_MAX,
     "Name of the sensor."},
    {"interface",
     "",
     kText,
     "",
     {Text("f.interface"), Nullable("json_extract(t.record, '$.interface')"), kNo},
     PacketField::kInterface,
     INT64_MAX,
     "Interface of the sensor."},
    {"frame.time",
     "time",
     kTime,
     "",
     {Span("f.start_ns", "f.end_ns"), One("t.time_ns"), One("e.time_ns")},
     PacketField::kTime,
     INT64_MAX,
     "Time by the sensor's clock. A flow has all times from its first to its last packet."},
    {"received",
     "",
     kTime,
     "",
     {One("f.received_ns"), One("t.received_ns"), One("e.received_ns")},
     PacketField::kNone,
     INT64_MAX,
     "When the collector got the record, by the collector's clock."},
    {"ip.addr",
     "ipv6.addr",
     kAddress,
     "",
     {Either("f.orig_ip", "f.resp_ip"), Either("t.orig_ip", "t.resp_ip"),
      Either("e.source_ip", "e.destination_ip")},
     PacketField::kAddress,
     INT64_MAX,
     "Address of either end."},
    {"ip.src",
     "ipv6.src orig.ip",
     kAddress,
     "",
     {Nullable("f.orig_ip"), Nullable("t.orig_ip"), Nullable("e.source_ip")},
     PacketField::kNone,
     INT64_MAX,
     "Address of the originator: who began the flow or asked, not who sent the single packet."},
    {"ip.dst",
     "ipv6.dst resp.ip",
     kAddress,
     "",
     {Nullable("f.resp_ip"), Nullable("t.resp_ip"), Nullable("e.destination_ip")},
     PacketField::kNone,
     INT64_MAX,
     "Address of the responder."},
    {"ip.proto",
     "",
     kNumber,
     "",
     {Guarded("f.proto", "f.orig_ip IS NOT NULL"), OfFlow("f.proto"), kNo},
     PacketField::kIpProto,
     255,
     "IP protocol number: 1 ICMP, 6 TCP, 17 UDP, 58 ICMPv6."},
    {"tcp.port",
     "",
     kNumber,
     "",
     {Ports("f", kIsTcp), Ports("t", kMayBeTcp), EventPorts()},
     PacketField::kTcpPort,
     65535,
     "TCP port of either end."},
    {"tcp.srcport",
     "",
     kNumber,
     "",
     {Guarded("f.orig_port", kIsTcp), Guarded("t.orig_port", kMayBeTcp), Nullable("e.source_port")},
     PacketField::kNone,
     65535,
     "TCP port of the originator."},
    {"tcp.dstport",
     "",
     kNumber,
     "",
     {Guarded("f.resp_port", kIsTcp), Guarded("t.resp_port", kMayBeTcp),
      Nullable("e.destination_port")},
     PacketField::kNone,
     65535,
     "TCP port of the responder."},
    {"udp.port",
     "",
     kNumber,
     "",
     {Ports("f", kIsUdp), Ports("t", kMayBeUdp), EventPorts()},
     PacketField::kUdpPort,
     65535,
     "UDP port of either end."},
    {"udp.srcport",
     "",
     kNumber,
     "",
     {Guarded("f.orig_port", kIsUdp), Guarded("t.orig_port", kMayBeUdp), Nullable("e.source_port")},
     PacketField::kNone,
     65535,
     "UDP port of the originator."},
    {"udp.dstport",
     "",
     kNumber,
     "",
     {Guarded("f.resp_port", kIsUdp), Guarded("t.resp_port", kMayBeUdp),
      Nullable("e.destination_port")},
     PacketField::kNone,
     65535,
     "UDP port of the responder."},
    {"vlan.id",
     "",
     kNumber,
     "",
     {Rows("SELECT 1 FROM json_each(f.record, '$.vlan') j WHERE TRUE", "j.atom"),
      Rows("SELECT 1 FROM flows f, json_each(f.record, '$.vlan') j WHERE " TAPIARY_FLOW_OF_T,
           "j.atom"),
      kNo},
     PacketField::kVlan,
     4095,
     "VLAN id of any tag."},
    {"eth.type",
     "",
     kNumber,
     "",
     {Guarded("f.ether_type", "f.orig_ip IS NULL"), kNo, kNo},
     PacketField::kEtherType,
     65535,
     "EtherType after tags, such as 0x88b8 for GOOSE. Flows have it when they are no IP flows."},
    {"eth.addr",
     "",
     kMac,
     "",
     {Either("json_extract(f.record, '$.orig.mac')", "json_extract(f.record, '$.resp.mac')"),
      {},
      kNo},
     PacketField::kMac,
     INT64_MAX,
     "MAC address of either end."},
    {"eth.src",
     "orig.mac",
     kMac,
     "",
     {Nullable("json_extract(f.record, '$.orig.mac')"), kNo, kNo},
     PacketField::kNone,
     INT64_MAX,
     "MAC address of the originator."},
    {"eth.dst",
     "resp.mac",
     kMac,
     "",
     {Nullable("json_extract(f.record, '$.resp.mac')"), kNo, kNo},
     PacketField::kNone,
     INT64_MAX,
     "MAC address of the responder."},
    {"community_id",
     "communityid",
     kText,
     "",
     {Text("f.community_id"), Text("t.community_id"), kNo},
     PacketField::kNone,
     INT64_MAX,
     "Community ID, version 1, seed 0. Quote it: it ends in '='."},
    {"service",
     "",
     kText,
     "",
     {Text("f.service"), Text("t.protocol"), kNo},
     PacketField::kNone,
     INT64_MAX,
     "Application protocol, found by content; \"\" where none was recognised."},
    {"flow.id",
     "",
     kFlowId,
     "",
     {FlowId("f.epoch", "f.number"), FlowId("t.epoch", "t.flow_number"), kNo},
     PacketField::kNone,
     INT64_MAX,
     "One flow, by the id that the API and the page show."},
    {"flow.packets", "", kNumber, "", OnFlow("(f.orig_packets + f.resp_packets)"),
     PacketField::kNone, INT64_MAX, "Packets of both directions."},
    {"flow.bytes", "", kSize, "", OnFlow("(f.orig_bytes + f.resp_bytes)"), PacketField::kNone,
     INT64_MAX, "Bytes of both directions, from the IP header on."},
    {"orig.packets", "", kNumber, "", OnFlow("f.orig_packets"), PacketField::kNone, INT64_MAX,
     "Packets from the originator."},
    {"resp.packets", "", kNumber, "", OnFlow("f.resp_packets"), PacketField::kNone, INT64_MAX,
     "Packets from the responder."},
    {"orig.bytes", "", kSize, "", OnFlow("f.orig_bytes"), PacketField::kNone, INT64_MAX,
     "Bytes from the originator."},
    {"resp.bytes", "", kSize, "", OnFlow("f.resp_bytes"), PacketField::kNone, INT64_MAX,
     "Bytes from the responder."},
    {"flow.duration", "", kDuration, "", OnFlow("(f.end_ns - f.start_ns)"), PacketField::kNone,
     INT64_MAX, "Time from the first to the last packet."},
    {"flow.transactions", "", kNumber, "", OnFlow("f.transactions"), PacketField::kNone, INT64_MAX,
     "Number of OT transactions in the flow."},
    {"flow.commands", "", kNumber, "", OnFlow("f.commands"), PacketField::kNone, INT64_MAX,
     "Number of commands in the flow."},
    {"flow.end_reason", "", kText, "", OnFlow("json_extract(f.record, '$.end_reason')"),
     PacketField::kNone, INT64_MAX, "end, idle, active, evicted or shutdown."},
    {"tcp.state", "", kText, "", OnFlow("json_extract(f.record, '$.tcp.state')"),
     PacketField::kNone, INT64_MAX, "State of the TCP connection, such as established or reset."},
    {"anomaly",
     "",
     kText,
     "",
     {Rows("SELECT 1 FROM json_each(f.record, '$.anomalies') j WHERE TRUE", "j.key"),
      Rows("SELECT 1 FROM json_each(t.record, '$.anomalies') j WHERE TRUE", "j.value"), kNo},
     PacketField::kNone,
     INT64_MAX,
     "Name of an anomaly that was counted."},
    {"noise", "", kText, "", OnFlow("json_extract(f.record, '$.noise')"), PacketField::kNone,
     INT64_MAX, "Name of the noise list or rule that the flow matched. Write !noise for the rest."},
    {"duplicates", "flow.duplicates", kNumber, "",
     OnFlow("CAST(COALESCE(json_extract(f.record, '$.duplicates'), '0') AS BIGINT)"),
     PacketField::kNone, INT64_MAX, "Packets that look like a mirror's second copy of another."},
    Label("tls.sni", "tls.handshake.extensions_server_name", TAPIARY_LABEL("tls.sni"),
          "Server name that a TLS client asked for."),
    Label("tls.alpn", "", TAPIARY_LABEL("tls.alpn"),
          "Protocols that a TLS client offered, separated by commas."),
    Label("tls.ja3", "tls.handshake.ja3", TAPIARY_LABEL("tls.ja3"),
          "JA3 fingerprint (MD5) of the TLS client."),
    Label("tls.ja3s", "tls.handshake.ja3s", TAPIARY_LABEL("tls.ja3s"),
          "JA3S fingerprint (MD5) of the TLS server."),
    Label("ssh.client", "", TAPIARY_LABEL("ssh.client"), "Version line of the SSH client."),
    Label("ssh.server", "", TAPIARY_LABEL("ssh.server"), "Version line of the SSH server."),
    Label("ssh.hassh", "", TAPIARY_LABEL("ssh.hassh"),
          "HASSH fingerprint (MD5) of the SSH client."),
    Label("ssh.hassh_server", "", TAPIARY_LABEL("ssh.hassh_server"),
          "HASSH fingerprint (MD5) of the SSH server."),
    Label("http.host", "", TAPIARY_LABEL("http.host"), "Host of the first HTTP request."),
    Label("http.user_agent", "", TAPIARY_LABEL("http.user_agent"),
          "User agent of the first HTTP request."),
    Label("http.method", "http.request.method", TAPIARY_LABEL("http.method"),
          "Method of the first HTTP request, such as GET."),
    Label("http.uri", "http.request.uri", TAPIARY_LABEL("http.uri"),
          "URI of the first HTTP request."),
    Label("dns.query", "dns.qry.name", TAPIARY_LABEL("dns.query"),
          "Name that the first DNS query asked for."),
    {"command",
     "",
     kFlag,
     "",
     {One("(CASE WHEN f.commands > 0 THEN 1 ELSE 0 END)"), One("t.command"), kNo},
     PacketField::kNone,
     1,
     "The transaction changes the state of a device (write, control, start, stop, download); of a "
     "flow: it has such a transaction."},
    {"ot.operation", "operation", kText, "", OnTransaction("t.operation"), PacketField::kNone,
     INT64_MAX, "The standard's name, such as write_single_register."},
    {"ot.code", "", kNumber, "", OnTransaction("t.code"), PacketField::kNone, INT64_MAX,
     "Function code or service number."},
    {"ot.unit", "", kNumber, "", OnTransaction("t.unit"), PacketField::kNone, INT64_MAX,
     "Unit, slave or station number."},
    {"ot.address", "", kNumber, "", OnTransaction("t.address"), PacketField::kNone, INT64_MAX,
     "First register, coil or object address."},
    {"ot.quantity", "", kNumber, "", OnTransaction("t.quantity"), PacketField::kNone, INT64_MAX,
     "Number of registers, coils or objects."},
    {"ot.value",
     "",
     kNumber,
     "",
     {Rows("SELECT 1 FROM transactions t, json_each(t.record, '$.values') j "
           "WHERE " TAPIARY_T_OF_FLOW,
           "j.atom"),
      Rows("SELECT 1 FROM json_each(t.record, '$.values') j WHERE TRUE", "j.atom"), kNo},
     PacketField::kNone,
     INT64_MAX,
     "Any value that was read or written."},
    {"ot.status", "status", kText, "", OnTransaction("t.status"), PacketField::kNone, INT64_MAX,
     "ok, exception, no-reply or unsolicited."},
    {"ot.exception", "", kNumber, "",
     OnTransaction("CAST(json_extract(t.record, '$.exception') AS BIGINT)"), PacketField::kNone,
     INT64_MAX, "Exception code of the response."},
    {"ot.technique", "attack_technique technique", kText, "", OnTransaction("t.technique"),
     PacketField::kNone, INT64_MAX, "MITRE ATT&CK for ICS technique, such as T0855."},
    {"modbus.func_code", "", kNumber, "", OnTransaction("t.code", kIsModbus), PacketField::kNone,
     255, "Modbus function code."},
    {"mbtcp.unit_id", "modbus.unit_id", kNumber, "", OnTransaction("t.unit", kIsModbus),
     PacketField::kNone, 255, "Modbus unit identifier."},
    {"modbus.reference_num", "modbus.address", kNumber, "", OnTransaction("t.address", kIsModbus),
     PacketField::kNone, 65535, "Modbus start address, from 0 as on the wire."},
    {"modbus.word_cnt", "modbus.quantity", kNumber, "", OnTransaction("t.quantity", kIsModbus),
     PacketField::kNone, 65535, "Modbus number of registers or coils."},
    {"event.type",
     "",
     kText,
     "",
     {kNo, kNo, Text("e.type")},
     PacketField::kNone,
     INT64_MAX,
     "The honeypot service's own event name."},
    {"event.user",
     "",
     kText,
     "",
     {kNo, kNo, Nullable("e.user_name")},
     PacketField::kNone,
     INT64_MAX,
     "User name that was tried."},
    {"event.password",
     "",
     kText,
     "",
     {kNo, kNo, Nullable("e.password")},
     PacketField::kNone,
     INT64_MAX,
     "Password that was tried."},
    {"event.session",
     "",
     kText,
     "",
     {kNo, kNo, Nullable("e.session")},
     PacketField::kNone,
     INT64_MAX,
     "The honeypot service's session id."},
    OfEvent("event.dataset", "", TAPIARY_ECS("event.dataset"),
            "What wrote the event: cowrie, conpot, opencanary, dionaea, generic."),
    OfEvent("event.action", "", TAPIARY_ECS("event.action"),
            "What happened: connect, login, command, download and others."),
    OfEvent("event.outcome", "", TAPIARY_ECS("event.outcome"), "How it ended: success or failure."),
    OfEvent("event.protocol", "network.protocol", TAPIARY_ECS("network.protocol"),
            "The protocol that the honeypot names, in lower case."),
    OfEvent("event.command", "process.command_line", TAPIARY_ECS("process.command_line"),
            "Command that was entered."),
    OfEvent("event.url", "url.original", TAPIARY_ECS("url.original"),
            "Address of what was fetched or asked for."),
    OfEvent("event.sha256", "file.hash.sha256", TAPIARY_ECS("file.hash.sha256"),
            "SHA-256 of a file that came, in lower case."),
    {"event.text",
     "",
     kText,
     "",
     {kNo, kNo, Text("e.record")},
     PacketField::kNone,
     INT64_MAX,
     "The whole event as JSON text; useful with contains."},
    Short("ip", "ip.addr == 0.0.0.0/0", "IPv4."),
    Short("ipv6", "ip.addr == ::/0 && !(ip.addr == 0.0.0.0/0)", "IPv6."),
    Short("tcp", "ip.proto == 6", "TCP."),
    Short("udp", "ip.proto == 17", "UDP."),
    Short("icmp", "ip.proto == 1", "ICMP."),
    Short("icmpv6", "ip.proto == 58", "ICMPv6."),
    Short("arp", "eth.type == 0x0806", "ARP."),
    Short("modbus", "service == \"modbus\"", "Modbus/TCP."),
    Short("s7comm", "service == \"s7comm\"", "Siemens S7."),
    Short("dnp3", "service == \"dnp3\"", "DNP3."),
    Short("iec104", "service == \"iec104\"", "IEC 60870-5-104."),
    Short("enip", "service == \"enip\"", "EtherNet/IP."),
    Short("bacnet", "service == \"bacnet\"", "BACnet/IP."),
    Short("opcua", "service == \"opcua\"", "OPC UA."),
    Short("goose", "service == \"goose\"", "IEC 61850 GOOSE."),
    Short("profinet-dcp", "service == \"profinet-dcp\"", "PROFINET DCP."),
    Short("mms", "service == \"mms\"", "IEC 61850 MMS."),
    Short("sv", "service == \"sv\"", "IEC 61850 sampled values."),
    Short("s7comm-plus", "service == \"s7comm-plus\"", "Siemens S7comm-plus."),
    Short("cotp", "service == \"cotp\"", "ISO-on-TCP of which no more is known."),
    Short("cip", "service == \"cip\"", "CIP, by transaction; its flows are enip."),
    Short("cip-io", "service == \"cip-io\"", "CIP I/O on UDP."),
    Short("profinet-rt", "service == \"profinet-rt\"", "PROFINET RT."),
    Short("profinet-io", "service == \"profinet-io\"", "PROFINET context management."),
    Short("ethercat", "service == \"ethercat\"", "EtherCAT."),
    Short("synchrophasor", "service == \"synchrophasor\"", "IEEE C37.118."),
    Short("hart-ip", "service == \"hart-ip\"", "HART-IP."),
    Short("fins", "service == \"fins\"", "Omron FINS."),
    Short("ads", "service == \"ads\"", "Beckhoff ADS/AMS."),
    Short("slmp", "service == \"slmp\"", "MELSEC SLMP."),
    Short("ge-srtp", "service == \"ge-srtp\"", "GE SRTP."),
    Short("fox", "service == \"fox\"", "Niagara Fox."),
    Short("atg", "service == \"atg\"", "Automatic tank gauge."),
    Short("knxnet", "service == \"knxnet\"", "KNXnet/IP."),
    Short("codesys-v2", "service == \"codesys-v2\"", "CODESYS V2."),
    Short("codesys-v3", "service == \"codesys-v3\"", "CODESYS V3."),
    Short("codesys-v3-udp", "service == \"codesys-v3-udp\"", "CODESYS V3 over UDP."),
    Short("mqtt", "service == \"mqtt\"", "MQTT."),
    Short("ssh", "service == \"ssh\"", "SSH."),
    Short("http", "service == \"http\"", "HTTP."),
    Short("tls", "service == \"tls\"", "TLS."),
    Short("dns", "service == \"dns\"", "DNS."),
};

bool HasAlias(const FilterField& field, std::string_view name) {
  std::string_view rest = field.aliases;
  while (!rest.empty()) {
    const std::size_t space = std::min(rest.find(' '), rest.size());
    if (rest.substr(0, space) == name) return true;
    rest.remove_prefix(std::min(space + 1, rest.size()));
  }
  return false;
}

// Levenshtein distance; both texts are short.
std::size_t Distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string_view ToString(FilterTable table) {
  switch (table) {
    case FilterTable::kFlows:
      return "flows";
    case FilterTable::kTransactions:
      return "transactions";
    case FilterTable::kEvents:
      return "events";
  }
  return "flows";
}

std::string_view ToString(FieldType type) {
  constexpr std::string_view kNames[] = {"flag",     "address", "mac",  "number", "size",
                                         "duration", "time",    "text", "flow id"};
  return kNames[static_cast<std::size_t>(type)];
}

std::string_view ExpectedValue(FieldType type) {
  constexpr std::string_view kTexts[] = {
      "true or false",
      "an IPv4 or IPv6 address, or a network such as 10.0.0.0/8",
      "a MAC address such as 00:1b:1b:0a:0b:0c",
      "a whole number, decimal or as 0x1f",
      "a size such as 1500, 64k or 1M",
      "a duration such as 250ms, 1.5s or 5m",
      "a time such as \"2026-11-01\", \"2026-11-01T12:30:00Z\", -1h or now",
      "a text in double quotes",
      "a flow id as the page shows it, such as plant-a.19ab3c4d5e6.4d2",
  };
  return kTexts[static_cast<std::size_t>(type)];
}

const FieldSql& SqlOf(const FilterField& field, FilterTable table) {
  return field.sql[static_cast<std::size_t>(table)];
}

std::span<const FilterField> FilterFields() {
  return kFields;
}

const FilterField* FindFilterField(std::string_view name) {
  for (const FilterField& field : kFields) {
    if (field.name == name || HasAlias(field, name)) return &field;
  }
  return nullptr;
}

std::string_view NearestFieldName(std::string_view name) {
  if (name.empty() || name.size() > 40) return {};
  std::string lower(name);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  std::size_t best = 1 + std::max<std::size_t>(1, name.size() / 3);
  std::string_view found;
  for (const FilterField& field : kFields) {
    const std::size_t distance = Distance(lower, field.name);
    if (distance < best) {
      best = distance;
      found = field.name;
    }
  }
  return found;
}

}  // namespace tapiary::server
