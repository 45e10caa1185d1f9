// Decoding of flow and fact batches: checked conversion of each record. See wire.h and expand.h.
#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "base/text.h"
#include "uplink/wire/expand.h"
#include "uplink/wire/tapiary.pb.h"
#include "uplink/wire/wire.h"

namespace tapiary::uplink {

namespace {

using base::ErrorCode;
using base::MakeError;

// Converts values and keeps the first fault; later calls then do no harm. One per batch.
class Checker {
 public:
  explicit Checker(const DecodeLimits& limits) : limits_(limits) {}

  // What follows belongs to record `index` of the list `list`; counts it.
  base::Result<> BeginRecord(const char* list, std::size_t index, std::size_t message_bytes) {
    list_ = list;
    index_ = index;
    if (message_bytes > limits_.max_record_bytes) {
      return MakeError(ErrorCode::kTooLarge,
                       fmt::format("{}: record of {} bytes is above {}", Where(""), message_bytes,
                                   limits_.max_record_bytes));
    }
    if (++records_ > limits_.max_records) {
      return MakeError(ErrorCode::kTooLarge,
                       fmt::format("{}: more than {} records", list, limits_.max_records));
    }
    return {};
  }
  [[nodiscard]] const DecodeLimits& limits() const { return limits_; }
  base::Result<> End() const {
    if (fault_) return *fault_;
    return {};
  }
  void Corrupt(const char* field, std::string_view what) {
    if (!fault_) fault_ = MakeError(ErrorCode::kCorrupt, fmt::format("{}: {}", Where(field), what));
  }
  void Text(const char* field, std::string& from, std::string& to) {
    if (from.size() > limits_.max_text_bytes && !fault_) {
      fault_ =
          MakeError(ErrorCode::kTooLarge, fmt::format("{}: {} bytes are above {}", Where(field),
                                                      from.size(), limits_.max_text_bytes));
    }
    to = std::move(from);
  }
  template <class T>
  void Number(const char* field, std::uint64_t from, T& to) {
    const auto max = static_cast<std::uint64_t>(std::numeric_limits<T>::max());
    if (from > max) Corrupt(field, fmt::format("{} is above {}", from, max));
    to = static_cast<T>(from);
  }
  template <class T>
  void Choice(const char* field, std::uint32_t from, T last, T& to) {
    if (from > static_cast<std::uint32_t>(last)) {
      return Corrupt(field, fmt::format("{} is no known value", from));
    }
    to = static_cast<T>(from);
  }
  // The list's elements may be converted: true while the batch's total is within the limit.
  bool List(const char* field, int size) {
    elements_ += static_cast<std::size_t>(size);
    if (elements_ > limits_.max_elements && !fault_) {
      fault_ =
          MakeError(ErrorCode::kTooLarge, fmt::format("{}: more than {} list elements in the batch",
                                                      Where(field), limits_.max_elements));
    }
    return !fault_;
  }
  void Ip(const char* field, const std::string& from, capture::IpAddress& to) {
    if (from.size() != 0 && from.size() != 4 && from.size() != 16) {
      return Corrupt(field, fmt::format("an address of {} bytes", from.size()));
    }
    to.version = from.size() == 4 ? 4 : from.size() == 16 ? 6 : 0;
    std::copy(from.begin(), from.end(), to.bytes.begin());
  }
  void Mac(const char* field, const std::string& from, capture::MacAddress& to) {
    if (from.empty()) return;
    if (from.size() != to.size()) {
      return Corrupt(field, fmt::format("an address of {} bytes", from.size()));
    }
    std::copy(from.begin(), from.end(), to.begin());
  }

 private:
  [[nodiscard]] std::string Where(std::string_view field) const {
    return field.empty() ? fmt::format("{}[{}]", list_, index_)
                         : fmt::format("{}[{}].{}", list_, index_, field);
  }

  const DecodeLimits& limits_;
  const char* list_ = "";
  std::size_t index_ = 0;
  std::size_t records_ = 0;
  std::size_t elements_ = 0;
  std::optional<base::Error> fault_;
};

template <class Repeated>
void Texts(Checker& check, const char* field, Repeated& from, std::vector<std::string>& to) {
  if (!check.List(field, from.size())) return;
  to.reserve(static_cast<std::size_t>(from.size()));
  for (std::string& text : from) check.Text(field, text, to.emplace_back());
}

template <class Repeated>
void Counts(Checker& check, const char* field, Repeated& from,
            std::vector<std::pair<std::string, std::uint64_t>>& to) {
  if (!check.List(field, from.size())) return;
  to.reserve(static_cast<std::size_t>(from.size()));
  for (wire::Count& count : from) {
    to.emplace_back().second = count.count();
    check.Text(field, *count.mutable_name(), to.back().first);
  }
}

template <class Repeated>
void NamedTexts(Checker& check, const char* field, Repeated& from,
                std::vector<std::pair<std::string, std::string>>& to) {
  if (!check.List(field, from.size())) return;
  to.reserve(static_cast<std::size_t>(from.size()));
  for (wire::Detail& detail : from) {
    auto& [key, text] = to.emplace_back();
    check.Text(field, *detail.mutable_key(), key);
    check.Text(field, *detail.mutable_text(), text);
  }
}

// Field names of one end of a flow, for errors.
struct EndNames {
  const char *ip, *port, *mac, *flags;
};
constexpr EndNames kOrigNames{"orig.ip", "orig.port", "orig.mac", "orig.tcp_flags"};
constexpr EndNames kRespNames{"resp.ip", "resp.port", "resp.mac", "resp.tcp_flags"};

void DecodeEnd(Checker& check, const EndNames& names, const wire::FlowEnd& from,
               capture::FlowEnd& to) {
  check.Ip(names.ip, from.ip(), to.ip);
  check.Number(names.port, from.port(), to.port);
  check.Mac(names.mac, from.mac(), to.mac);
  to.packets = from.packets();
  to.bytes = from.bytes();
  to.payload_bytes = from.payload_bytes();
  check.Number(names.flags, from.tcp_flags(), to.tcp_flags);
  to.missed_bytes = from.missed_bytes();
  to.retransmitted = from.retransmitted();
}

void DecodeBlocks(Checker& check, const wire::FlowRecord& from,
                  std::vector<capture::BlockRun>& to) {
  if (!check.List("blocks", from.blocks_size())) return;
  if (from.blocks_size() % 2 != 0) return check.Corrupt("blocks", "an odd number of values");
  to.reserve(static_cast<std::size_t>(from.blocks_size() / 2));
  std::uint64_t next = 0;
  for (int i = 0; i + 1 < from.blocks_size(); i += 2) {
    capture::BlockRun& run = to.emplace_back();
    run.first = next + from.blocks(i);
    check.Number("blocks", from.blocks(i + 1), run.count);
    next = run.first + run.count;
    if (run.count == 0) return check.Corrupt("blocks", "a run without blocks");
    if (run.first > next || run.first < from.blocks(i)) {
      return check.Corrupt("blocks", "a number above 2^64");
    }
  }
}

void DecodeFlow(Checker& check, wire::FlowRecord& from, capture::FlowRecord& to) {
  to.id = {from.epoch(), from.number()};
  if (to.id.epoch > kMaxEpoch) check.Corrupt("epoch", "above 2^62");
  to.part = from.part();
  to.stream = from.stream();
  check.Text("interface", *from.mutable_interface(), to.interface);
  to.start_ns = from.start_ns();
  to.end_ns = from.end_ns();
  check.Number("proto", from.proto(), to.proto);
  check.Number("ether_type", from.ether_type(), to.ether_type);
  if (check.List("vlans", from.vlans_size())) {
    for (const std::uint32_t vlan : from.vlans()) {
      check.Number("vlans", vlan, to.vlans.emplace_back());
    }
  }
  Texts(check, "tunnels", *from.mutable_tunnels(), to.tunnels);
  DecodeEnd(check, kOrigNames, from.orig(), to.orig);
  DecodeEnd(check, kRespNames, from.resp(), to.resp);
  to.delta_packets[0] = from.delta_packets_orig();
  to.delta_packets[1] = from.delta_packets_resp();
  to.delta_bytes[0] = from.delta_bytes_orig();
  to.delta_bytes[1] = from.delta_bytes_resp();
  check.Text("community_id", *from.mutable_community_id(), to.community_id);
  check.Text("service", *from.mutable_service(), to.service);
  check.Text("service_by", *from.mutable_service_by(), to.service_by);
  check.Choice("role_by", from.role_by(), capture::RoleBy::kFirstSeen, to.role_by);
  check.Choice("tcp_state", from.tcp_state(), capture::TcpState::kMidstream, to.tcp_state);
  check.Choice("end_reason", from.end_reason(), capture::EndReason::kShutdown, to.end_reason);
  to.last = from.last();
  to.truncated = from.truncated();
  to.bad_checksums = from.bad_checksums();
  to.transactions = from.transactions();
  to.commands = from.commands();
  to.duplicates = from.duplicates();
  Counts(check, "anomalies", *from.mutable_anomalies(), to.anomalies);
  Counts(check, "counters", *from.mutable_counters(), to.counters);
  NamedTexts(check, "labels", *from.mutable_labels(), to.labels);
  check.Text("noise", *from.mutable_noise(), to.noise);
  DecodeBlocks(check, from, to.blocks);
}

void DecodeOptional(const wire::Transaction& from, capture::Transaction& to) {
  if (from.has_unit()) to.unit = from.unit();
  if (from.has_address()) to.address = from.address();
  if (from.has_quantity()) to.quantity = from.quantity();
  if (from.has_exception()) to.exception = from.exception();
  if (from.has_latency_ns()) to.latency_ns = from.latency_ns();
}

void DecodeTransaction(Checker& check, wire::Transaction& from, capture::Transaction& to) {
  to.time_ns = from.time_ns();
  to.flow_id = {from.flow_epoch(), from.flow_number()};
  if (to.flow_id.epoch > kMaxEpoch) check.Corrupt("flow_epoch", "above 2^62");
  to.number = from.number();
  check.Text("community_id", *from.mutable_community_id(), to.community_id);
  check.Ip("orig_ip", from.orig_ip(), to.orig_ip);
  check.Ip("resp_ip", from.resp_ip(), to.resp_ip);
  check.Mac("orig_mac", from.orig_mac(), to.orig_mac);
  check.Mac("resp_mac", from.resp_mac(), to.resp_mac);
  check.Number("orig_port", from.orig_port(), to.orig_port);
  check.Number("resp_port", from.resp_port(), to.resp_port);
  check.Text("interface", *from.mutable_interface(), to.interface);
  check.Text("protocol", *from.mutable_protocol(), to.protocol);
  check.Text("operation", *from.mutable_operation(), to.operation);
  to.code = from.code();
  DecodeOptional(from, to);
  if (check.List("values", from.values_size())) {
    to.values.assign(from.values().begin(), from.values().end());
  }
  check.Choice("status", from.status(), capture::TransactionStatus::kUnsolicited, to.status);
  to.command = from.command();
  check.Text("attack_technique", *from.mutable_attack_technique(), to.attack_technique);
  NamedTexts(check, "detail", *from.mutable_detail(), to.detail);
  Texts(check, "anomalies", *from.mutable_anomalies(), to.anomalies);
}

void DecodeGap(Checker& check, wire::GapRecord& from, capture::GapRecord& to) {
  check.Text("kind", *from.mutable_kind(), to.kind);
  check.Text("interface", *from.mutable_interface(), to.interface);
  to.from_ns = from.from_ns();
  to.to_ns = from.to_ns();
  to.items = from.items();
  to.bytes = from.bytes();
  check.Text("reason", *from.mutable_reason(), to.reason);
}

void DecodeLedger(Checker& check, wire::LedgerRow& from, capture::LedgerRow& to) {
  check.Text("interface", *from.mutable_interface(), to.interface);
  to.time_ns = from.time_ns();
  to.offered = from.offered();
  to.recorded = from.recorded();
  to.recorded_bytes = from.recorded_bytes();
  to.filtered = from.filtered();
  Counts(check, "lost", *from.mutable_lost(), to.lost);
  to.mirror = {from.tcp_bytes(), from.missed_bytes(), from.copies()};
}

void DecodeHealth(Checker& check, wire::Health& from, SensorHealth& to) {
  to.time_ns = from.time_ns();
  check.Text("state", *from.mutable_state(), to.state);
  Texts(check, "texts", *from.mutable_texts(), to.texts);
  check.Text("version", *from.mutable_version(), to.version);
  to.spool_bytes = from.spool_bytes();
  to.spool_max_bytes = from.spool_max_bytes();
  to.spool_oldest_ns = from.spool_oldest_ns();
  check.Text("uplink_state", *from.mutable_uplink_state(), to.uplink_state);
  to.packets = from.packets();
  to.active_flows = from.active_flows();
  to.flows = from.flows();
  to.transactions = from.transactions();
  to.commands = from.commands();
}

// Parses one record's bytes into `message`, which is used again for the next, and converts it.
template <class Message, class Struct>
base::Result<> ReadRecord(Checker& check, const char* list, std::size_t index, base::Bytes bytes,
                          Message& message, Struct& to,
                          void (*convert)(Checker&, Message&, Struct&)) {
  TAPIARY_TRY(check.BeginRecord(list, index, bytes.size()));
  if (!message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    check.Corrupt("", "broken protobuf message");
  } else {
    convert(check, message, to);
  }
  return check.End();
}

template <class Batch>
void TakeId(int field, std::uint64_t value, Batch& batch) {
  if (field == wire::FlowBatch::kEpochFieldNumber) batch.epoch = value;
  if (field == wire::FlowBatch::kSeqFieldNumber) batch.seq = value;
}

template <class Batch>
base::Result<> CheckId(const Batch& batch) {
  if (batch.epoch > kMaxEpoch) return MakeError(ErrorCode::kCorrupt, "epoch: above 2^62");
  return {};
}

// One message object per kind of record, so that their memory is used again.
struct FactMessages {
  wire::Transaction transaction;
  wire::GapRecord gap;
  wire::LedgerRow ledger;
  wire::Health health;
};

template <class Message, class Struct>
base::Result<> ReadInto(Checker& check, const char* list, base::Bytes bytes, Message& message,
                        std::vector<Struct>& to, void (*convert)(Checker&, Message&, Struct&)) {
  const std::size_t index = to.size();
  return ReadRecord(check, list, index, bytes, message, to.emplace_back(), convert);
}

base::Result<> ReadFact(Checker& check, int field, base::Bytes bytes, FactMessages& messages,
                        FactBatch& to) {
  switch (field) {
    case wire::FactBatch::kTransactionsFieldNumber:
      return ReadInto(check, "transactions", bytes, messages.transaction, to.transactions,
                      DecodeTransaction);
    case wire::FactBatch::kGapsFieldNumber:
      return ReadInto(check, "gaps", bytes, messages.gap, to.gaps, DecodeGap);
    case wire::FactBatch::kLedgerFieldNumber:
      return ReadInto(check, "ledger", bytes, messages.ledger, to.ledger, DecodeLedger);
    case wire::FactBatch::kHealthFieldNumber:
      if (to.health) return MakeError(ErrorCode::kCorrupt, "health: more than one");
      return ReadRecord(check, "health", 0, bytes, messages.health, to.health.emplace(),
                        DecodeHealth);
    case wire::FactBatch::kEvidenceFieldNumber: {
      if (to.evidence) return MakeError(ErrorCode::kCorrupt, "evidence: more than one");
      TAPIARY_TRY(check.BeginRecord("evidence", 0, bytes.size()));
      TAPIARY_ASSIGN(to.evidence, DecodeEvidence(bytes, check.limits()));
      return {};
    }
    default:
      return {};  // of a newer sensor
  }
}

// The signature signs all that stands before it, so nothing may stand behind it.
base::Result<> TakeSignature(const std::string& message, base::Bytes bytes, FactBatch& to) {
  const base::Bytes all = base::AsBytes(message);
  Signature signature{};
  constexpr std::size_t kFieldBytes = 2 + signature.size();
  const bool last = bytes.data() + bytes.size() == all.data() + all.size();
  const bool whole = bytes.size() == signature.size() && all.size() >= kFieldBytes;
  if (!last || !whole || all[all.size() - kFieldBytes + 1] != signature.size()) {
    return MakeError(ErrorCode::kCorrupt, "signature: not the last 64 bytes");
  }
  std::copy(bytes.begin(), bytes.end(), signature.begin());
  to.signature = signature;
  to.signed_digest = base::Sha256Of(all.first(all.size() - kFieldBytes));
  return {};
}

}  // namespace

base::Result<FlowBatch> DecodeFlows(base::Bytes body, const DecodeLimits& limits) {
  TAPIARY_ASSIGN(const std::string expanded, ExpandBody(body, limits));
  FlowBatch batch;
  Checker check(limits);
  wire::FlowRecord message;
  TopLevel visit;
  visit.number = [&](int field, std::uint64_t value) { TakeId(field, value, batch); };
  visit.record = [&](int field, base::Bytes bytes) -> base::Result<> {
    if (field != wire::FlowBatch::kFlowsFieldNumber) return {};
    return ReadInto(check, "flows", bytes, message, batch.flows, DecodeFlow);
  };
  TAPIARY_TRY(WalkTopLevel(expanded, visit));
  TAPIARY_TRY(CheckId(batch));
  return batch;
}

base::Result<FactBatch> DecodeFacts(base::Bytes body, const DecodeLimits& limits) {
  TAPIARY_ASSIGN(const std::string expanded, ExpandBody(body, limits));
  FactBatch batch;
  Checker check(limits);
  FactMessages messages;
  TopLevel visit;
  visit.number = [&](int field, std::uint64_t value) { TakeId(field, value, batch); };
  visit.record = [&](int field, base::Bytes bytes) {
    if (field == wire::FactBatch::kSignatureFieldNumber) {
      return TakeSignature(expanded, bytes, batch);
    }
    return ReadFact(check, field, bytes, messages, batch);
  };
  TAPIARY_TRY(WalkTopLevel(expanded, visit));
  TAPIARY_TRY(CheckId(batch));
  return batch;
}

}  // namespace tapiary::uplink
