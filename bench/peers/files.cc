// Verbs pcap and count: capture files, and what is in those that other programs wrote.
#include <linux/if_packet.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>

#include "bench/peers/tool.h"
#include "bench/support/memory_source.h"
#include "bench/support/traffic.h"
#include "capture/source/packet_source.h"

namespace tapiary::bench {
namespace {

constexpr std::size_t kStenotypeBlock = 1 << 20;
constexpr std::int64_t kGapNs = 1'000;  // between packets of a file

struct Count {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;
};

int Print(const Count& count) {
  std::printf("{\"packets\": %llu, \"bytes\": %llu}\n",
              static_cast<unsigned long long>(count.packets),
              static_cast<unsigned long long>(count.bytes));
  return 0;
}

int Fail(const std::string& message) {
  std::fprintf(stderr, "bench_tool: %s\n", message.c_str());
  return 1;
}

// Stenotype writes the kernel's receive ring as it is: blocks of TPACKET_V3.
bool AddStenotypeBlock(const std::vector<char>& block, Count& count) {
  tpacket_block_desc head;
  std::memcpy(&head, block.data(), sizeof(head));
  std::size_t at = head.hdr.bh1.offset_to_first_pkt;
  for (std::uint32_t i = 0; i < head.hdr.bh1.num_pkts; ++i) {
    tpacket3_hdr packet;
    if (at + sizeof(packet) > block.size()) return false;
    std::memcpy(&packet, &block[at], sizeof(packet));
    ++count.packets;
    count.bytes += packet.tp_snaplen;
    at += packet.tp_next_offset;
  }
  return true;
}

int CountStenotype(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> block(kStenotypeBlock);
  Count count;
  while (file.read(block.data(), static_cast<std::streamsize>(block.size()))) {
    if (!AddStenotypeBlock(block, count)) return Fail(path + " is broken");
  }
  return Print(count);
}

}  // namespace

int WriteTrafficFile(Args args) {
  TrafficOptions mix;
  mix.flows = std::strtoull(args[1].c_str(), nullptr, 10);
  mix.frames = std::strtoull(args[2].c_str(), nullptr, 10);
  mix.frame_bytes = static_cast<std::uint32_t>(std::strtoul(args[3].c_str(), nullptr, 10));
  mix.incompressible = true;
  // Files that are to follow one another: other flows, later.
  const std::uint64_t number = args.size() > 4 ? std::strtoull(args[4].c_str(), nullptr, 10) : 0;
  mix.seed = number + 1;
  mix.port = static_cast<std::uint16_t>(mix.port + number % 10'000);
  const auto start_ns = kStartNs + static_cast<std::int64_t>(number * mix.frames) * kGapNs;
  const Traffic traffic(mix);
  if (const auto written = traffic.WritePcap(args[0], start_ns, kGapNs); !written) {
    return Fail(written.error().message);
  }
  return Print({traffic.size(), traffic.total_bytes()});
}

int CountFile(Args args) {
  if (args.size() > 1 && args[1] == "stenotype") return CountStenotype(args[0]);
  const auto source = capture::MakePcapSource({.path = args[0]});
  if (const auto opened = source->Open(); !opened) return Fail(opened.error().message);
  Count count;
  auto batch = std::make_unique<capture::PacketBatch>();
  for (;;) {
    const auto state = source->Next(*batch, 0);
    if (!state) return Fail(state.error().message);
    if (*state != capture::NextState::kPackets) break;
    for (std::uint32_t i = 0; i < batch->count; ++i) {
      ++count.packets;
      count.bytes += batch->packets[i].bytes.size();
    }
  }
  if (!source->end_note().empty()) return Fail(args[0] + ": " + source->end_note());
  return Print(count);
}

}  // namespace tapiary::bench
