// Verb count-spool: everything that a stopped sensor left, read as a collector would.
#include <cstdio>
#include <map>
#include <memory>

#include "base/text.h"
#include "bench/peers/tool.h"
#include "capture/segment/segment.h"
#include "uplink/spool/spool.h"
#include "uplink/wire/wire.h"

namespace tapiary::bench {
namespace {

using uplink::Item;
using uplink::Kind;

struct Totals {
  std::uint64_t packets = 0, bytes = 0;
  std::uint64_t stored_bytes = 0;  // segments as they lie in the spool
  std::uint64_t flows = 0, flow_packets = 0;
  std::map<std::string, capture::LedgerRow> ledger;  // the last of each interface
};

base::Result<> AddSegment(const Item& item, Totals& totals) {
  const auto read = [&item](std::uint64_t offset, std::size_t size) -> base::Result<std::string> {
    return item.body.substr(offset, size);
  };
  totals.stored_bytes += item.body.size();
  TAPIARY_ASSIGN(const capture::SegmentIndex index,
                 capture::ReadSegmentIndex(item.body.size(), read));
  for (const capture::BlockEntry& entry : index.blocks) {
    TAPIARY_ASSIGN(const std::string raw, capture::ReadBlock(entry, read));
    TAPIARY_TRY(
        capture::ForEachPacket(base::AsBytes(raw), nullptr, [&](const capture::Packet& one) {
          ++totals.packets;
          totals.bytes += one.bytes.size();
          return true;
        }));
  }
  return {};
}

base::Result<> AddFlows(const Item& item, Totals& totals) {
  TAPIARY_ASSIGN(const uplink::FlowBatch batch, uplink::DecodeFlows(base::AsBytes(item.body)));
  for (const capture::FlowRecord& flow : batch.flows) {
    totals.flows += flow.last ? 1 : 0;
    totals.flow_packets += flow.delta_packets[0] + flow.delta_packets[1];
  }
  return {};
}

base::Result<> AddFacts(const Item& item, Totals& totals) {
  TAPIARY_ASSIGN(const uplink::FactBatch batch, uplink::DecodeFacts(base::AsBytes(item.body)));
  for (const capture::LedgerRow& row : batch.ledger) totals.ledger[row.interface] = row;
  return {};
}

base::Result<> Count(const std::string& folder, Totals& totals) {
  uplink::SpoolOptions options;
  options.path = folder;
  options.max_bytes = std::int64_t{1} << 40;
  TAPIARY_ASSIGN(const std::unique_ptr<uplink::Spool> spool, uplink::Spool::Open(options));
  constexpr std::pair<Kind, base::Result<> (*)(const Item&, Totals&)> kKinds[] = {
      {Kind::kPackets, AddSegment}, {Kind::kFlows, AddFlows}, {Kind::kFacts, AddFacts}};
  for (const auto& [kind, add] : kKinds) {
    for (;;) {
      TAPIARY_ASSIGN(const std::optional<Item> item, spool->Next(kind));
      if (!item) break;
      TAPIARY_TRY(add(*item, totals));
      TAPIARY_TRY(spool->Acknowledge(*item));
    }
  }
  return spool->Close();
}

}  // namespace

int CountSpool(Args args) {
  Totals totals;
  if (const auto counted = Count(args[0], totals); !counted) {
    std::fprintf(stderr, "bench_tool: %s\n", counted.error().ToString().c_str());
    return 1;
  }
  std::uint64_t offered = 0;
  std::string lost;
  for (const auto& [name, row] : totals.ledger) {
    offered += row.offered;
    for (const auto& [reason, packets] : row.lost) {
      lost += (lost.empty() ? "\"" : ", \"") + reason + "\": " + std::to_string(packets);
    }
  }
  std::printf(
      "{\"packets\": %llu, \"bytes\": %llu, \"stored_bytes\": %llu, \"flows\": %llu, "
      "\"flow_packets\": %llu, \"offered\": %llu, \"lost\": {%s}}\n",
      static_cast<unsigned long long>(totals.packets),
      static_cast<unsigned long long>(totals.bytes),
      static_cast<unsigned long long>(totals.stored_bytes),
      static_cast<unsigned long long>(totals.flows),
      static_cast<unsigned long long>(totals.flow_packets),
      static_cast<unsigned long long>(offered), lost.c_str());
  return 0;
}

}  // namespace tapiary::bench
