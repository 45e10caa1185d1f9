// Packets through the whole meter: decode, flows, reassembly, recognition, decoders, records.
#include <array>
#include <vector>

#include "capture/meter.h"
#include "capture/record_json.h"
#include "capture/source/record_format.h"
#include "tests/fuzz/target.h"

namespace tapiary::fuzz {
namespace {

using namespace capture;

constexpr std::size_t kMaxPackets = 2000;
constexpr std::uint16_t kLinkTypes[] = {1, 101, 113, 276, 0, 108, 228, 229};

std::vector<InterfaceInfo> Interfaces(std::uint8_t first) {
  std::vector<InterfaceInfo> interfaces(2);
  interfaces[0].link_type_number = kLinkTypes[first % std::size(kLinkTypes)];
  interfaces[0].link_type = LinkTypeFromNumber(interfaces[0].link_type_number);
  return interfaces;
}

// A header of five bytes: flags, milliseconds since the one before, length; then its bytes.
Packet NextPacket(Parts& parts, std::int64_t& now_ns) {
  const std::uint8_t flags = parts.U8();
  const std::uint16_t wait_ms = parts.U16();
  const std::uint16_t size = parts.U16();
  // Time may stand still, run fast, or go back.
  const std::int64_t unit = (flags & 2) != 0 ? 1'000'000'000 : 1'000'000;
  now_ns += ((flags & 4) != 0 ? -1 : 1) * unit * wait_ms;
  Packet packet;
  packet.bytes = parts.Take(size);
  packet.wire_length =
      static_cast<std::uint32_t>(packet.bytes.size()) + ((flags & 8) != 0 ? 1000u : 0u);
  packet.interface = flags & 1;
  packet.time_ns = (flags & 16) != 0 ? kTimeUnknown : now_ns;
  return packet;
}

void CheckRecords(const RecordBatch& records, const MeterStats& stats, std::size_t bytes) {
  std::uint64_t keyed = 0;
  std::string json;
  for (const FlowRecord& flow : records.flows) {
    if (flow.last) keyed += flow.orig.packets + flow.resp.packets;
    json = ToJson(flow, {});
  }
  Require(keyed == stats.keyed_packets, "each keyed packet is in exactly one flow");
  Require(records.transactions.size() == stats.transactions, "transactions are counted");
  Require(stats.transactions <= bytes + 64, "transactions are bounded by bytes");
  for (const Transaction& transaction : records.transactions) json = ToJson(transaction, {});
}

}  // namespace

// First byte: link type, few flows, active timeout. Then packets.
void FuzzMeter(Bytes input, const OtProtocol*) {
  Parts parts(input);
  const std::uint8_t mode = parts.U8();
  const std::vector<InterfaceInfo> interfaces = Interfaces(mode);
  MeterOptions options;
  options.max_flows = (mode & 16) != 0 ? 2 : 128;
  options.active_timeout_ns = (mode & 32) != 0 ? base::kNanosPerSecond : 0;
  Meter meter(options);
  std::int64_t now_ns = 1'700'000'000LL * base::kNanosPerSecond;
  std::array<FlowHandle, kBatchSize> handles;
  RecordBatch records;
  std::size_t packets = 0;
  while (!parts.empty() && packets < kMaxPackets) {
    PacketBatch batch;
    const std::size_t most = (mode & 64) != 0 ? 1 : kBatchSize;
    while (!parts.empty() && batch.count < most) {
      batch.packets[batch.count++] = NextPacket(parts, now_ns);
    }
    packets += batch.count;
    meter.Process(batch, interfaces, handles);
    if ((mode & 128) != 0) meter.Advance(now_ns);
    meter.Drain(records);
  }
  meter.Finish(EndReason::kIdle);
  meter.Drain(records);
  const MeterStats stats = meter.stats();
  Require(stats.packets == packets, "every packet is counted");
  Require(stats.active_flows == 0, "no flow outlives Finish");
  CheckRecords(records, stats, input.size());
}

}  // namespace tapiary::fuzz
