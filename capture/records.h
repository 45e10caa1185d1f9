// The records that metering makes: flows, transactions, anomalies, and the account of losses.
//
// Plain data with the words and field names of design.md section 6 (docs/fields.md). They cross
// from the packet path to the spool in RecordBatches and are turned into protobuf by uplink/wire
// and into JSON by record_json.h. Strings here may hold any bytes; whoever shows them escapes them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capture/packet.h"

namespace tapiary::capture {

struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};        // IPv4: the first four
  std::uint8_t version = 0;                    // 4, 6, or 0 for none (layer-2 flows)
  [[nodiscard]] std::string ToString() const;  // "10.0.0.1", "2001:db8::1", "" for none
  bool operator==(const IpAddress&) const = default;
};
// Nothing for text that is no address.
std::optional<IpAddress> ParseIpAddress(std::string_view text);

using MacAddress = std::array<std::uint8_t, 6>;
std::string FormatMac(const MacAddress& mac);

// One end of a flow. "payload" excludes transport headers; "bytes" counts from the IP header on
// (layer-2 flows: whole frames).
struct FlowEnd {
  IpAddress ip;
  std::uint16_t port = 0;  // ICMP: as in Community ID (type, counter-type or code)
  MacAddress mac{};
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
  std::uint64_t payload_bytes = 0;
  std::uint8_t tcp_flags = 0;       // all seen, or-ed
  std::uint64_t missed_bytes = 0;   // TCP sequence gaps the capture point never showed
  std::uint64_t retransmitted = 0;  // segments
};

enum class RoleBy : std::uint8_t { kSyn = 0, kSynAck = 1, kRequest = 2, kPort = 3, kFirstSeen = 4 };
enum class EndReason : std::uint8_t {
  kEnd = 0,
  kIdle = 1,
  kActive = 2,
  kEvicted = 3,
  kShutdown = 4
};
enum class TcpState : std::uint8_t {
  kNone = 0,
  kSynSent = 1,
  kSynAck = 2,
  kEstablished = 3,
  kClosing = 4,
  kClosed = 5,
  kReset = 6,
  kMidstream = 7,
};
std::string_view ToString(RoleBy role);       // syn, synack, request, port, first-seen
std::string_view ToString(EndReason reason);  // end, idle, active, evicted, shutdown
std::string_view ToString(TcpState state);

// A flow is known by (epoch, number): unique within its sensor. Text form "19ab3c4d5e6.4d2".
struct FlowId {
  std::uint64_t epoch = 0;
  std::uint64_t number = 0;
  bool operator==(const FlowId&) const = default;
  [[nodiscard]] std::string ToString() const;
};
std::optional<FlowId> ParseFlowId(std::string_view text);

// Blocks [first, first + count) of the flow's stream.
struct BlockRun {
  std::uint64_t first = 0;
  std::uint32_t count = 0;
  bool operator==(const BlockRun&) const = default;
};

// One exported record of a flow. A long flow gives several: `part` counts from 0, roles and id
// stay. Counters are totals of the whole flow so far; delta_* are those since the part before
// (FL-09).
struct FlowRecord {
  FlowId id;
  std::uint32_t part = 0;
  std::uint32_t stream = 0;  // the block numbering it refers to; one per interface of the sensor
  std::string interface;
  std::int64_t start_ns = 0;  // of the flow, not of the part
  std::int64_t end_ns = 0;    // last packet seen
  std::uint8_t proto = 0;     // IP protocol number; 0 with ether_type for layer-2 flows
  std::uint16_t ether_type = 0;
  std::vector<std::uint16_t> vlans;  // VIDs, outer first
  std::vector<std::string> tunnels;  // "gre", "vxlan:42", outer first
  FlowEnd orig;
  FlowEnd resp;
  std::uint64_t delta_packets[2] = {0, 0};  // orig, resp
  std::uint64_t delta_bytes[2] = {0, 0};
  std::string community_id;  // "1:..."; empty for layer-2 flows
  std::string service;       // empty: not known
  std::string service_by;    // content, port
  RoleBy role_by = RoleBy::kFirstSeen;
  TcpState tcp_state = TcpState::kNone;
  EndReason end_reason = EndReason::kIdle;
  bool last = false;            // no further part follows
  std::uint64_t truncated = 0;  // packets captured shorter than on the wire
  std::uint64_t bad_checksums = 0;
  std::uint64_t transactions = 0;  // totals
  std::uint64_t commands = 0;
  std::uint64_t duplicates = 0;  // packets that look like a mirror's second copy of another
  std::vector<std::pair<std::string, std::uint64_t>> anomalies;  // name, how often
  // What the OT decoder counted that is no transaction of its own: "iec104.s_frames", ...
  std::vector<std::pair<std::string, std::uint64_t>> counters;
  // What the flow says of itself beyond OT: "tls.sni", "http.host", "ssh.client", ... (any bytes)
  std::vector<std::pair<std::string, std::string>> labels;
  std::string noise;             // name of the noise list or rule that matched; empty: none
  std::vector<BlockRun> blocks;  // those holding packets of this part
};

enum class TransactionStatus : std::uint8_t {
  kOk = 0,
  kException = 1,
  kNoReply = 2,
  kUnsolicited = 3
};
std::string_view ToString(TransactionStatus status);  // ok, exception, no-reply, unsolicited

// One OT request with its response, or its absence.
struct Transaction {
  std::int64_t time_ns =
      0;  // of the request's first byte; of the response when there is no request
  FlowId flow_id;
  std::uint32_t number = 0;  // within its flow, from 0
  std::string community_id;
  IpAddress orig_ip, resp_ip;  // who asked, who was asked
  std::uint16_t orig_port = 0, resp_port = 0;
  MacAddress orig_mac{}, resp_mac{};  // of frames without IP only
  std::string interface;
  std::string protocol;   // service name: modbus, s7comm, ...
  std::string operation;  // the standard's name: read_holding_registers, ...
  std::int32_t code = 0;  // function code
  std::optional<std::uint32_t> unit;
  std::optional<std::uint64_t> address;
  std::optional<std::uint64_t> quantity;
  std::vector<std::int64_t> values;  // written or read; bounded by the protocol's own limit
  TransactionStatus status = TransactionStatus::kOk;
  std::optional<std::uint32_t> exception;
  std::optional<std::int64_t> latency_ns;
  bool command = false;
  std::string attack_technique;                             // MITRE ATT&CK for ICS id, or empty
  std::vector<std::pair<std::string, std::string>> detail;  // key, text (any bytes)
  std::vector<std::string> anomalies;
};

// How well the capture point shows the network: an estimate from the flows themselves, since no
// counter tells what a switch never mirrored. Bytes of ended flows and of parts that went out.
struct MirrorQuality {
  std::uint64_t tcp_bytes = 0;     // TCP payload seen
  std::uint64_t missed_bytes = 0;  // TCP payload that was sent and never seen (sequence gaps)
  std::uint64_t copies = 0;        // packets that look like a second copy (FL-10)
  // missed of all that was sent; 0 when nothing was.
  [[nodiscard]] double missed_share() const;
  void Add(const MirrorQuality& other);
  bool operator==(const MirrorQuality&) const = default;
};

// The loss ledger of one interface: every packet offered is in exactly one of the others.
// offered = recorded + filtered + sum(lost). Totals since the epoch began.
struct LedgerRow {
  std::string interface;
  std::int64_t time_ns = 0;
  std::uint64_t offered = 0;
  std::uint64_t recorded = 0;
  std::uint64_t recorded_bytes = 0;
  std::uint64_t filtered = 0;
  std::vector<std::pair<std::string, std::uint64_t>> lost;  // reason, packets
  MirrorQuality mirror;                                     // beside the account: an estimate
};

// Something that should be there and is not: a range of packets, flows or facts, and why.
struct GapRecord {
  std::string kind;       // packets, flows, facts
  std::string interface;  // empty: all
  std::int64_t from_ns = 0;
  std::int64_t to_ns = 0;
  std::uint64_t items = 0;  // 0: not known
  std::uint64_t bytes = 0;
  std::string reason;  // unclean-stop, spool-full, link-down, storage-backlog, quarantined, ...
};

struct RecordBatch {
  std::vector<FlowRecord> flows;
  std::vector<Transaction> transactions;
  std::vector<GapRecord> gaps;
  [[nodiscard]] bool empty() const { return flows.empty() && transactions.empty() && gaps.empty(); }
  [[nodiscard]] std::size_t size() const {
    return flows.size() + transactions.size() + gaps.size();
  }
};
// Appends the records of `from` to `to`; `from` is empty afterwards and keeps its memory.
void MoveRecords(RecordBatch& from, RecordBatch& to);

}  // namespace tapiary::capture
