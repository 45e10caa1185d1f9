// Records of pcap files: magics, link types, times, lengths that disagree.
#include "capture/source/pcap_format.h"

#include <gtest/gtest.h>

#include "tests/capture/source/file_builder.h"

namespace tapiary::capture::test {
namespace {

Buffer ThreePackets(const PcapSpec& spec = {}) {
  return Join({PcapHeader(spec), PcapRecord(spec, 10, 1, Payload(60)),
               PcapRecord(spec, 11, 2, Payload(61, 7)), PcapRecord(spec, 12, 3, Payload(1))});
}

TEST(PcapFormat, RD09_SixMagics) {
  for (const std::uint32_t magic : {0xa1b2c3d4u, 0xa1b23c4du, 0xa1b2cd34u}) {
    for (const bool big : {false, true}) {
      const PcapSpec spec{.magic = magic, .big = big};
      const SeenFile seen = ReadFile(ThreePackets(spec));
      ASSERT_EQ(seen.packets.size(), 3u) << std::hex << magic << big << seen.error;
      EXPECT_EQ(seen.note, "");
      const std::int64_t unit = magic == 0xa1b23c4d ? 1 : 1000;
      EXPECT_EQ(seen.packets[1].time_ns, 11'000'000'000 + 2 * unit);
      EXPECT_EQ(seen.packets[1].bytes, Payload(61, 7));
      EXPECT_EQ(seen.packets[1].direction,
                magic == 0xa1b2cd34 ? Direction::kOutbound : Direction::kUnknown);
    }
  }
}

TEST(PcapFormat, RD09_FcsBitsAboveTheLinkType) {
  const PcapSpec spec{.link_type = 0x24000001};  // four FCS bytes
  const SeenFile seen = ReadFile(ThreePackets(spec));
  ASSERT_EQ(seen.interfaces.size(), 1u);
  EXPECT_EQ(seen.interfaces[0].link_type, LinkType::kEthernet);
  EXPECT_EQ(seen.packets.size(), 3u);
}

TEST(PcapFormat, RD12_CapturedLongerThanTheWire) {
  const PcapSpec spec;
  const SeenFile seen = ReadFile(
      Join({PcapHeader(spec), PcapRecord(spec, 1, 0, Payload(48), 48, 1),
            PcapRecord(spec, 1, 0, {}, 0, 0), PcapRecord(spec, 1, 0, Payload(60), 60, 90)}));
  ASSERT_EQ(seen.packets.size(), 3u);
  EXPECT_EQ(seen.packets[0].bytes.size(), 48u);
  EXPECT_EQ(seen.packets[0].wire_length, 1u);
  EXPECT_EQ(seen.packets[1].bytes.size(), 0u);
  EXPECT_EQ(seen.stats.truncated, 1u);
  EXPECT_EQ(seen.stats.bytes, 108u);
}

TEST(PcapFormat, RD04_SnapLengthIsAdvice) {
  for (const std::uint32_t snap : {0u, 1u, 262'145u, 0xffffffffu}) {
    const PcapSpec spec{.snap_length = snap};
    const SeenFile seen = ReadFile(ThreePackets(spec));
    EXPECT_EQ(seen.packets.size(), 3u) << snap;
    EXPECT_EQ(seen.note, "");
  }
}

TEST(PcapFormat, LengthsExchangedBeforeVersion23) {
  const PcapSpec spec{.minor = 2};
  const SeenFile seen =
      ReadFile(Join({PcapHeader(spec), PcapRecord(spec, 1, 0, Payload(60), 90, 60)}));
  ASSERT_EQ(seen.packets.size(), 1u);
  EXPECT_EQ(seen.packets[0].bytes.size(), 60u);
  EXPECT_EQ(seen.packets[0].wire_length, 90u);
}

TEST(PcapFormat, FractionAboveOneSecondCarries) {
  const PcapSpec spec;
  const SeenFile seen =
      ReadFile(Join({PcapHeader(spec), PcapRecord(spec, 4'000'000'000u, 1'500'000, Payload(4))}));
  ASSERT_EQ(seen.packets.size(), 1u);
  EXPECT_EQ(seen.packets[0].time_ns, 4'000'000'001'500'000'000);
}

TEST(PcapFormat, LinkTypes) {
  EXPECT_EQ(LinkTypeFromNumber(276), LinkType::kLinuxSll2);
  EXPECT_EQ(LinkTypeFromNumber(12), LinkType::kRaw);
  EXPECT_EQ(LinkTypeFromNumber(104), LinkType::kCiscoHdlc);
  EXPECT_EQ(LinkTypeFromNumber(239), LinkType::kNflog);
  EXPECT_EQ(LinkTypeFromNumber(105), LinkType::kUndecoded);  // IEEE 802.11
  EXPECT_EQ(LinkTypeFromNumber(147), LinkType::kUndecoded);
  EXPECT_EQ(LinkTypeFromNumber(65'535), LinkType::kUndecoded);
}

TEST(PcapFormat, LooksLikePcapWithAnyNumberOfBytes) {
  const Buffer header = PcapHeader({.magic = 0xa1b23c4d, .big = true});
  for (std::size_t size = 0; size <= header.size(); ++size) {
    EXPECT_TRUE(LooksLikePcap(base::Bytes(header).first(size))) << size;
  }
  EXPECT_FALSE(LooksLikePcap(NgSection()));
  EXPECT_FALSE(LooksLikePcap(Buffer{0xa1, 0xb2, 0xc4}));
}

}  // namespace
}  // namespace tapiary::capture::test
