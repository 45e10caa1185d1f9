#include "tests/capture/support/tunnel_cases.h"

#include <gtest/gtest.h>

#include <string_view>

#include "tests/capture/support/decode_bytes.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::test {
namespace {

using Buffer = std::vector<std::uint8_t>;

void ExpectInner(const Decoded& decoded, Inner inner) {
  EXPECT_EQ(decoded.src.ToString(), inner == Inner::kIpv6 ? "2001:db8::1" : "192.168.0.1");
  EXPECT_EQ(decoded.src_port, 40000);
  EXPECT_EQ(decoded.dst_port, 502);
  EXPECT_EQ(decoded.tcp.seq, 9u);
  EXPECT_EQ(decoded.payload_length, 8u);
  EXPECT_EQ(decoded.payload.size(), 8u);
  EXPECT_EQ(decoded.src_mac[5], inner == Inner::kFrame ? 0x11 : 0x01);
  EXPECT_FALSE(decoded.bad_checksum);
  EXPECT_EQ(decoded.note, DecodeNote::kNone);
}

bool HasGoodKeyBetween(const Case& c) {
  return std::string_view(c.name) == "gre in gre";
}

// The sanitizer build proves that nothing is read behind the cut: the copy has no byte to spare.
void CheckCuts(const Case& c) {
  const Buffer frame = Wrap(c, InnerBytes(c.inner));
  const std::size_t ports_at = frame.size() - 8 - 20 + 4;
  const std::size_t ip_end = c.outer.ipv6 ? 54 : c.outer.port != 0 ? 42 : 34;
  for (std::size_t size = c.outer.ether_type != 0 ? 14 : ip_end; size < frame.size(); ++size) {
    SCOPED_TRACE("cut at " + std::to_string(size));
    const Buffer cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
    const Decoded decoded =
        DecodeBytes(cut, LinkType::kEthernet, static_cast<std::uint32_t>(frame.size()));
    EXPECT_EQ(decoded.dst_port == 502, size >= ports_at);
    if (decoded.dst_port == 502) {
      EXPECT_EQ(decoded.payload_length, 8u);
      EXPECT_EQ(Tunnels(decoded), c.tunnels);
    } else if (!HasGoodKeyBetween(c)) {
      ExpectOuter(decoded, c.outer);
    }
  }
}

void CheckGarbage(const Case& c) {
  for (const int fill : {0x00, 0x11, 0x55, 0xff}) {
    SCOPED_TRACE("filled with " + std::to_string(fill));
    const Buffer frame = Wrap(c, Buffer(80, static_cast<std::uint8_t>(fill)));
    ExpectOuter(DecodeBytes(frame), c.outer);
  }
  const Buffer empty = Wrap(c, {});
  ExpectOuter(DecodeBytes(empty), c.outer);
}

}  // namespace

Buffer InnerBytes(Inner inner) {
  PacketBuilder builder;
  if (inner == Inner::kFrame) builder.Eth("02:00:00:00:00:11", "02:00:00:00:00:12");
  if (inner == Inner::kIpv6) {
    builder.Ipv6("2001:db8::1", "2001:db8::2");
  } else {
    builder.Ipv4("192.168.0.1", "192.168.0.2");
  }
  return builder.Tcp(40000, 502, {.seq = 9}).Data("0001 0000 0002 0103").Build();
}

Buffer Wrap(const Case& c, const Buffer& inner) {
  PacketBuilder builder;
  builder.Eth();
  if (c.outer.ether_type != 0) {
    builder.EtherType(c.outer.ether_type);
  } else if (c.outer.ipv6) {
    builder.Ipv6("fd00::1", "fd00::2", c.outer.proto);
  } else if (c.outer.port != 0) {
    builder.Ipv4("10.0.0.1", "10.0.0.2").Udp(50000, c.outer.port);
  } else {
    builder.Ipv4("10.0.0.1", "10.0.0.2", {.proto = c.outer.proto});
  }
  return builder.Raw(c.header).Data(inner).Build();
}

void ExpectOuter(const Decoded& decoded, const Outer& outer) {
  EXPECT_TRUE(decoded.tunnels().empty());
  EXPECT_EQ(decoded.src_mac[5], 0x01);
  if (outer.ether_type != 0) {
    EXPECT_FALSE(decoded.has_ip);
    EXPECT_EQ(decoded.ether_type, outer.ether_type);
    return;
  }
  EXPECT_EQ(decoded.src.ToString(), outer.ipv6 ? "fd00::1" : "10.0.0.1");
  EXPECT_EQ(decoded.has_ports, outer.port != 0);
  EXPECT_EQ(decoded.dst_port, outer.port);
  EXPECT_EQ(decoded.proto, outer.port != 0 ? 17 : outer.proto);
}

void CheckTunnels(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Buffer frame = Wrap(c, InnerBytes(c.inner));
    const Decoded decoded = DecodeBytes(frame);
    ExpectInner(decoded, c.inner);
    EXPECT_EQ(Tunnels(decoded), c.tunnels);
    CheckCuts(c);
    if (!HasGoodKeyBetween(c)) CheckGarbage(c);
  }
}

void CheckNoTunnels(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Buffer frame = Wrap(c, InnerBytes(c.inner));
    ExpectOuter(DecodeBytes(frame), c.outer);
  }
}

}  // namespace tapiary::capture::test
