#include "capture/flow/datagrams.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "tests/capture/support/meter_run.h"

namespace tapiary::capture {
namespace {

using test::Adu;
using test::Hex;
using test::kStart;
using test::MeterRun;
using test::PacketBuilder;
using test::PacketList;
using test::RunMeter;

constexpr std::uint32_t kHeader = 8;

FlowKey KeyOf(std::uint16_t id) {
  FlowKey key;
  key.kind = KeyKind::kFragment;
  key.high_port = id;
  return key;
}

class DatagramsTest : public ::testing::Test {
 protected:
  // Bytes [begin, end) of the IP payload, of which the first eight are the UDP header.
  base::Bytes Add(std::uint32_t begin, std::uint32_t end, bool more, std::uint16_t id = 1) {
    data_.resize(70000);
    std::iota(data_.begin(), data_.end(), std::uint8_t{0});
    return assembler_.Add(
        KeyOf(id), {begin, base::Bytes(data_).subspan(begin, end - begin), end - begin, more, 0},
        kHeader);
  }
  DatagramAssembler assembler_;
  std::vector<std::uint8_t> data_;
};

TEST_F(DatagramsTest, FL05_AnyOrderGivesTheDatagram) {
  struct Part {
    std::uint32_t begin, end;
    bool more;
  };
  std::vector<Part> parts = {{8, 16, true}, {16, 40, true}, {40, 43, false}};
  std::uint16_t id = 0;
  do {
    ++id;
    base::Bytes whole;
    for (const Part& part : parts) {
      EXPECT_TRUE(whole.empty());
      whole = Add(part.begin, part.end, part.more, id);
    }
    ASSERT_EQ(whole.size(), 35u);
    EXPECT_TRUE(std::equal(whole.begin(), whole.end(), data_.begin() + 8));
  } while (std::next_permutation(parts.begin(), parts.end(),
                                 [](const Part& a, const Part& b) { return a.begin < b.begin; }));
  EXPECT_EQ(id, 6);
}

TEST_F(DatagramsTest, CopiesOfAMirrorMakeOneDatagram) {
  EXPECT_TRUE(Add(8, 16, true).empty());
  EXPECT_TRUE(Add(8, 16, true).empty());
  EXPECT_FALSE(Add(16, 24, false).empty());
  EXPECT_TRUE(Add(16, 24, false).empty());
  EXPECT_TRUE(Add(8, 16, true).empty());
}

TEST_F(DatagramsTest, OverlapsDiscardTheDatagram) {
  EXPECT_TRUE(Add(8, 24, true).empty());
  EXPECT_TRUE(Add(16, 32, true).empty());
  EXPECT_TRUE(Add(24, 32, false).empty());
  EXPECT_FALSE(Add(8, 16, false, 2).empty());  // another one is not touched
}

TEST_F(DatagramsTest, HostileLengthsAndEndsAreRefused) {
  EXPECT_TRUE(Add(65528, 65544, false).empty());  // beyond 64 KiB
  EXPECT_TRUE(Add(16, 24, false, 2).empty());     // two ends
  EXPECT_TRUE(Add(24, 32, false, 2).empty());
  EXPECT_TRUE(Add(8, 16, true, 2).empty());
  EXPECT_TRUE(Add(32, 40, true, 3).empty());  // beyond the end
  EXPECT_TRUE(Add(8, 16, false, 3).empty());
  for (std::uint32_t i = 1; i < 100; ++i) {  // too many fragments
    EXPECT_TRUE(Add(8 * i, 8 * i + 8, i != 99, 4).empty());
  }
}

// A Modbus request and its answer over UDP, the request in two fragments.
MeterRun RunModbus(const std::vector<int>& order) {
  const std::vector<std::uint8_t> adu = Hex(Adu(7, 1, "1000100002 04 00010002"));
  std::vector<std::uint8_t> udp = Hex("9c40 01f6 0000 0000");
  udp[5] = static_cast<std::uint8_t>(8 + adu.size());
  udp.insert(udp.end(), adu.begin(), adu.end());
  PacketList packets;
  std::int64_t time = kStart;
  for (const int number : order) {
    PacketBuilder builder;
    builder.Eth();
    if (number == 2) {
      builder.Ipv4("10.0.0.2", "10.0.0.1").Udp(502, 40000).Data(Adu(7, 1, "1000100002"));
    } else {
      const std::size_t from = number == 0 ? 0 : 16;
      const std::size_t to = number == 0 ? 16 : udp.size();
      builder
          .Ipv4("10.0.0.1", "10.0.0.2",
                {.proto = 17,
                 .id = 9,
                 .fragment_offset = static_cast<std::uint16_t>(from),
                 .more_fragments = number == 0})
          .Data(std::span(udp).subspan(from, to - from));
    }
    packets.Add(builder.Build(), time += 1000);
  }
  return RunMeter(packets);
}

TEST(FragmentedDatagrams, FL05_DecodersSeeThemWhole) {
  for (const std::vector<int>& order : {std::vector<int>{0, 1, 2}, {1, 0, 2}, {0, 0, 1, 1, 2}}) {
    const MeterRun run = RunModbus(order);
    ASSERT_EQ(run.records.flows.size(), 1u);
    ASSERT_EQ(run.records.transactions.size(), 1u);
    EXPECT_EQ(run.records.transactions[0].operation, "write_multiple_registers");
    EXPECT_EQ(run.records.transactions[0].values, (std::vector<std::int64_t>{1, 2}));
    EXPECT_EQ(run.records.transactions[0].status, TransactionStatus::kOk);
  }
}

TEST(FragmentedDatagrams, FL05_HalfOfOneIsNotDecoded) {
  const MeterRun run = RunModbus({0});
  ASSERT_EQ(run.records.flows.size(), 1u);
  EXPECT_TRUE(run.records.transactions.empty());
}

}  // namespace
}  // namespace tapiary::capture
