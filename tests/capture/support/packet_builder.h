// PacketBuilder: frames for tests, written front to back, lengths and checksums filled in by Build.
//
//   PacketBuilder().Eth().Vlan(10).Ipv4("10.0.0.1", "10.0.0.2").Tcp(1025, 502, {.seq =
//   1}).Data(hex)
//       .Build()
//
// Headers that are left out are simply not there (raw IP). What a test wants wrong it sets through
// the options, or patches in the built bytes. StoredPacket owns the bytes that a Packet views.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "capture/packet.h"

namespace tapiary::capture::test {

std::vector<std::uint8_t> Hex(std::string_view text);  // spaces are skipped

struct Ipv4Options {
  std::uint8_t proto = 0;  // 0: by the transport header that follows
  std::uint16_t id = 1;
  std::uint16_t fragment_offset = 0;  // bytes
  bool more_fragments = false;
  int total_length = -1;  // -1: as it is
};

struct TcpOptions {
  std::uint32_t seq = 0;
  std::uint32_t ack = 0;
  std::uint8_t flags = 0x18;  // PSH, ACK
  int checksum = -1;          // -1: right
};

class PacketBuilder {
 public:
  PacketBuilder& Eth(std::string_view src = "02:00:00:00:00:01",
                     std::string_view dst = "02:00:00:00:00:02");
  PacketBuilder& EtherType(std::uint16_t type);  // for what is not IP
  PacketBuilder& Vlan(std::uint16_t tci, std::uint16_t tpid = 0x8100);
  PacketBuilder& Ipv4(std::string_view src, std::string_view dst, Ipv4Options options = {});
  PacketBuilder& Ipv6(std::string_view src, std::string_view dst, int next_header = -1);
  // An IPv6 extension header of 8 + extra bytes; `next` -1: by what follows.
  PacketBuilder& Ipv6Extension(std::uint8_t kind, std::size_t extra = 0);
  PacketBuilder& Ipv6Fragment(std::uint32_t id, std::uint16_t offset, bool more,
                              std::uint8_t next_header);
  PacketBuilder& Tcp(std::uint16_t src_port, std::uint16_t dst_port, TcpOptions options = {});
  PacketBuilder& Udp(std::uint16_t src_port, std::uint16_t dst_port);
  PacketBuilder& Icmp(std::uint8_t type, std::uint8_t code);
  // A header as it is; lengths inside are the test's business. What it is called by the header
  // before must be fixed there (EtherType, Ipv4Options::proto, next_header).
  PacketBuilder& Raw(std::string_view hex);
  PacketBuilder& Data(std::span<const std::uint8_t> bytes);
  PacketBuilder& Data(std::string_view hex);
  PacketBuilder& Pad(std::size_t frame_size);  // zeros behind the end, as Ethernet does to 60
  PacketBuilder& Tail(std::string_view hex);   // behind data and padding, in no length

  [[nodiscard]] std::vector<std::uint8_t> Build() const;

 private:
  struct Header {
    int kind = 0;
    std::vector<std::uint8_t> bytes;
    int fixed_length = -1;
    int fixed_checksum = -1;
    std::uint8_t proto = 0;  // number of this header, for the one before
    bool fixed_next = false;
  };
  void Push(Header header);
  void Link(Header& before, const Header& next) const;

  std::vector<Header> headers_;
  std::vector<std::uint8_t> data_;
  std::vector<std::uint8_t> tail_;
  std::size_t pad_ = 0;
};

// Frames in order of time, as a source would hand them out. Bytes stay where they are.
class PacketList {
 public:
  Packet& Add(std::vector<std::uint8_t> bytes, std::int64_t time_ns, std::uint32_t interface = 0);
  [[nodiscard]] std::vector<Packet>& packets() { return packets_; }

 private:
  std::deque<std::vector<std::uint8_t>> bytes_;
  std::vector<Packet> packets_;
};

}  // namespace tapiary::capture::test
