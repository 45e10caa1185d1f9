#include "tests/capture/support/meter_run.h"

#include <fmt/format.h>

#include <algorithm>

namespace tapiary::capture::test {

std::vector<InterfaceInfo> EthernetInterfaces(std::size_t count) {
  std::vector<InterfaceInfo> interfaces(count);
  for (std::size_t i = 0; i < count; ++i) interfaces[i].name = "if" + std::to_string(i);
  return interfaces;
}

MeterRun RunMeter(PacketList& packets, MeterOptions options, std::size_t batch_size) {
  Meter meter(options);
  const std::vector<InterfaceInfo> interfaces = EthernetInterfaces(4);
  MeterRun run;
  std::array<FlowHandle, kBatchSize> handles;
  const std::vector<Packet>& all = packets.packets();
  for (std::size_t at = 0; at < all.size();) {
    PacketBatch batch;
    while (at < all.size() && batch.count < batch_size) batch.packets[batch.count++] = all[at++];
    meter.Process(batch, interfaces, handles);
    meter.Drain(run.records);
  }
  meter.Finish(EndReason::kIdle);
  meter.Drain(run.records);
  run.stats = meter.stats();
  return run;
}

TcpTalk::TcpTalk(PacketList& out, std::uint16_t client_port, std::uint16_t server_port)
    : out_(out), ports_{client_port, server_port} {}

TcpTalk& TcpTalk::Send(bool client, const std::vector<std::uint8_t>& data, std::uint8_t flags) {
  const int from = client ? 0 : 1;
  const std::string ips[2] = {"10.0.0.1", "10.0.0.2"};
  now_ += kMilli;
  PacketBuilder builder;
  client ? builder.Eth() : builder.Eth("02:00:00:00:00:02", "02:00:00:00:00:01");
  builder.Ipv4(ips[from], ips[1 - from])
      .Tcp(ports_[from], ports_[1 - from],
           {.seq = seq[from], .ack = (flags & 0x10) != 0 ? seq[1 - from] : 0, .flags = flags})
      .Data(data);
  out_.Add(builder.Build(), now_);
  seq[from] += static_cast<std::uint32_t>(data.size()) + ((flags & 3) != 0 ? 1 : 0);
  return *this;
}

TcpTalk& TcpTalk::Handshake() {
  Send(true, {}, 0x02);
  Send(false, {}, 0x12);
  return Send(true, {}, 0x10);
}

TcpTalk& TcpTalk::Lose(bool client, std::size_t bytes) {
  seq[client ? 0 : 1] += static_cast<std::uint32_t>(bytes);
  now_ += kMilli;
  return *this;
}

TcpTalk& TcpTalk::Close() {
  Send(true, {}, 0x11);
  Send(false, {}, 0x11);
  return Send(true, {}, 0x10);
}

TcpTalk& TcpTalk::Wait(std::int64_t ns) {
  now_ += ns;
  return *this;
}

std::string Adu(std::uint16_t transaction, std::uint8_t unit, std::string_view pdu_hex) {
  return fmt::format("{:04x}0000{:04x}{:02x}", transaction, Hex(pdu_hex).size() + 1, unit) +
         std::string(pdu_hex);
}

}  // namespace tapiary::capture::test
