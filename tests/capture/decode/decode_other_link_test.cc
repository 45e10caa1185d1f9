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
        Case{LinkType::kPpp, "21"}, Case{LinkType::kPpp, "ff03 0021"},
        Case{LinkType::kPppHdlc, "ff03 0021"}, Case{LinkType::kPppHdlc, "0f00 0800"},
        Case{LinkType::kPppoe, "1100 0007 001f 0021"}, Case{LinkType::kCiscoHdlc, "0f00 0800"},
        Case{LinkType::kCiscoHdlc, "8f00 8100 0005 0800"},
        Case{LinkType::kNflog, "0200 0000 0800 0100 00000000 0500 0a00 61000000 2100 0900"},
        Case{LinkType::kNflog, "0200 0000 0008 0001 00000000 0021 0009"},
        Case{LinkType::kErf, "0000000000000000 16 04 0031 0000 001d"},
        Case{LinkType::kErf,
             "0000000000000000 82 04 0041 0000 002f 0400000000000000 0000"
             "020000000002 020000000001 0800"},
        Case{LinkType::kErf, "0000000000000000 01 04 0035 0000 0021 0f000800"},
        Case{LinkType::kLinuxSll, "0000 0001 0006 020000000001 0000 0800"},
        Case{LinkType::kLinuxSll2, "0800 0000 00000003 0001 00 06 020000000001 0000"}}) {
    const Decoded decoded = DecodeBytes(with(c.header), c.type);
    EXPECT_EQ(decoded.src_port, 7) << static_cast<int>(c.type);
    EXPECT_EQ(decoded.dst.ToString(), "10.0.0.2");
  }
}

// At every cut there is the IP header, whole, or a note; and nothing is read behind the cut.
TEST(DecodeOtherLink, RD12_CutAtEveryByte) {
  const std::vector<std::uint8_t> ip =
      PacketBuilder().Ipv4("10.0.0.1", "10.0.0.2").Udp(7, 9).Data("00").Build();
  struct Case {
    LinkType type;
    const char* header;
  };
  for (const Case& c :
       {Case{LinkType::kPpp, "ff03 0021"}, Case{LinkType::kPppHdlc, "0f00 0800"},
        Case{LinkType::kCiscoHdlc, "0f00 8100 0005 0800"},
        Case{LinkType::kNflog, "0200 0000 0800 0100 00000000 0500 0a00 61000000 2100 0900"},
        Case{LinkType::kErf,
             "0000000000000000 82 04 0041 0000 002f 0400000000000000 0000"
             "020000000002 020000000001 0800"}}) {
    std::vector<std::uint8_t> whole = Hex(c.header);
    whole.insert(whole.end(), ip.begin(), ip.end());
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const std::vector<std::uint8_t> cut(whole.begin(),
                                          whole.begin() + static_cast<std::ptrdiff_t>(size));
      const Decoded decoded = DecodeBytes(cut, c.type, static_cast<std::uint32_t>(whole.size()));
      EXPECT_EQ(decoded.has_ports, size + 5 >= whole.size()) << size;
      const bool odd_protocol = c.type == LinkType::kPpp && size == 1;  // a whole one of one byte
      EXPECT_EQ(decoded.note == DecodeNote::kNone, decoded.has_ports || odd_protocol) << size;
    }
  }
}

TEST(DecodeOtherLink, NflogAttributesAreBounded) {
  std::string endless = "0200 0000";
  for (int i = 0; i < 100; ++i) endless += "0400 0100";
  EXPECT_EQ(DecodeBytes(Hex(endless), LinkType::kNflog).note, DecodeNote::kLinkTruncated);
  for (const char* bad : {"0200 0000 0000 0900", "0200 0000 0300 0900", "0201 0000 0400 0900"}) {
    EXPECT_EQ(DecodeBytes(Hex(bad), LinkType::kNflog).note, DecodeNote::kLinkTruncated) << bad;
  }
}

TEST(DecodeOtherLink, UnknownFamiliesAndKindsHaveNoKey) {
  EXPECT_FALSE(DecodeBytes(Hex("00000007 45"), LinkType::kNull).has_ip);
  EXPECT_EQ(DecodeBytes(Hex("00000007 45"), LinkType::kNull).note, DecodeNote::kNone);
  const std::vector<std::uint8_t> infiniband = Hex("0000000000000000 15 04 0031 0000 001d 45");
  EXPECT_EQ(DecodeBytes(infiniband, LinkType::kErf).note, DecodeNote::kUndecodedLink);
  EXPECT_FALSE(DecodeBytes(Hex("c021 0101"), LinkType::kPpp).has_ip);
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
