#include "tests/capture/ot/support/conversation.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <utility>

#include "tests/fuzz/ot_script.h"

namespace tapiary::capture::test {
namespace {

constexpr std::uint32_t kFirstSeq[2] = {1000, 0xfffffff0};  // the server's wraps early
constexpr std::uint8_t kSyn = 0x02, kAck = 0x10, kPushAck = 0x18, kFinAck = 0x11;

// Both directions as streams, by client (0) and server (1).
struct Streams {
  explicit Streams(const Conversation& talk) {
    for (const Message& message : talk.messages) {
      for (int side = 0; side < 2; ++side) before[side].push_back(bytes[side].size());
      std::vector<std::uint8_t>& stream = bytes[message.from_client ? 0 : 1];
      stream.insert(stream.end(), message.bytes.begin(), message.bytes.end());
    }
  }
  std::vector<std::uint8_t> bytes[2];
  std::vector<std::size_t> before[2];  // bytes sent when message i is
};

class Wire {
 public:
  Wire(const Conversation& talk, const Delivery& delivery) : talk_(talk), delivery_(delivery) {}

  void Handshake() {
    now_ = kStart;
    Tcp(0, kSyn, kFirstSeq[0] - 1, 0, {});
    Tcp(1, kSyn | kAck, kFirstSeq[1] - 1, kFirstSeq[0], {});
    Tcp(0, kAck, kFirstSeq[0], kFirstSeq[1], {});
  }
  void Send(const Piece& piece) {
    const int side = talk_.messages[piece.message].from_client ? 0 : 1;
    const std::size_t at = streams_.before[side][piece.message] + piece.offset;
    const base::Bytes bytes = base::Bytes(streams_.bytes[side]).subspan(at, piece.size);
    now_ = std::max(now_ + 1000, MessageTime(piece.message));
    if (talk_.carrier == Carrier::kTcp) {
      Tcp(side, kPushAck, Seq(side, at), Seq(1 - side, streams_.before[1 - side][piece.message]),
          bytes);
    } else {
      Datagram(side, bytes);
    }
  }
  void Close() {
    const std::uint32_t ends[2] = {Seq(0, streams_.bytes[0].size()),
                                   Seq(1, streams_.bytes[1].size())};
    now_ = std::max(now_, MessageTime(talk_.messages.size()));
    Tcp(0, kFinAck, ends[0], ends[1], {});
    Tcp(1, kFinAck, ends[1], ends[0] + 1, {});
    Tcp(0, kAck, ends[0] + 1, ends[1] + 1, {});
  }
  PacketList& packets() { return packets_; }

 private:
  static std::uint32_t Seq(int side, std::size_t at) {
    return kFirstSeq[side] + static_cast<std::uint32_t>(at);
  }
  PacketBuilder Ip(int side) const {
    const std::string ips[2] = {delivery_.swapped_ends ? "10.0.0.9" : "10.0.0.1", "10.0.0.2"};
    PacketBuilder builder;
    builder.Eth(side == 0 ? talk_.client_mac : talk_.server_mac,
                side == 0 ? talk_.server_mac : talk_.client_mac);
    builder.Ipv4(ips[side], ips[1 - side]);
    return builder;
  }
  void Tcp(int side, std::uint8_t flags, std::uint32_t seq, std::uint32_t ack, base::Bytes bytes) {
    const std::uint16_t ports[2] = {talk_.client_port, talk_.server_port};
    Add(Ip(side)
            .Tcp(ports[side], ports[1 - side], {.seq = seq, .ack = ack, .flags = flags})
            .Data(bytes)
            .Build(),
        bytes.size());
  }
  void Datagram(int side, base::Bytes bytes) {
    const std::uint16_t ports[2] = {talk_.client_port, talk_.server_port};
    if (talk_.carrier == Carrier::kUdp) {
      Add(Ip(side).Udp(ports[side], ports[1 - side]).Data(bytes).Build(), bytes.size());
      return;
    }
    PacketBuilder builder;
    builder.Eth(side == 0 ? talk_.client_mac : talk_.server_mac,
                side == 0 ? talk_.server_mac : talk_.client_mac);
    builder.EtherType(talk_.ether_type != 0 ? talk_.ether_type
                                            : static_cast<std::uint16_t>(bytes.size()));
    Add(builder.Data(bytes).Build(), bytes.size());
  }
  void Add(std::vector<std::uint8_t> frame, std::size_t payload) {
    now_ += 1000;
    const std::size_t missing = payload > delivery_.snap ? payload - delivery_.snap : 0;
    Packet& packet = packets_.Add(std::move(frame), now_);
    packet.bytes = packet.bytes.first(packet.bytes.size() - missing);
  }

  const Conversation& talk_;
  const Delivery& delivery_;
  Streams streams_{talk_};
  PacketList packets_;
  std::int64_t now_ = 0;
};

}  // namespace

Conversation& Conversation::Add(bool from_client, std::vector<std::uint8_t> bytes) {
  messages.push_back({from_client, std::move(bytes)});
  return *this;
}

std::size_t Conversation::NextOfSide(std::size_t message, std::size_t count) const {
  const bool side = messages[message].from_client;
  for (std::size_t i = message + 1; i < messages.size(); ++i) {
    if (messages[i].from_client == side && --count == 0) return i;
  }
  return messages.size();
}

Delivery WholeMessages(const Conversation& talk, std::size_t first) {
  Delivery delivery;
  for (std::size_t i = first; i < talk.messages.size(); ++i) {
    delivery.pieces.push_back({i, 0, talk.size_of(i)});
  }
  return delivery;
}

std::int64_t MessageTime(std::size_t message) {
  return kStart + static_cast<std::int64_t>(message + 1) * 10 * kMilli;
}

MeterRun Deliver(const Conversation& talk, const Delivery& delivery) {
  Wire wire(talk, delivery);
  const bool tcp = talk.carrier == Carrier::kTcp;
  if (tcp && delivery.handshake) wire.Handshake();
  for (const Piece& piece : delivery.pieces) wire.Send(piece);
  if (tcp && delivery.close) wire.Close();
  return RunMeter(wire.packets(), {.max_flows = 64, .active_timeout_ns = 0}, delivery.batch);
}

bool SaveSeed(const Conversation& talk, const std::string& service) {
  const char* const folder = std::getenv("TAPIARY_FUZZ_SEEDS");
  if (folder == nullptr) return false;
  const std::filesystem::path out = std::filesystem::path(folder) / ("ot_" + service);
  std::error_code error;
  std::filesystem::create_directories(out, error);
  const int datagrams = talk.carrier == Carrier::kTcp ? 0 : fuzz::kOtDatagrams;
  for (const int session : {0, int{fuzz::kOtSession}}) {
    std::vector<std::uint8_t> script = {static_cast<std::uint8_t>(session | datagrams)};
    for (const Message& message : talk.messages) {
      fuzz::AddOtStep(script, message.from_client, fuzz::OtStep::kData, message.bytes);
    }
    const std::string text(script.begin(), script.end());
    std::ofstream(out / ("talk_" + std::to_string(std::hash<std::string>()(text)))) << text;
  }
  return true;
}

}  // namespace tapiary::capture::test
