#include "capture/ot/fox/decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/capture/ot/support/invariance.h"
#include "tests/capture/ot/support/recorder.h"

namespace tapiary::capture::fox {
namespace {

using test::DetailOf;

std::vector<std::uint8_t> Bytes(std::string_view text) {
  return {text.begin(), text.end()};
}
constexpr std::string_view kAsk =
    "fox a 1 -1 fox hello\n{\nfox.version=s:1.0\nid=i:1\nhostName=s:laptop\n};;\n";
constexpr std::string_view kAnswer =
    "fox a 0 -1 fox hello\n{\nfox.version=s:1.0\nhostName=s:10.0.0.9\napp.version=s:3.8.1\n"
    "os.name=s:QNX\nstation.name=s:Chiller_2\nhostId=s:Qnx-1\n};;\n";

TEST(FoxDecoder, HelloOfBothEnds) {
  FoxDecoder decoder;
  test::Recorder out;
  decoder.OnBytes(true, Bytes(kAsk), test::kStart, out);
  decoder.OnBytes(false, Bytes(kAnswer), test::kStart, out);
  decoder.OnBytes(false, Bytes("fox a 1 -1 fox challenge\n{\nmethod=s:digest-md5\n};;\n"),
                  test::kStart, out);
  ASSERT_EQ(out.transactions.size(), 1u);
  const Transaction& got = out.transactions[0];
  EXPECT_EQ(got.operation, "hello");
  EXPECT_EQ(got.attack_technique, "T0888");
  EXPECT_EQ(DetailOf(got, "client_host_name"), "laptop");
  EXPECT_EQ(DetailOf(got, "host_name"), "10.0.0.9");
  EXPECT_EQ(DetailOf(got, "station_name"), "Chiller_2");
  EXPECT_EQ(DetailOf(got, "app_version"), "3.8.1");
  EXPECT_EQ(DetailOf(got, "os_name"), "QNX");
  EXPECT_EQ(out.counters["fox.frame"], 1u);
}

TEST(FoxDecoder, OT07_FramesWithoutEndAreBounded) {
  FoxDecoder decoder;
  test::Recorder out;
  decoder.OnBytes(true, Bytes("fox a 1 -1 fox hello\n{\nhostName=s:" + std::string(50000, 'x')),
                  test::kStart, out);
  decoder.OnBytes(true, Bytes(kAsk), test::kStart, out);
  decoder.Finish(out);
  ASSERT_EQ(out.transactions.size(), 2u);
  EXPECT_EQ(DetailOf(out.transactions[0], "client_host_name").size(), 256u);
  EXPECT_EQ(DetailOf(out.transactions[1], "client_host_name"), "laptop");
}

TEST(FoxStream, OT01_OT02_OT12_TheSameFacts) {
  test::Conversation talk;
  talk.server_port = 1911;
  talk.Add(true, Bytes(kAsk)).Add(false, Bytes(kAnswer));
  talk.Add(false, Bytes("fox a 1 -1 fox challenge\n{\nmethod=s:digest-md5\n};;\n"));
  test::CheckInvariance(talk);
}

}  // namespace
}  // namespace tapiary::capture::fox
