// Encoding of flow and fact batches: structs to protobuf to one zstd frame. See wire.h.
#include <zstd.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "uplink/wire/tapiary.pb.h"
#include "uplink/wire/wire.h"

namespace tapiary::uplink {

namespace {

constexpr int kLevel = 3;

std::string Compress(const std::string& raw) {
  std::string body(ZSTD_compressBound(raw.size()), '\0');
  const std::size_t size = ZSTD_compress(body.data(), body.size(), raw.data(), raw.size(), kLevel);
  // Fails only without memory: the output has the bound's size.
  body.resize(ZSTD_isError(size) ? 0 : size);
  return body;
}

std::string IpBytes(const capture::IpAddress& ip) {
  const std::size_t size = ip.version == 4 ? 4 : ip.version == 6 ? 16 : 0;
  return {reinterpret_cast<const char*>(ip.bytes.data()), size};
}

void SetMac(const capture::MacAddress& from, std::string& to) {
  if (from != capture::MacAddress{}) to.assign(from.begin(), from.end());
}

void EncodeEnd(const capture::FlowEnd& from, wire::FlowEnd& to) {
  to.set_ip(IpBytes(from.ip));
  to.set_port(from.port);
  SetMac(from.mac, *to.mutable_mac());
  to.set_packets(from.packets);
  to.set_bytes(from.bytes);
  to.set_payload_bytes(from.payload_bytes);
  to.set_tcp_flags(from.tcp_flags);
  to.set_missed_bytes(from.missed_bytes);
  to.set_retransmitted(from.retransmitted);
}

// Runs are in rising order, so gaps between them are small numbers. A run that is not (a bug of the
// meter) is sorted first rather than lost.
void EncodeBlocks(std::vector<capture::BlockRun> runs, wire::FlowRecord& to) {
  std::sort(runs.begin(), runs.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  std::uint64_t next = 0;
  for (const capture::BlockRun& run : runs) {
    const std::uint64_t first = std::max(run.first, next);
    const std::uint64_t end = std::max(run.first + run.count, first);
    if (end == first) continue;
    to.add_blocks(first - next);
    to.add_blocks(end - first);
    next = end;
  }
}

// Into a repeated Count.
template <class Repeated>
void EncodeCounts(const std::vector<std::pair<std::string, std::uint64_t>>& from, Repeated& to) {
  for (const auto& [name, count] : from) {
    wire::Count& one = *to.Add();
    one.set_name(name);
    one.set_count(count);
  }
}

// Into a repeated Detail.
template <class Repeated>
void EncodeTexts(const std::vector<std::pair<std::string, std::string>>& from, Repeated& to) {
  for (const auto& [key, text] : from) {
    wire::Detail& one = *to.Add();
    one.set_key(key);
    one.set_text(text);
  }
}

void EncodeFlow(const capture::FlowRecord& from, wire::FlowRecord& to) {
  to.set_epoch(from.id.epoch);
  to.set_number(from.id.number);
  to.set_part(from.part);
  to.set_stream(from.stream);
  to.set_interface(from.interface);
  to.set_start_ns(from.start_ns);
  to.set_end_ns(from.end_ns);
  to.set_proto(from.proto);
  to.set_ether_type(from.ether_type);
  for (const std::uint16_t vlan : from.vlans) to.add_vlans(vlan);
  for (const std::string& tunnel : from.tunnels) to.add_tunnels(tunnel);
  EncodeEnd(from.orig, *to.mutable_orig());
  EncodeEnd(from.resp, *to.mutable_resp());
  to.set_delta_packets_orig(from.delta_packets[0]);
  to.set_delta_packets_resp(from.delta_packets[1]);
  to.set_delta_bytes_orig(from.delta_bytes[0]);
  to.set_delta_bytes_resp(from.delta_bytes[1]);
  to.set_community_id(from.community_id);
  to.set_service(from.service);
  to.set_service_by(from.service_by);
  to.set_role_by(static_cast<std::uint32_t>(from.role_by));
  to.set_tcp_state(static_cast<std::uint32_t>(from.tcp_state));
  to.set_end_reason(static_cast<std::uint32_t>(from.end_reason));
  to.set_last(from.last);
  to.set_truncated(from.truncated);
  to.set_bad_checksums(from.bad_checksums);
  to.set_transactions(from.transactions);
  to.set_commands(from.commands);
  to.set_duplicates(from.duplicates);
  EncodeCounts(from.anomalies, *to.mutable_anomalies());
  EncodeCounts(from.counters, *to.mutable_counters());
  EncodeTexts(from.labels, *to.mutable_labels());
  to.set_noise(from.noise);
  EncodeBlocks(from.blocks, to);
}

void EncodeTransaction(const capture::Transaction& from, wire::Transaction& to) {
  to.set_time_ns(from.time_ns);
  to.set_flow_epoch(from.flow_id.epoch);
  to.set_flow_number(from.flow_id.number);
  to.set_number(from.number);
  to.set_community_id(from.community_id);
  to.set_orig_ip(IpBytes(from.orig_ip));
  to.set_resp_ip(IpBytes(from.resp_ip));
  SetMac(from.orig_mac, *to.mutable_orig_mac());
  SetMac(from.resp_mac, *to.mutable_resp_mac());
  to.set_orig_port(from.orig_port);
  to.set_resp_port(from.resp_port);
  to.set_interface(from.interface);
  to.set_protocol(from.protocol);
  to.set_operation(from.operation);
  to.set_code(from.code);
  if (from.unit) to.set_unit(*from.unit);
  if (from.address) to.set_address(*from.address);
  if (from.quantity) to.set_quantity(*from.quantity);
  for (const std::int64_t value : from.values) to.add_values(value);
  to.set_status(static_cast<std::uint32_t>(from.status));
  if (from.exception) to.set_exception(*from.exception);
  if (from.latency_ns) to.set_latency_ns(*from.latency_ns);
  to.set_command(from.command);
  to.set_attack_technique(from.attack_technique);
  EncodeTexts(from.detail, *to.mutable_detail());
  for (const std::string& anomaly : from.anomalies) to.add_anomalies(anomaly);
}

void EncodeGap(const capture::GapRecord& from, wire::GapRecord& to) {
  to.set_kind(from.kind);
  to.set_interface(from.interface);
  to.set_from_ns(from.from_ns);
  to.set_to_ns(from.to_ns);
  to.set_items(from.items);
  to.set_bytes(from.bytes);
  to.set_reason(from.reason);
}

void EncodeLedger(const capture::LedgerRow& from, wire::LedgerRow& to) {
  to.set_interface(from.interface);
  to.set_time_ns(from.time_ns);
  to.set_offered(from.offered);
  to.set_recorded(from.recorded);
  to.set_recorded_bytes(from.recorded_bytes);
  to.set_filtered(from.filtered);
  EncodeCounts(from.lost, *to.mutable_lost());
  to.set_tcp_bytes(from.mirror.tcp_bytes);
  to.set_missed_bytes(from.mirror.missed_bytes);
  to.set_copies(from.mirror.copies);
}

void EncodeHealth(const SensorHealth& from, wire::Health& to) {
  to.set_time_ns(from.time_ns);
  to.set_state(from.state);
  for (const std::string& text : from.texts) to.add_texts(text);
  to.set_version(from.version);
  to.set_spool_bytes(from.spool_bytes);
  to.set_spool_max_bytes(from.spool_max_bytes);
  to.set_spool_oldest_ns(from.spool_oldest_ns);
  to.set_uplink_state(from.uplink_state);
  to.set_packets(from.packets);
  to.set_active_flows(from.active_flows);
  to.set_flows(from.flows);
  to.set_transactions(from.transactions);
  to.set_commands(from.commands);
}

constexpr char kEvidenceTag = wire::FactBatch::kEvidenceFieldNumber << 3 | 2;
constexpr char kSignatureTag = wire::FactBatch::kSignatureFieldNumber << 3 | 2;

// A field that is a length and bytes, behind what is there.
void AppendField(std::string& message, char tag, std::string_view bytes) {
  message.push_back(tag);
  std::size_t size = bytes.size();
  for (; size >= 0x80; size >>= 7) message.push_back(static_cast<char>(size | 0x80));
  message.push_back(static_cast<char>(size));
  message.append(bytes);
}

}  // namespace

std::string EncodeFlows(const FlowBatch& batch) {
  wire::FlowBatch message;
  message.set_epoch(batch.epoch);
  message.set_seq(batch.seq);
  for (const capture::FlowRecord& flow : batch.flows) EncodeFlow(flow, *message.add_flows());
  return Compress(message.SerializeAsString());
}

std::string EncodeFacts(const FactBatch& batch, const SigningKey* key) {
  wire::FactBatch message;
  message.set_epoch(batch.epoch);
  message.set_seq(batch.seq);
  for (const auto& one : batch.transactions) EncodeTransaction(one, *message.add_transactions());
  for (const auto& one : batch.gaps) EncodeGap(one, *message.add_gaps());
  for (const auto& one : batch.ledger) EncodeLedger(one, *message.add_ledger());
  if (batch.health) EncodeHealth(*batch.health, *message.mutable_health());
  std::string raw = message.SerializeAsString();
  if (batch.evidence) AppendField(raw, kEvidenceTag, EncodeEvidence(*batch.evidence));
  if (key != nullptr) {
    const Signature signature = key->Sign(SignedBytes(base::Sha256Of(base::AsBytes(raw))));
    AppendField(raw, kSignatureTag, base::AsText(signature));
  }
  return Compress(raw);
}

std::string EncodeFacts(FactBatch batch, std::uint64_t epoch, std::uint64_t seq, const Seal* seal) {
  batch.epoch = epoch;
  batch.seq = seq;
  if (seal == nullptr) return EncodeFacts(batch);
  batch.evidence = seal->evidence;
  return EncodeFacts(batch, &seal->key);
}

}  // namespace tapiary::uplink
