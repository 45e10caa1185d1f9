// Runs packets through a Meter as a file would, and talks TCP for tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "capture/meter.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::test {

inline constexpr std::int64_t kSecond = 1'000'000'000;
inline constexpr std::int64_t kMilli = 1'000'000;
inline constexpr std::int64_t kStart = 1'700'000'000 * kSecond;

struct MeterRun {
  RecordBatch records;
  MeterStats stats;
};

// All packets in batches of `batch`, then Finish(kIdle). Interfaces are Ethernet, "if0", "if1", ...
MeterRun RunMeter(PacketList& packets, MeterOptions options = {.active_timeout_ns = 0},
                  std::size_t batch = kBatchSize);
std::vector<InterfaceInfo> EthernetInterfaces(std::size_t count);

// One TCP connection, both ends, with right sequence numbers. Each call adds one packet, 1 ms
// later.
class TcpTalk {
 public:
  explicit TcpTalk(PacketList& out, std::uint16_t client_port = 40000,
                   std::uint16_t server_port = 502);
  TcpTalk& Handshake();
  TcpTalk& Client(std::string_view hex) { return Send(true, Hex(hex), 0x18); }
  TcpTalk& Server(std::string_view hex) { return Send(false, Hex(hex), 0x18); }
  TcpTalk& Send(bool client, const std::vector<std::uint8_t>& data, std::uint8_t flags);
  // Advances the sequence number as if the bytes had been sent, without a packet.
  TcpTalk& Lose(bool client, std::size_t bytes);
  TcpTalk& Close();  // FIN, FIN, ACK
  TcpTalk& Wait(std::int64_t ns);
  [[nodiscard]] std::int64_t now() const { return now_; }
  std::uint32_t seq[2] = {1000, 5000};  // next, by client and server

 private:
  PacketList& out_;
  std::uint16_t ports_[2];
  std::int64_t now_ = kStart;
};

// A Modbus/TCP ADU in hex digits: transaction id, unit, PDU.
std::string Adu(std::uint16_t transaction, std::uint8_t unit, std::string_view pdu_hex);

}  // namespace tapiary::capture::test
