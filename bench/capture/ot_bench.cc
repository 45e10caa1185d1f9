// What OT knowledge costs: recognisers on traffic that is not theirs, and a whole polling load.
//
//   BM_Recognise/SERVICE   one call on a foreign segment; the mean over several kinds
//   BM_OtDecode/SERVICE    one PDU of its own: framed, decoded, paired; the mean over the samples
//   BM_ForeignFlow/N       a packet of a flow on no OT port, N packets a flow: all recognisers
//                          look at the first few
//   BM_PlainFlow           the same packet size, long flows on which nobody looks: the limit
//   BM_ModbusPolling/P     requests and answers of P pollers, decoded, paired and drained
//
// Items are packets (calls for BM_Recognise, PDUs for BM_OtDecode). One core.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "capture/meter.h"
#include "capture/ot/registry.h"
#include "tests/capture/ot/support/samples.h"
#include "tests/capture/support/meter_run.h"

namespace tapiary::capture {
namespace {

using test::Adu;
using test::Hex;
using test::kStart;
using test::PacketBuilder;
using test::PacketList;

std::vector<std::vector<std::uint8_t>> ForeignSegments() {
  const auto text = [](std::string_view words) {
    return std::vector<std::uint8_t>(words.begin(), words.end());
  };
  std::vector<std::vector<std::uint8_t>> out;
  out.push_back(text("GET /index.html HTTP/1.1\r\nHost: example.org\r\nUser-Agent: x\r\n\r\n"));
  out.push_back(text("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"));
  out.push_back(text("220 mail.example.org ESMTP\r\n"));
  out.push_back(Hex("16030100c8010000c40303" + std::string(2 * 192, 'a')));          // TLS hello
  out.push_back(Hex("1a2b01000001000000000000076578616d706c65036f72670000010001"));  // DNS
  out.push_back(std::vector<std::uint8_t>(200, 0));
  std::mt19937 random(1);
  for (int i = 0; i < 10; ++i) {
    std::vector<std::uint8_t> bytes(300);
    std::generate(bytes.begin(), bytes.end(),
                  [&random] { return static_cast<std::uint8_t>(random()); });
    out.push_back(std::move(bytes));
  }
  return out;
}

void Recognise(benchmark::State& state, const OtProtocol* protocol) {
  const auto segments = ForeignSegments();
  std::size_t at = 0;
  for (auto _ : state) {
    OtGuess guess;
    guess.datagram = !protocol->tcp;
    guess.bytes[0] = segments[at++ % segments.size()];
    benchmark::DoNotOptimize(protocol->recognise(guess));
  }
  state.SetItemsProcessed(state.iterations());
}

class CountingOutput final : public OtOutput {
 public:
  void Emit(Transaction&& transaction) override {
    benchmark::DoNotOptimize(transaction.operation.data());
    ++transactions;
  }
  void Anomaly(std::string_view) override { ++anomalies; }
  void Count(std::string_view, std::uint64_t) override {}

  double transactions = 0;
  double anomalies = 0;
};

// By datagram where the recogniser takes it for no stream.
bool IsDatagram(const OtProtocol& protocol, base::Bytes bytes) {
  OtGuess guess;
  guess.bytes[0] = bytes;
  guess.usual_port = true;
  return !protocol.tcp || protocol.recognise(guess).verdict == OtVerdict::kNo;
}

// The row's sample PDUs over and over, on one flow.
void Decode(benchmark::State& state, const OtProtocol* protocol) {
  struct Step {
    test::OtSamplePdu pdu;
    bool datagram = false;
  };
  std::vector<Step> steps;
  for (test::OtSamplePdu& pdu : test::SamplesOf(*protocol)) {
    const bool datagram = IsDatagram(*protocol, pdu.bytes);
    steps.push_back({std::move(pdu), datagram});
  }
  const auto decoder = protocol->make();
  CountingOutput out;
  std::int64_t time = kStart;
  for (auto _ : state) {
    for (const Step& step : steps) {
      time += test::kMilli;
      if (step.datagram) {
        decoder->OnDatagram(step.pdu.from_client, step.pdu.bytes, false, time, out);
      } else {
        decoder->OnBytes(step.pdu.from_client, step.pdu.bytes, time, out);
      }
    }
    if (decoder->next_due_ns() <= time) decoder->Expire(time, out);
  }
  const auto pdus = state.iterations() * static_cast<std::int64_t>(steps.size());
  state.SetItemsProcessed(pdus);
  state.counters["transactions"] = out.transactions / static_cast<double>(pdus);
  state.counters["anomalies"] = out.anomalies / static_cast<double>(pdus);
}

// Runs the packets through one meter again and again, in batches, later each time.
void RunPackets(benchmark::State& state, PacketList& list) {
  Meter meter(MeterOptions{});
  const std::vector<InterfaceInfo> interfaces = test::EthernetInterfaces(1);
  std::vector<Packet>& packets = list.packets();
  const std::int64_t span = packets.back().time_ns - packets.front().time_ns + 1000;
  std::array<FlowHandle, kBatchSize> handles;
  PacketBatch batch;
  RecordBatch records;
  std::int64_t shift = 0;
  std::int64_t done = 0;
  for (auto _ : state) {
    for (std::size_t at = 0; at < packets.size(); at += kBatchSize) {
      batch.count = static_cast<std::uint32_t>(std::min(kBatchSize, packets.size() - at));
      for (std::uint32_t i = 0; i < batch.count; ++i) {
        batch.packets[i] = packets[at + i];
        batch.packets[i].time_ns += shift;
      }
      meter.Process(batch, interfaces, handles);
      meter.Drain(records);
      records.flows.clear();
      records.transactions.clear();
      records.gaps.clear();
    }
    shift += span;
    done += static_cast<std::int64_t>(packets.size());
  }
  state.SetItemsProcessed(done);
  state.counters["transactions"] = static_cast<double>(meter.stats().transactions);
}

std::string Ip(int host) {
  return "10." + std::to_string(host >> 16) + "." + std::to_string(host >> 8 & 255) + "." +
         std::to_string(host & 255);
}

void BM_ModbusPolling(benchmark::State& state) {
  PacketList packets;
  std::int64_t time = kStart;
  const int pollers = static_cast<int>(state.range(0));
  const std::int64_t step = 2'000'000 / pollers;  // a round is no copy of the one before
  for (std::uint16_t round = 0; round < 16; ++round) {
    for (int poller = 0; poller < pollers; ++poller) {
      // UDP has no sequence numbers, so that the packets can run again and again.
      const std::string reply(2 * 20, '1');
      packets.Add(PacketBuilder()
                      .Eth()
                      .Ipv4(Ip(poller), "10.9.9.9", {.id = round})
                      .Udp(40000, 502)
                      .Data(Adu(round, 1, "030000000a"))
                      .Build(),
                  time += step);
      packets.Add(PacketBuilder()
                      .Eth()
                      .Ipv4("10.9.9.9", Ip(poller), {.id = round})
                      .Udp(502, 40000)
                      .Data(Adu(round, 1, "0314" + reply))
                      .Build(),
                  time += 1000);
    }
  }
  RunPackets(state, packets);
}
BENCHMARK(BM_ModbusPolling)->Arg(1)->Arg(100)->Arg(5000);

void BM_ForeignFlow(benchmark::State& state) {
  PacketList packets;
  const auto segments = ForeignSegments();
  std::int64_t time = kStart;
  std::uint32_t seq = 1;
  for (int flow = 0; flow < 1000; ++flow) {
    for (std::int64_t i = 0; i < state.range(0); ++i) {
      std::vector<std::uint8_t> data = segments[static_cast<std::size_t>(flow) % segments.size()];
      data.resize(100);
      packets.Add(PacketBuilder()
                      .Eth()
                      .Ipv4(Ip(flow), "10.9.9.9")
                      .Tcp(40000, 8080,
                           {.seq = seq, .flags = i == 0 ? std::uint8_t{2} : std::uint8_t{0x18}})
                      .Data(data)
                      .Build(),
                  time += 1000);
      seq += 101;
    }
  }
  RunPackets(state, packets);
}
BENCHMARK(BM_ForeignFlow)->Arg(4)->Arg(10)->Arg(100);

void BM_PlainFlow(benchmark::State& state) {
  PacketList packets;
  std::int64_t time = kStart;
  for (std::uint16_t round = 0; round < 100; ++round) {
    for (int flow = 0; flow < 1000; ++flow) {
      packets.Add(PacketBuilder()
                      .Eth()
                      .Ipv4(Ip(flow), "10.9.9.9", {.id = round})
                      .Udp(40000, 8080)
                      .Data(std::vector<std::uint8_t>(100))
                      .Build(),
                  time += 1000);
    }
  }
  RunPackets(state, packets);
}
BENCHMARK(BM_PlainFlow);

}  // namespace
}  // namespace tapiary::capture

int main(int argc, char** argv) {
  for (const tapiary::capture::OtProtocol* const protocol : tapiary::capture::OtProtocols()) {
    benchmark::RegisterBenchmark(("BM_Recognise/" + std::string(protocol->service)).c_str(),
                                 tapiary::capture::Recognise, protocol);
    if (protocol->level != tapiary::capture::OtLevel::kDecoded) continue;
    benchmark::RegisterBenchmark(("BM_OtDecode/" + std::string(protocol->service)).c_str(),
                                 tapiary::capture::Decode, protocol);
  }
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
