#include "cli/meter_output.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/clock.h"
#include "capture/json_writer.h"
#include "capture/ot/registry.h"
#include "capture/record_json.h"

namespace tapiary::cli {
namespace {

using capture::FlowRecord;
using capture::Transaction;

constexpr std::size_t kFlushBytes = 16 * 1024;  // few calls, and what waits is still in the cache
constexpr std::size_t kMaxCell = 40;            // columns of a table's cell

std::vector<std::string> Columns(MeterOutput output) {
  switch (output) {
    case MeterOutput::kFlows:
      return {"start",      "duration",     "proto",        "orig.ip",      "orig.port",
              "resp.ip",    "resp.port",    "vlan",         "service",      "orig.packets",
              "orig.bytes", "resp.packets", "resp.bytes",   "transactions", "commands",
              "end_reason", "role_by",      "community_id", "anomalies",    "noise"};
    case MeterOutput::kTransactions:
      return {"time",    "orig.ip",   "orig.port", "resp.ip", "resp.port",        "protocol",
              "unit",    "operation", "code",      "address", "quantity",         "values",
              "status",  "exception", "latency",   "command", "attack_technique", "anomalies",
              "flow_id", "detail"};
    case MeterOutput::kSummary:
      return {"file",     "packets", "captured_bytes", "wire_bytes", "keyed_packets",
              "flows",    "first",   "last",           "services",   "transactions",
              "commands", "missed",  "copies",         "notes",      "end_note"};
    case MeterOutput::kAll:
      break;
  }
  return {};
}

std::string_view KindName(MeterOutput output) {
  switch (output) {
    case MeterOutput::kFlows:
      return "flow";
    case MeterOutput::kTransactions:
      return "transaction";
    case MeterOutput::kSummary:
      return "summary";
    case MeterOutput::kAll:
      break;
  }
  return {};
}

Cell Text(std::string_view text) {
  return text.empty() ? Cell() : Cell(std::string(text));
}

Cell Time(std::int64_t time_ns) {
  return time_ns == capture::kTimeUnknown ? Cell() : Cell(base::FormatTime(time_ns));
}

Cell Seconds(std::int64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / static_cast<double>(base::kNanosPerSecond);
}

template <class T>
Cell Optional(const std::optional<T>& value) {
  return value ? Cell(static_cast<std::uint64_t>(*value)) : Cell();
}

template <class Counts>
Cell NamedCounts(const Counts& counts) {
  std::vector<std::string> texts;
  for (const auto& [name, count] : counts) {
    texts.push_back(fmt::format("{}:{}", name.empty() ? "unknown" : name, count));
  }
  return texts.empty() ? Cell() : Cell(std::move(texts));
}

// OT services first, what is unknown last: a cut list must not lose what matters.
Cell Services(const std::map<std::string, std::uint64_t>& services) {
  const auto is_ot = [](const std::string& name) {
    const auto protocols = capture::OtProtocols();
    return std::any_of(protocols.begin(), protocols.end(),
                       [&](const auto* protocol) { return protocol->service == name; });
  };
  std::vector<std::pair<std::string, std::uint64_t>> sorted(services.begin(), services.end());
  std::stable_sort(sorted.begin(), sorted.end(), [&](const auto& a, const auto& b) {
    const auto rank = [&](const std::string& name) {
      return name.empty() ? 2 : is_ot(name) ? 0 : 1;
    };
    return rank(a.first) < rank(b.first);
  });
  return NamedCounts(sorted);
}

// Frames without IP have MAC addresses where others have IP addresses.
Cell Who(const capture::IpAddress& ip, const capture::MacAddress& mac) {
  return ip.version != 0 ? ip.ToString() : capture::FormatMac(mac);
}

Cell PortCell(const FlowRecord& flow, std::uint16_t port) {
  return capture::HasPorts(flow) ? Cell(static_cast<std::uint64_t>(port)) : Cell();
}

Row FlowRow(const FlowRecord& flow) {
  std::vector<std::string> vlans;
  for (const std::uint16_t vlan : flow.vlans) vlans.push_back(std::to_string(vlan));
  const Cell duration =
      flow.start_ns == capture::kTimeUnknown ? Cell() : Seconds(flow.end_ns - flow.start_ns);
  return {Time(flow.start_ns),
          duration,
          capture::ProtoName(flow),
          Who(flow.orig.ip, flow.orig.mac),
          PortCell(flow, flow.orig.port),
          Who(flow.resp.ip, flow.resp.mac),
          PortCell(flow, flow.resp.port),
          vlans.empty() ? Cell() : Cell(vlans),
          Text(flow.service),
          flow.orig.packets,
          flow.orig.bytes,
          flow.resp.packets,
          flow.resp.bytes,
          flow.transactions,
          flow.commands,
          Text(ToString(flow.end_reason)),
          Text(ToString(flow.role_by)),
          Text(flow.community_id),
          NamedCounts(flow.anomalies),
          Text(flow.noise)};
}

// A text that could be taken for the end of its value, or for another key, is quoted: it may come
// from an attacker.
std::string Quoted(const std::string& text) {
  if (text.find_first_of(" =\"") == std::string::npos) return text;
  std::string out = "\"";
  for (const char character : text) {
    if (character == '"') out += '"';  // doubled, as in CSV
    out += character;
  }
  return out + '"';
}

Cell Details(const Transaction& transaction) {
  std::vector<std::string> texts;
  for (const auto& [key, text] : transaction.detail) {
    texts.push_back(fmt::format("{}={}", key, Quoted(text)));
  }
  return texts.empty() ? Cell() : Cell(std::move(texts));
}

Cell Port(const capture::IpAddress& ip, std::uint16_t port) {
  return ip.version != 0 ? Cell(static_cast<std::uint64_t>(port)) : Cell();
}

Row TransactionRow(const Transaction& transaction) {
  std::string values;
  for (const std::int64_t value : transaction.values) {
    values += fmt::format("{}{}", values.empty() ? "" : " ", value);
  }
  return {Time(transaction.time_ns),
          Who(transaction.orig_ip, transaction.orig_mac),
          Port(transaction.orig_ip, transaction.orig_port),
          Who(transaction.resp_ip, transaction.resp_mac),
          Port(transaction.resp_ip, transaction.resp_port),
          transaction.protocol,
          Optional(transaction.unit),
          transaction.operation,
          fmt::format("{}", transaction.code),
          Optional(transaction.address),
          Optional(transaction.quantity),
          Text(values),
          Text(ToString(transaction.status)),
          Optional(transaction.exception),
          transaction.latency_ns ? Seconds(*transaction.latency_ns) : Cell(),
          transaction.command,
          Text(transaction.attack_technique),
          transaction.anomalies.empty() ? Cell() : Cell(transaction.anomalies),
          transaction.flow_id.ToString(),
          Details(transaction)};
}

// Of all TCP payload, what the capture point never showed; null when there was none.
Cell MissedShare(const std::vector<capture::MirrorQuality>& mirrors) {
  capture::MirrorQuality sum;
  for (const capture::MirrorQuality& mirror : mirrors) sum.Add(mirror);
  if (sum.tcp_bytes + sum.missed_bytes == 0) return Cell();
  return Cell(fmt::format("{:.3f} %", 100 * sum.missed_share()));
}

Cell Copies(const capture::MeterStats& stats) {
  std::uint64_t copies = stats.dropped_copies;
  for (const capture::MirrorQuality& mirror : stats.mirrors) copies += mirror.copies;
  return copies;
}

Row SummaryRow(const MeterSummary& summary) {
  const capture::MeterStats& stats = summary.stats;
  const bool any = stats.packets != 0;
  return {summary.file,
          stats.packets,
          stats.captured_bytes,
          stats.wire_bytes,
          stats.keyed_packets,
          stats.flows,
          any ? Time(stats.first_ns) : Cell(),
          any ? Time(stats.last_ns) : Cell(),
          Services(summary.services),
          stats.transactions,
          stats.commands,
          MissedShare(stats.mirrors),
          Copies(stats),
          NamedCounts(stats.notes),
          Text(summary.end_note)};
}

template <class Counts>
void WriteCounts(capture::JsonWriter& json, std::string_view key, const Counts& counts) {
  json.Key(key);
  json.BeginObject();
  for (const auto& [name, count] : counts) json.Number(name.empty() ? "unknown" : name, count);
  json.EndObject();
}

std::string ToJson(const MeterSummary& summary) {
  const capture::MeterStats& stats = summary.stats;
  std::string out;
  capture::JsonWriter json(out);
  json.BeginObject();
  json.Text("file", summary.file);
  json.Number("packets", stats.packets);
  json.Number("captured_bytes", stats.captured_bytes);
  json.Number("wire_bytes", stats.wire_bytes);
  json.Number("keyed_packets", stats.keyed_packets);
  json.Number("flows", stats.flows);
  json.Number("evicted_flows", stats.evicted_flows);
  json.Key("first");
  json.Time(stats.packets != 0 ? stats.first_ns : capture::kTimeUnknown);
  json.Key("last");
  json.Time(stats.packets != 0 ? stats.last_ns : capture::kTimeUnknown);
  WriteCounts(json, "services", summary.services);
  json.Number("transactions", stats.transactions);
  json.Number("commands", stats.commands);
  json.Number("dropped_copies", stats.dropped_copies);
  json.Key("mirrors");
  json.BeginArray();
  for (std::size_t i = 0; i < stats.mirrors.size(); ++i) {
    const bool named = i < summary.interfaces.size();
    capture::WriteMirror(json, named ? summary.interfaces[i] : std::string(), stats.mirrors[i]);
  }
  json.EndArray();
  WriteCounts(json, "notes", stats.notes);
  json.TextOrNull("end_note", summary.end_note);
  json.Key("end_is_cut");
  json.Flag(summary.end_is_cut);
  json.EndObject();
  return out;
}

}  // namespace

MeterPrinter::MeterPrinter(MeterOutput output, Format format, std::FILE* out)
    : output_(output), format_(format), out_(out), at_once_(::isatty(::fileno(out)) == 1) {
  for (const MeterOutput kind :
       {MeterOutput::kFlows, MeterOutput::kTransactions, MeterOutput::kSummary}) {
    tables_.emplace_back(Columns(kind));
  }
}

bool MeterPrinter::Wants(MeterOutput output) const {
  return output_ == output || output_ == MeterOutput::kAll;
}

void MeterPrinter::BeginLine(MeterOutput output) {
  if (format_ == Format::kJson) pending_ += first_ ? "[\n" : ",\n";
  first_ = false;
  if (output_ != MeterOutput::kAll) return;
  pending_ += "{\"";
  pending_ += KindName(output);
  pending_ += "\":";
}

void MeterPrinter::EndLine() {
  if (output_ == MeterOutput::kAll) pending_ += '}';
  if (format_ == Format::kNdjson) pending_ += '\n';
  if (pending_.size() >= kFlushBytes) Flush();
}

void MeterPrinter::Flush() {
  std::fwrite(pending_.data(), 1, pending_.size(), out_);
  pending_.clear();  // keeps its memory
}

void MeterPrinter::Add(const capture::RecordBatch& records) {
  const bool json = format_ == Format::kJson || format_ == Format::kNdjson;
  if (Wants(MeterOutput::kFlows)) {
    Table& table = tables_[static_cast<std::size_t>(MeterOutput::kFlows)];
    for (const FlowRecord& flow : records.flows) {
      if (!json) {
        table.Add(FlowRow(flow));
        continue;
      }
      BeginLine(MeterOutput::kFlows);
      capture::AppendJson(flow, {}, pending_);
      EndLine();
    }
  }
  if (Wants(MeterOutput::kTransactions)) {
    Table& table = tables_[static_cast<std::size_t>(MeterOutput::kTransactions)];
    for (const Transaction& transaction : records.transactions) {
      if (!json) {
        table.Add(TransactionRow(transaction));
        continue;
      }
      BeginLine(MeterOutput::kTransactions);
      capture::AppendJson(transaction, {}, pending_);
      EndLine();
    }
  }
  if (at_once_) Flush();
}

void MeterPrinter::Add(const MeterSummary& summary) {
  if (!Wants(MeterOutput::kSummary)) return;
  const bool json = format_ == Format::kJson || format_ == Format::kNdjson;
  Table& table = tables_[static_cast<std::size_t>(MeterOutput::kSummary)];
  if (!json) {
    table.Add(SummaryRow(summary));
    return;
  }
  BeginLine(MeterOutput::kSummary);
  pending_ += ToJson(summary);
  EndLine();
}

void MeterPrinter::Finish() {
  if (format_ == Format::kJson) pending_ += first_ ? "[]\n" : "\n]\n";
  Flush();
  if (format_ == Format::kJson || format_ == Format::kNdjson) return;
  TextLayout layout;
  layout.line_width = TerminalWidth(out_);
  for (std::size_t kind = 0; kind < tables_.size(); ++kind) {
    if (!Wants(static_cast<MeterOutput>(kind))) continue;
    if (output_ == MeterOutput::kAll && kind != 0) std::fputc('\n', out_);
    // A summary has a row a file: its lists may be long.
    const bool summary = static_cast<MeterOutput>(kind) == MeterOutput::kSummary;
    layout.cell_width = summary ? SIZE_MAX : kMaxCell;
    tables_[kind].Print(format_, out_, layout);
  }
}

}  // namespace tapiary::cli
