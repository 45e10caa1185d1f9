#include "capture/ot/slmp/data.h"

#include <gtest/gtest.h>

#include "capture/ot/slmp/commands.h"
#include "tests/capture/ot/support/recorder.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::slmp {
namespace {

using test::DetailOf;
using test::Hex;

Transaction Decode(std::uint16_t command, std::uint16_t subcommand, const char* hex,
                   Style style = Style::k3E) {
  const std::vector<std::uint8_t> bytes = Hex(hex);
  Frame frame;
  frame.style = style;
  frame.command = command;
  frame.subcommand = subcommand;
  frame.data = bytes;
  Transaction out;
  out.code = command;
  (void)DecodeRequestData(frame, out);
  return out;
}

TEST(SlmpData, RandomWritesOfWordsAndBits) {
  const Transaction words = Decode(0x1402, 0, "0201 640000a8 0100 650000a8 0200 200000b4 44332211");
  EXPECT_EQ(words.values, (std::vector<std::int64_t>{1, 2, 0x11223344}));
  EXPECT_EQ(DetailOf(words, "device"), "D100,D101,W20");
  EXPECT_EQ(words.quantity, 3u);
  const Transaction bits = Decode(0x1402, 1, "02 32000090 00 2f00009d 01");
  EXPECT_EQ(bits.values, (std::vector<std::int64_t>{0, 1}));
  EXPECT_EQ(DetailOf(bits, "device"), "M50,Y2F");
  EXPECT_EQ(DetailOf(bits, "access"), "bit");
}

TEST(SlmpData, WideDeviceNumbers) {
  const Transaction read = Decode(0x0401, 2, "a0860100 a800 0a00");
  EXPECT_EQ(read.address, 100000u);
  EXPECT_EQ(DetailOf(read, "device"), "D100000");
  EXPECT_EQ(read.quantity, 10u);
}

TEST(SlmpData, OT07_CountsAreBoundedByWhatIsThere) {
  const Transaction batch = Decode(0x1401, 0, "640000a8 ffff 0100");
  EXPECT_EQ(batch.values.size(), 1u);
  EXPECT_EQ(batch.anomalies, std::vector<std::string>{"slmp-count-mismatch"});
  const Transaction random = Decode(0x1402, 0, "ffff 640000a8 0100");
  EXPECT_EQ(random.values.size(), 1u);
  EXPECT_FALSE(random.anomalies.empty());
  EXPECT_FALSE(Decode(0x0401, 0, "6400").anomalies.empty());
  EXPECT_FALSE(Decode(0x1630, 0, "ffff 3132").anomalies.empty());
}

TEST(SlmpData, FilesOfTheEngineeringTool) {
  const Transaction open = Decode(0x1867, 0,
                                  "00000000 0001 0400 38080000 1200"
                                  "4d00410049004e002e00500052004700",
                                  Style::kMelsoft);
  EXPECT_EQ(DetailOf(open, "file"), "MAIN.PRG");
  EXPECT_EQ(DetailOf(open, "mode"), "write");
  // A length of 46 looks like a character in front of the path.
  const Transaction info = Decode(0x185f, 0,
                                  "00000000 0400 2e00"
                                  "24004d0045004c00500052004a0024005c0053006f0075007200630065004900"
                                  "6e0066006f002e00430041004200",
                                  Style::kMelsoft);
  EXPECT_EQ(DetailOf(info, "file"), "$MELPRJ$\\SourceInfo.CAB");
  const Transaction read = Decode(0x1868, 0, "0200 10000000 0c03", Style::kMelsoft);
  EXPECT_EQ(DetailOf(read, "handle"), "2");
  EXPECT_EQ(read.address, 16u);
  EXPECT_EQ(read.quantity, 0x30cu);
}

TEST(SlmpData, ResponseSizesTellResponsesApart) {
  Frame frame;
  frame.command = 0x0401;
  frame.subcommand = 1;
  Transaction request;
  request.quantity = 5;
  EXPECT_EQ(ResponseSize(frame, request), 3u);
  frame.subcommand = 0;
  EXPECT_EQ(ResponseSize(frame, request), 10u);
  frame.command = 0x1401;
  EXPECT_EQ(ResponseSize(frame, request), 0u);
  frame.command = 0x1810;
  EXPECT_EQ(ResponseSize(frame, request), std::nullopt);
}

}  // namespace
}  // namespace tapiary::capture::slmp
