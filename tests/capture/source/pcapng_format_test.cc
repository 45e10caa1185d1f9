// The pcap source on pcapng files: sections, interfaces, times, rare and hostile blocks.
#include <gtest/gtest.h>

#include "capture/source/pcapng_format.h"
#include "tests/capture/source/file_builder.h"

namespace tapiary::capture::test {
namespace {

Buffer Resolution(bool big, std::uint8_t value) {
  return NgOption(big, 9, {value});
}
Buffer Offset(bool big, std::int64_t seconds) {
  return NgOption(big, 14, Writer(big).U64(static_cast<std::uint64_t>(seconds)).out());
}

Buffer TwoSections() {
  return Join({NgSection(false), NgInterface(false, 1, 0), NgEnhanced(false, 0, 1, Payload(60)),
               NgEnhanced(false, 0, 2, Payload(61)), NgSection(true), NgInterface(true, 1, 96),
               NgEnhanced(true, 0, 3, Payload(62)), NgInterface(true, 101, 0),
               NgEnhanced(true, 1, 4, Payload(63)), NgEnhanced(true, 1, 5, Payload(64))});
}

TEST(PcapngFormat, RD06_SectionsOfUnlikeByteOrder) {
  const Buffer bytes = TwoSections();
  const SeenFile file = ReadFile(bytes);
  ASSERT_EQ(file.packets.size(), 5u) << file.note << file.error;
  EXPECT_EQ(file.interfaces.size(), 3u);
  EXPECT_EQ(file.packets[2].interface, 1u);
  EXPECT_EQ(file.packets[4].interface, 2u);
  EXPECT_EQ(file.interfaces[2].link_type, LinkType::kRaw);
  EXPECT_EQ(file.packets[4].bytes, Payload(64));
  for (const std::size_t chunk : {1u, 5u, 32u}) {
    EXPECT_EQ(ReadPipe(bytes, chunk).packets, file.packets) << chunk;
  }
}

TEST(PcapngFormat, SameInterfaceInLaterSectionsKeepsItsIndex) {
  const Buffer name = NgOption(false, 2, Writer().Text("eth0").out());
  const Buffer section =
      Join({NgSection(), NgInterface(false, 1, 0, name), NgEnhanced(false, 0, 3, Payload(60))});
  const SeenFile seen = ReadFile(Join({section, section, section}));
  EXPECT_EQ(seen.packets.size(), 3u);
  ASSERT_EQ(seen.interfaces.size(), 1u);
  EXPECT_EQ(seen.interfaces[0].name, "eth0");
}

TEST(PcapngFormat, RD03_ResolutionsAndOffsets) {
  struct Case {
    std::uint8_t resolution;
    std::uint64_t ticks;
    std::int64_t offset;
    std::int64_t expected;
  };
  const Case cases[] = {
      {0, 7, 0, 7'000'000'000},
      {3, 7001, 0, 7'001'000'000},
      {6, 7'000'001, 0, 7'000'001'000},
      {9, 1'595'660'608'118'831'273, 0, 1'595'660'608'118'831'273},
      {12, 7'000'000'000'999, 0, 7'000'000'000},  // rounded down
      {0x8a, 1024 * 5 + 1, 0, 5'000'976'562},
      {0xa0, (5ull << 32) + 1, 0, 5'000'000'000},
      {6, 7'000'001, -3600, -3593 * 1'000'000'000ll + 1000},
      {9, 5, 100, 100'000'000'005},
      {19, 10'000'000'000'000'000'000ull, 0, 1'000'000'000},
      {20, 5, 0, kTimeUnknown},    // finer than 64 bits can count
      {0xc0, 5, 0, kTimeUnknown},  // 2^-64
      {0, UINT64_MAX, 0, kTimeUnknown},
      {0, 0, INT64_MIN, kTimeUnknown},
      {0, 0, INT64_MAX, kTimeUnknown},
  };
  for (const bool big : {false, true}) {
    std::vector<Buffer> parts = {NgSection(big), NgInterface(big, 1, 0)};
    for (const Case& one : cases) {
      parts.push_back(
          NgInterface(big, 1, 0, Join({Resolution(big, one.resolution), Offset(big, one.offset)})));
    }
    parts.push_back(NgEnhanced(big, 0, 3, Payload(4)));  // no option: microseconds
    std::uint32_t interface = 0;
    for (const Case& one : cases) parts.push_back(NgEnhanced(big, ++interface, one.ticks, {}));
    const SeenFile seen = ReadFile(Join(parts));
    ASSERT_EQ(seen.packets.size(), 1 + std::size(cases)) << seen.note;
    EXPECT_EQ(seen.packets[0].time_ns, 3000);
    for (std::size_t i = 0; i < std::size(cases); ++i) {
      EXPECT_EQ(seen.packets[i + 1].time_ns, cases[i].expected) << i;
    }
  }
}

TEST(PcapngFormat, RD02_ImpossibleBlockLengths) {
  const Buffer good =
      Join({NgSection(), NgInterface(false, 1, 0), NgEnhanced(false, 0, 1, Payload(60))});
  for (const std::uint32_t type : {0x0a0d0d0au, 1u, 2u, 3u, 6u, 0x4242u}) {
    for (const std::int64_t total : {0, 4, 8, 11, 12, 13, 16}) {
      const Buffer body = type == 0x0a0d0d0a
                              ? Writer().U32(0x1a2b3c4d).U16(1).U16(0).U64(UINT64_MAX).out()
                              : Payload(40);
      const SeenFile seen = ReadFile(Join({good, NgBlock(false, type, body, total)}));
      EXPECT_EQ(seen.packets.size(), 1u) << type << ' ' << total;
      EXPECT_EQ(seen.error, "");
      EXPECT_EQ(seen.note.find("corrupt at offset "), 0u) << type << ' ' << total << seen.note;
    }
    Buffer body = Payload(40);
    const SeenFile seen =
        ReadFile(Join({good, NgBlock(false, type == 0x0a0d0d0a ? 1 : type, body, -1, 56)}));
    EXPECT_EQ(seen.packets.size(), 1u);
    EXPECT_NE(seen.note.find("two lengths differ"), std::string::npos) << type << seen.note;
  }
}

TEST(PcapngFormat, RD01_HugeLengthsInSmallFiles) {
  const Buffer good =
      Join({NgSection(), NgInterface(false, 1, 0), NgEnhanced(false, 0, 1, Payload(4))});
  for (const std::uint32_t type : {1u, 2u, 3u, 6u}) {
    const SeenFile seen = ReadFile(Join({good, NgBlock(false, type, Payload(40), 0xfffffffc)}));
    EXPECT_EQ(seen.packets.size(), 1u);
    EXPECT_EQ(seen.note.find("corrupt at offset "), 0u) << seen.note;
  }
  // A packet that is longer than its block.
  for (const std::uint32_t type : {2u, 6u}) {
    Writer body;
    body.U32(0).U64(0).U32(0xffffffff).U32(0xffffffff).Bytes(Payload(40));
    const SeenFile seen = ReadFile(Join({good, NgBlock(false, type, body.out())}));
    EXPECT_EQ(seen.packets.size(), 1u);
    EXPECT_EQ(seen.note.find("corrupt at offset "), 0u) << seen.note;
  }
  // An unknown block may be that long; here its end is missing.
  for (const std::uint32_t type : {0x4242u, 0xbadu, 4u, 5u}) {
    const SeenFile seen = ReadFile(Join({good, NgBlock(false, type, Payload(40), 0xfffffffc)}));
    EXPECT_EQ(seen.packets.size(), 1u);
    EXPECT_EQ(seen.note.find("truncated at "), 0u) << seen.note;
  }
}

TEST(PcapngFormat, RD05_LinkTypesAndUnknownInterface) {
  const SeenFile seen =
      ReadFile(Join({NgSection(), NgInterface(false, 1, 0), NgInterface(false, 113, 0),
                     NgInterface(false, 147, 0), NgEnhanced(false, 0, 1, Payload(60)),
                     NgEnhanced(false, 1, 1, Payload(60)), NgEnhanced(false, 2, 1, Payload(60)),
                     NgEnhanced(false, 82, 1, Payload(60)), NgEnhanced(false, 0, 1, Payload(60)),
                     NgEnhanced(false, 1, 1, Payload(60)), NgEnhanced(false, 2, 1, Payload(60))}));
  EXPECT_EQ(seen.packets.size(), 6u);
  EXPECT_EQ(seen.stats.bad_records, 1u);
  ASSERT_EQ(seen.interfaces.size(), 3u);
  EXPECT_EQ(seen.interfaces[1].link_type, LinkType::kLinuxSll);
  EXPECT_EQ(seen.interfaces[2].link_type, LinkType::kUndecoded);
  EXPECT_EQ(seen.interfaces[2].link_type_number, 147);
  EXPECT_EQ(seen.note, "");
}

TEST(PcapngFormat, RD08_SimplePacketBlock) {
  Buffer padded = Payload(60);
  const SeenFile seen =
      ReadFile(Join({NgSection(), NgInterface(false, 1, 60), NgSimple(false, 61, padded),
                     NgSimple(false, 57, Payload(57))}));
  ASSERT_EQ(seen.packets.size(), 2u);
  EXPECT_EQ(seen.packets[0].bytes.size(), 60u);
  EXPECT_EQ(seen.packets[0].wire_length, 61u);
  EXPECT_EQ(seen.packets[0].time_ns, kTimeUnknown);
  EXPECT_EQ(seen.packets[1].bytes, Payload(57));  // without its padding
}

TEST(PcapngFormat, RD09_RareAndUnknownBlocks) {
  Writer obsolete(false);
  obsolete.U16(0).U16(3).U32(0).U32(9).U32(6).U32(6).Bytes(Payload(6)).Pad4();
  obsolete.Bytes(NgOption(false, 2, Writer().U32(2).out()));
  const SeenFile seen = ReadFile(
      Join({NgSection(), NgBlock(false, 0x0bad, Payload(20)), NgInterface(false, 1, 0),
            NgBlock(false, 4, Payload(13)), NgBlock(false, 5, Payload(4)), NgBlock(false, 0xa, {}),
            NgBlock(false, 2, obsolete.out()), NgBlock(false, 0x40000bad, Payload(400)),
            NgBlock(false, 0x80000001, Payload(300'000)), NgEnhanced(false, 0, 1, Payload(60))}));
  ASSERT_EQ(seen.packets.size(), 2u) << seen.note;
  EXPECT_EQ(seen.packets[0].bytes, Payload(6));
  EXPECT_EQ(seen.packets[0].time_ns, 9000);
  EXPECT_EQ(seen.packets[0].direction, Direction::kOutbound);
  EXPECT_EQ(seen.note, "");
}

TEST(PcapngFormat, RD07_CutAtEveryByte) {
  const Buffer whole = TwoSections();
  std::size_t before = 0;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const SeenFile seen =
        ReadFile(Buffer(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
    ASSERT_EQ(seen.error, "") << size;
    EXPECT_GE(seen.packets.size(), before);
    before = seen.packets.size();
    if (!seen.note.empty()) {
      EXPECT_TRUE(seen.cut);
      EXPECT_EQ(seen.note.find("truncated at " + std::to_string(size)), 0u) << seen.note;
    }
  }
  EXPECT_EQ(before, 4u);
}

TEST(PcapngFormat, EveryByteChangedGivesNoHarm) {
  const Buffer whole = TwoSections();
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const std::uint8_t value : Buffer{0x00, 0x01, 0x7f, 0xff}) {
      Buffer bytes = whole;
      bytes[at] = value;
      const SeenFile seen = ReadFile(bytes);
      EXPECT_LE(seen.packets.size(), 5u);
    }
  }
}

TEST(PcapngFormat, TooManyInterfacesStop) {
  std::vector<Buffer> parts = {NgSection()};
  for (std::size_t i = 0; i <= kMaxInterfaces; ++i) parts.push_back(NgInterface(false, 1, 0));
  const SeenFile seen = ReadFile(Join(parts));
  EXPECT_EQ(seen.interfaces.size(), kMaxInterfaces);
  EXPECT_NE(seen.note.find("too many interfaces"), std::string::npos);
}

TEST(PcapngFormat, UnknownSectionVersionIsAFault) {
  const Buffer bytes =
      NgBlock(false, 0x0a0d0d0a, Writer().U32(0x1a2b3c4d).U16(2).U16(0).U64(UINT64_MAX).out());
  EXPECT_NE(ReadFile(bytes).note.find("version 2.0"), std::string::npos);
}

}  // namespace
}  // namespace tapiary::capture::test
