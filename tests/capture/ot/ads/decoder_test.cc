#include "capture/ot/ads/decoder.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "base/text.h"
#include "tests/capture/ot/support/invariance.h"
#include "tests/capture/ot/support/recorder.h"

namespace tapiary::capture::ads {
namespace {

using test::DetailOf;
using test::Hex;

std::string Le32(std::uint32_t value) {
  return fmt::format("{:02x}{:02x}{:02x}{:02x}", value & 0xff, value >> 8 & 0xff,
                     value >> 16 & 0xff, value >> 24);
}
std::string Le16(unsigned value) {
  return fmt::format("{:02x}{:02x}", value & 0xff, value >> 8);
}
constexpr const char* kPlc = "0a000001 0101";
constexpr const char* kClient = "0a000063 0101";

std::string Wrap(const std::string& ends, unsigned command, unsigned flags, std::uint32_t error,
                 std::uint32_t invoke, const std::string& data) {
  const auto size = static_cast<std::uint32_t>(Hex(data).size());
  return "0000" + Le32(32 + size) + ends + Le16(command) + Le16(flags) + Le32(size) + Le32(error) +
         Le32(invoke) + data;
}
std::string Ask(std::uint32_t invoke, unsigned command, const std::string& data,
                unsigned port = 851) {
  return Wrap(kPlc + Le16(port) + kClient + Le16(32905), command, 4, 0, invoke, data);
}
std::string Answer(std::uint32_t invoke, unsigned command, const std::string& data,
                   unsigned port = 851, std::uint32_t error = 0) {
  return Wrap(kClient + Le16(32905) + kPlc + Le16(port), command, 5, error, invoke, data);
}
std::string Access(std::uint32_t group, std::uint32_t offset, std::uint32_t length) {
  return Le32(group) + Le32(offset) + Le32(length);
}

class AdsDecoderTest : public ::testing::Test {
 protected:
  Transaction Run(const std::string& request, const std::string& response) {
    decoder_.OnBytes(true, Hex(request), now_ += test::kMilli, out_);
    if (!response.empty()) decoder_.OnBytes(false, Hex(response), now_ += test::kMilli, out_);
    decoder_.Finish(out_);
    return out_.last();
  }
  AdsDecoder decoder_;
  test::Recorder out_;
  std::int64_t now_ = test::kStart;
};

TEST_F(AdsDecoderTest, DeviceInfoAndState) {
  const Transaction info =
      Run(Ask(1, 1, ""), Answer(1, 1, "00000000 02 0b f807 544349504c435f50524700000000000000"));
  EXPECT_EQ(info.operation, "read_device_info");
  EXPECT_EQ(info.attack_technique, "T0888");
  EXPECT_EQ(DetailOf(info, "version"), "2.11.2040");
  EXPECT_EQ(DetailOf(info, "device"), "TCIPLC_PRG");
  EXPECT_EQ(DetailOf(info, "target"), "10.0.0.1.1.1:851");
  EXPECT_EQ(info.unit, 851u);
  const Transaction state = Run(Ask(2, 4, ""), Answer(2, 4, "00000000 0500 0000"));
  EXPECT_EQ(DetailOf(state, "state"), "run");
  EXPECT_FALSE(state.command);
}

TEST_F(AdsDecoderTest, ReadsAndWrites) {
  const Transaction read =
      Run(Ask(1, 2, Access(0x4020, 100, 2)), Answer(1, 2, "00000000 02000000 3412"));
  EXPECT_EQ(read.address, 100u);
  EXPECT_EQ(read.quantity, 2u);
  ASSERT_EQ(read.values.size(), 1u);
  EXPECT_EQ(read.values[0], 0x1234);
  EXPECT_EQ(DetailOf(read, "area"), "plc_memory");
  EXPECT_FALSE(read.command);
  const Transaction write = Run(Ask(2, 3, Access(0xf030, 7, 1) + "01"), Answer(2, 3, "00000000"));
  EXPECT_TRUE(write.command);
  EXPECT_EQ(write.attack_technique, "T0835");
  EXPECT_EQ(write.values, std::vector<std::int64_t>{1});
  const Transaction release =
      Run(Ask(3, 3, Access(0xf006, 0, 4) + "01000000"), Answer(3, 3, "00000000"));
  EXPECT_FALSE(release.command);
}

TEST_F(AdsDecoderTest, SymbolHandlesHaveTheName) {
  const Transaction got = Run(Ask(9, 9, Access(0xf003, 0, 4) + "0a000000 4d41494e2e5075 6d7000"),
                              Answer(9, 9, "00000000 04000000 01020304"));
  EXPECT_EQ(DetailOf(got, "name"), "MAIN.Pump");
  EXPECT_FALSE(got.command);
  EXPECT_EQ(DetailOf(got, "response_data"), "01020304");
  EXPECT_TRUE(got.anomalies.empty());
}

TEST_F(AdsDecoderTest, ControlsAreFlaggedByTheirState) {
  const Transaction stop = Run(Ask(1, 5, "0600 0000 00000000"), Answer(1, 5, "00000000"));
  EXPECT_TRUE(stop.command);
  EXPECT_EQ(stop.attack_technique, "T0881");
  EXPECT_EQ(DetailOf(stop, "state"), "stop");
  EXPECT_EQ(Run(Ask(2, 5, "0500 0000 00000000"), "").attack_technique, "T0858");
  EXPECT_EQ(Run(Ask(3, 5, "0c00 0000 00000000"), "").attack_technique, "T0816");
}

TEST_F(AdsDecoderTest, SystemServiceFilesAndProcesses) {
  const Transaction process = Run(Ask(1, 3, Access(500, 0, 2) + "6162", 10000), "");
  EXPECT_EQ(process.attack_technique, "T0871");
  EXPECT_EQ(DetailOf(process, "area"), "start_process");
  const Transaction erase = Run(Ask(2, 9, Access(131, 0, 0) + "03000000 613a00", 10000), "");
  EXPECT_EQ(erase.attack_technique, "T0809");
  EXPECT_EQ(DetailOf(erase, "name"), "a:");
  EXPECT_EQ(Run(Ask(3, 3, Access(500, 0, 2) + "6162", 851), "").attack_technique, "T0855");
}

TEST_F(AdsDecoderTest, ErrorsOfRouterAndDevice) {
  EXPECT_EQ(Run(Ask(1, 2, Access(1, 2, 3)), Answer(1, 2, "", 851, 6)).exception, 6u);
  const Transaction device = Run(Ask(2, 2, Access(1, 2, 3)), Answer(2, 2, "02070000 00000000"));
  EXPECT_EQ(device.exception, 0x702u);
  EXPECT_EQ(device.status, TransactionStatus::kException);
}

TEST_F(AdsDecoderTest, EitherEndMayAskAndNotify) {
  const Transaction got = Run(Answer(0, 4, "00000000 0500 0000"), Ask(0, 4, ""));
  EXPECT_EQ(DetailOf(got, "asked_by"), "server");
  decoder_.OnBytes(false, Hex(Ask(5, 8, "04000000 00000000")), now_, out_);
  EXPECT_EQ(out_.counters["ads.notification"], 1u);
}

TEST_F(AdsDecoderTest, OT07_AnyByteMayBeWrong) {
  const std::vector<std::uint8_t> good =
      Hex(Ask(9, 9, Access(0xf003, 0, 4) + "04000000 4d410000") + Ask(1, 5, "0600 0000 00000000"));
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int value : {0x00, 0x01, 0x7f, 0xff}) {
      std::vector<std::uint8_t> bytes = good;
      bytes[at] = static_cast<std::uint8_t>(value);
      AdsDecoder decoder;
      test::Recorder out;
      decoder.OnBytes(true, bytes, now_, out);
      decoder.OnBytes(false, bytes, now_, out);
      decoder.Finish(out);
      EXPECT_LE(out.transactions.size(), 4u);
    }
  }
}

TEST(AdsStream, OT01_OT02_OT04_OT08_OT12_TheSameFacts) {
  test::Conversation talk;
  talk.server_port = 48898;
  talk.Client(Ask(1, 4, "")).Server(Answer(1, 4, "00000000 0500 0000"));
  talk.Client(Ask(2, 9, Access(0xf003, 0, 4) + "04000000 4d410000"));
  talk.Server(Answer(2, 9, "00000000 04000000 01020304"));
  talk.Client(Ask(3, 3, Access(0xf005, 1, 2) + "0100")).Client(Ask(4, 2, Access(0x4020, 0, 1)));
  talk.Server(Answer(4, 2, "00000000 01000000 07")).Server(Answer(3, 3, "00000000"));
  talk.Client(Ask(5, 5, "0600 0000 00000000")).Server(Answer(5, 5, "00000000"));
  talk.Client(Ask(6, 4, "")).Server(Answer(6, 4, "00000000 0600 0000"));
  test::CheckInvariance(talk);
  talk.server_port = 12345;
  test::CheckCuts(talk);
}

}  // namespace
}  // namespace tapiary::capture::ads
