// Decode alone, over frames as they come: UDP in IPv4, with an 802.1Q tag, in VXLAN, and IMIX.
//
//   BM_Decode/BYTES      UDP in IPv4 in Ethernet; 0: IMIX
//   BM_DecodeTunnel      the same 60 bytes inside VXLAN
//
// Items are packets. One core.
#include "capture/decode/decode.h"

#include <benchmark/benchmark.h>

#include <vector>

#include "bench/support/traffic.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::bench {
namespace {

capture::Packet PacketOf(base::Bytes bytes) {
  capture::Packet packet;
  packet.bytes = bytes;
  packet.wire_length = static_cast<std::uint32_t>(bytes.size());
  return packet;
}

void BM_Decode(benchmark::State& state) {
  TrafficOptions mix;
  mix.flows = 1'000;
  mix.frames = 4'096;
  mix.frame_bytes = static_cast<std::uint32_t>(state.range(0));
  const Traffic traffic(mix);
  capture::Decoded decoded;
  std::size_t good = 0;
  for (auto _ : state) {
    for (std::size_t i = 0; i < traffic.size(); ++i) {
      capture::Decode(PacketOf(traffic.frame(i)), capture::LinkType::kEthernet, decoded);
      good += decoded.src_port == mix.port || decoded.dst_port == mix.port ? 1 : 0;
    }
  }
  const auto items = static_cast<std::size_t>(state.iterations()) * traffic.size();
  if (good != items) state.SkipWithError("ports were decoded wrongly");
  state.SetItemsProcessed(static_cast<std::int64_t>(items));
}
BENCHMARK(BM_Decode)->Arg(60)->Arg(0);

void BM_DecodeTunnel(benchmark::State& state) {
  TrafficOptions mix;
  mix.flows = 1;
  mix.frames = 1;
  const Traffic traffic(mix);
  const std::vector<std::uint8_t> frame = capture::test::PacketBuilder()
                                              .Eth()
                                              .Vlan(7)
                                              .Ipv4("192.0.2.1", "192.0.2.2")
                                              .Udp(50000, 4789)
                                              .Raw("0800000000002a00")
                                              .Data(traffic.frame(0))
                                              .Build();
  const capture::Packet packet = PacketOf(frame);
  capture::Decoded decoded;
  std::int64_t good = 0;
  for (auto _ : state) {
    capture::Decode(packet, capture::LinkType::kEthernet, decoded);
    benchmark::DoNotOptimize(decoded);
    good += decoded.tunnel_count == 1 ? 1 : 0;
  }
  if (good != state.iterations()) state.SkipWithError("the tunnel was not seen");
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_DecodeTunnel);

}  // namespace
}  // namespace tapiary::bench
