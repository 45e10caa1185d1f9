#include "capture/ot/s7comm/szl.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/iso/support.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::s7comm {
namespace {

using test::DetailOf;
using test::Hex;

Userdata Unit(const std::vector<std::uint8_t>& data, std::uint8_t sequence, bool more) {
  Userdata out;
  out.sequence = sequence;
  out.more = more;
  out.data = data;
  return out;
}

TEST(S7Szl, ModuleIdentification) {
  SzlReader reader;
  Transaction out;
  const auto request = Hex("0011 0000");
  EXPECT_EQ(SzlReader::DecodeRequest(Unit(request, 0, false), out), 0x11);
  const auto data =
      Hex("0011 0000 001c 0002 0001 36455337203331352d32454831342d3041423020 00c0 0003 0001 "
          "0007 2020202020202020202020202020202020202020 00c0 5603 0206");
  reader.DecodeAnswer(Unit(data, 1, false), true, out);
  EXPECT_EQ(DetailOf(out, "szl_id"), "0x0011");
  EXPECT_EQ(DetailOf(out, "order_number"), "6ES7 315-2EH14-0AB0");
  EXPECT_EQ(DetailOf(out, "firmware"), "V3.2.6");
  EXPECT_EQ(DetailOf(out, "entries"), "2");
}

TEST(S7Szl, OT01_AnEntryCutBetweenTwoUnits) {
  std::vector<std::uint8_t> data = Hex("001c 0000 0022 0002 0001");
  const std::string name = "station_1", serial = "S C-X4U421";
  data.insert(data.end(), name.begin(), name.end());
  data.resize(8 + 34);
  data.insert(data.end(), {0, 5});
  data.insert(data.end(), serial.begin(), serial.end());
  data.resize(8 + 68);
  for (std::size_t cut = 9; cut < data.size(); ++cut) {
    SzlReader reader;
    const std::vector<std::uint8_t> first(data.begin(), data.begin() + static_cast<long>(cut));
    const std::vector<std::uint8_t> second(data.begin() + static_cast<long>(cut), data.end());
    Transaction one, two;
    one.detail.emplace_back("szl_id", "0x001c");
    reader.DecodeAnswer(Unit(first, 3, true), true, one);
    two.detail.emplace_back("continuation", "1");
    reader.DecodeAnswer(Unit(second, 3, false), true, two);
    const bool in_first = cut >= 8 + 34;
    EXPECT_EQ(DetailOf(in_first ? one : two, "system_name"), name) << cut;
    EXPECT_EQ(DetailOf(two, "serial_number"), serial) << cut;
  }
}

TEST(S7Szl, ModeAndListOfLists) {
  SzlReader reader;
  Transaction mode;
  const auto run = Hex("0424 0000 0014 0001 5144ff0800000000000000001602082317446182");
  reader.DecodeAnswer(Unit(run, 1, false), false, mode);
  EXPECT_EQ(DetailOf(mode, "cpu_mode"), "run");
  Transaction lists;
  const auto ids = Hex("0000 0000 0002 0003 0000 0011 0f1c");
  reader.DecodeAnswer(Unit(ids, 1, false), false, lists);
  EXPECT_EQ(lists.values, (std::vector<std::int64_t>{0, 0x11, 0x0f1c}));
}

TEST(S7Szl, OT07_HostileSizesAndCounts) {
  SzlReader reader;
  for (const char* const hex : {"0011 0000 ffff ffff 00", "0011 0000 0000 ffff 00", "0011 00", "",
                                "0000 0000 0002 ffff 0011 0012"}) {
    Transaction out;
    const auto data = Hex(hex);
    reader.DecodeAnswer(Unit(data, 1, true), false, out);
    EXPECT_LE(out.values.size(), 2u);
  }
}

}  // namespace
}  // namespace tapiary::capture::s7comm
