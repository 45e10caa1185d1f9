#include <gtest/gtest.h>

#include "capture/decode/decode.h"
#include "tests/capture/support/decode_bytes.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture {
namespace {

using test::DecodeBytes;
using test::Hex;
using test::PacketBuilder;

TEST(DecodeOtherLink, OtherLinkTypesFindTheIpHeader) {
  const std::vector<std::uint8_t> ip =
      PacketBuilder().Ipv4("10.0.0.1", "10.0.0.2").Udp(7, 9).Data("00").Build();
  const auto with = [&ip](std::string_view header) {
    std::vector<std::uint8_t> bytes = Hex(header);
    bytes.insert(bytes.end(), ip.begin(), ip.end());
    return bytes;
  };
  struct Case {
    LinkType type;
    const char* header;
  };
  for (const Case& c :
       {Case{LinkType::kRaw, ""}, Case{LinkType::kIpv4, ""}, Case{LinkType::kNull, "02000000"},
        Case{LinkType::kNull, "00000002"}, Case{LinkType::kLoop, "00000002"},
        Case{LinkType::kLinuxSll, "0000 0001 0006 020000000001 0000 0800"},
        Case{LinkType::kLinuxSll2, "0800 0000 00000003 0001 00 06 020000000001 0000"}}) {
    const Decoded decoded = DecodeBytes(with(c.header), c.type);
    EXPECT_EQ(decoded.src_port, 7) << static_cast<int>(c.type);
    EXPECT_EQ(decoded.dst.ToString(), "10.0.0.2");
  }
}

TEST(DecodeOtherLink, CutLinkHeadersAreNoted) {
  for (const LinkType type :
       {LinkType::kEthernet, LinkType::kNull, LinkType::kLinuxSll, LinkType::kLinuxSll2}) {
    EXPECT_EQ(DecodeBytes(Hex("000000"), type).note, DecodeNote::kLinkTruncated);
  }
  EXPECT_EQ(DecodeBytes({}, LinkType::kRaw).note, DecodeNote::kLinkTruncated);
}

// One address is no pair: such frames are in no flow, but the sender is known.
TEST(DecodeOtherLink, CookedFramesWithoutIpHaveThePayloadOnly) {
  const std::vector<std::uint8_t> arp = Hex("0000 0001 0006 020000000001 0000 0806 0001");
  const Decoded decoded = DecodeBytes(arp, LinkType::kLinuxSll);
  EXPECT_EQ(decoded.ether_type, 0x0806);
  EXPECT_EQ(decoded.payload_length, 2u);
  EXPECT_TRUE(decoded.has_mac);
  EXPECT_FALSE(decoded.has_mac_pair);
  const std::vector<std::uint8_t> llc = Hex("0000 0001 0006 020000000001 0000 0004 424203");
  EXPECT_EQ(DecodeBytes(llc, LinkType::kLinuxSll).payload_length, 3u);
}

}  // namespace
}  // namespace tapiary::capture
