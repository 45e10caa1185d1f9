#include "server/query/packet_filter.h"

#include <gtest/gtest.h>

namespace tapiary::server {
namespace {

capture::Decoded Packet() {
  capture::Decoded packet;
  packet.has_ip = packet.has_ports = packet.has_mac = true;
  packet.proto = 6;
  packet.ether_type = 0x0800;
  packet.src = *capture::ParseIpAddress("10.0.0.5");
  packet.dst = *capture::ParseIpAddress("192.168.1.1");
  packet.src_port = 40000;
  packet.dst_port = 502;
  packet.src_mac = {0, 0x1b, 0x1b, 0, 0, 5};
  packet.vlans = {10, 20};
  packet.vlan_count = 2;
  return packet;
}

bool Hit(std::string_view text, const capture::Decoded& packet) {
  FilterError error;
  const auto filter = Filter::Parse(text, &error);
  EXPECT_TRUE(filter) << error.ToString();
  return filter && Matches(*filter, {.sensor = "plant-a",
                                     .interface = "eth0",
                                     .time_ns = 1'000'000'000,
                                     .decoded = &packet});
}

TEST(PacketFilter, TestsOfOnePacket) {
  const capture::Decoded packet = Packet();
  for (const char* yes : {"",
                          "ip.addr == 10.0.0.0/8",
                          "ip.addr == 192.168.1.1",
                          "tcp.port == 502",
                          "tcp.port in {1..600}",
                          "ip.addr != 10.0.0.6",
                          "vlan.id == 20",
                          "eth.type == 0x800",
                          "eth.addr == 00:1b:1b:00:00:05",
                          "sensor == \"plant-a\"",
                          "sensor contains lant",
                          "sensor ~ \"^PLANT-[ab]$\"",
                          "tcp.port & 0x100",
                          "tcp.port & 0xff == 0xf6",
                          "interface == eth0",
                          "interface",
                          "frame.time == 1970-01-01T00:00:01Z",
                          "frame.time > 1970-01-01",
                          "tcp && ip && !udp",
                          "ip.proto == 6",
                          "tcp.port",
                          "ip.addr >= 192.168.0.0/16",
                          "tcp.port > 39999 && tcp.port < 503",
                          "sensor in {\"x\", \"plant-a\"}"}) {
    EXPECT_TRUE(Hit(yes, packet)) << yes;
  }
  for (const char* no : {"sensor ~ \"^lant\"",
                         "tcp.port & 1",
                         "udp.port & 2",
                         "tcp.port & 0xff != 0xf6",
                         "ip.addr == 10.0.0.6",
                         "ip.addr != 10.0.0.5",
                         "udp.port == 502",
                         "udp.port != 502",
                         "tcp.port != 502",
                         "vlan.id != 10",
                         "vlan.id == 30",
                         "arp",
                         "ipv6",
                         "sensor == \"plant\"",
                         "frame.time < 1970-01-01",
                         "!(tcp)",
                         "tcp && udp",
                         "ip.addr > 192.168.0.0/16",
                         "command",
                         "flow.bytes > 0"}) {
    EXPECT_FALSE(Hit(no, packet)) << no;
  }
}

TEST(PacketFilter, FieldsThatAreNotThereAreFalse) {
  capture::Decoded packet;
  packet.has_mac = true;
  packet.ether_type = 0x0806;
  EXPECT_TRUE(Hit("arp", packet));
  EXPECT_FALSE(Hit("ip.addr == 0.0.0.0/0", packet));
  EXPECT_FALSE(Hit("ip.addr != 1.2.3.4", packet));
  EXPECT_TRUE(Hit("!(ip.addr == 1.2.3.4)", packet));
  EXPECT_FALSE(Hit("vlan.id", packet));
}

TEST(PacketFilter, Ipv6) {
  capture::Decoded packet = Packet();
  packet.src = *capture::ParseIpAddress("2001:db8::1");
  packet.dst = *capture::ParseIpAddress("2001:db8::2");
  EXPECT_TRUE(Hit("ipv6 && ip.addr == 2001:db8::/64", packet));
  EXPECT_FALSE(Hit("ip", packet));
}

}  // namespace
}  // namespace tapiary::server
