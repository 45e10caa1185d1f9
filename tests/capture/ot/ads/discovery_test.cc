#include "capture/ot/ads/discovery.h"

#include <gtest/gtest.h>

#include <string>

#include "capture/ot/ads/decoder.h"
#include "tests/capture/ot/support/invariance.h"
#include "tests/capture/ot/support/recorder.h"

namespace tapiary::capture::ads {
namespace {

using test::DetailOf;
using test::Hex;

// Host "H1", net id, user "root", password "guess", route "R".
const char* const kAddRoute =
    "03661471 07000000 06000000 0a0000630101 1027 05000000"
    "0c00 0200 5200  0700 0600 0a0000630101  0d00 0500 726f6f7400  0200 0600 677565737300"
    "0500 0300 483100";
const char* const kRefused =
    "03661471 07000000 06000080 0a0000010101 1027 01000000 0100 0400 04070000";

TEST(AdsDiscovery, AddRouteShowsTheCredentialsTried) {
  AdsDecoder decoder;
  test::Recorder out;
  decoder.OnDatagram(true, Hex(kAddRoute), false, test::kStart, out);
  decoder.OnDatagram(false, Hex(kRefused), false, test::kStart + test::kMilli, out);
  ASSERT_EQ(out.transactions.size(), 1u);
  const Transaction& got = out.transactions[0];
  EXPECT_EQ(got.operation, "add_route");
  EXPECT_TRUE(got.command);
  EXPECT_EQ(got.attack_technique, "T0859");
  EXPECT_EQ(DetailOf(got, "user"), "root");
  EXPECT_EQ(DetailOf(got, "password"), "guess");
  EXPECT_EQ(DetailOf(got, "route_name"), "R");
  EXPECT_EQ(DetailOf(got, "route_net_id"), "10.0.0.99.1.1");
  EXPECT_EQ(DetailOf(got, "host"), "H1");
  EXPECT_EQ(got.exception, 0x704u);
  EXPECT_TRUE(got.anomalies.empty());
}

TEST(AdsDiscovery, IdentifyIsNoCommand) {
  AdsDecoder decoder;
  test::Recorder out;
  decoder.OnDatagram(true, Hex("03661471 01000000 01000000 0a0000630101 1027 00000000"), false,
                     test::kStart, out);
  decoder.OnDatagram(false,
                     Hex("03661471 01000000 01000080 0a0000010101 1027 02000000"
                         "0500 0300 503100 0300 0400 0301b80f"),
                     false, test::kStart, out);
  ASSERT_EQ(out.transactions.size(), 1u);
  EXPECT_EQ(out.transactions[0].operation, "identify");
  EXPECT_FALSE(out.transactions[0].command);
  EXPECT_EQ(DetailOf(out.transactions[0], "answering_host"), "P1");
  EXPECT_EQ(DetailOf(out.transactions[0], "twincat_version"), "3.1.4024");
  EXPECT_EQ(DetailOf(out.transactions[0], "target"), "10.0.0.1.1.1:10000");
}

TEST(AdsDiscovery, OT07_TagsAreBounded) {
  const std::vector<std::uint8_t> good = Hex(kAddRoute);
  for (std::size_t size = 0; size < good.size(); ++size) {
    AdsDecoder decoder;
    test::Recorder out;
    decoder.OnDatagram(true, base::Bytes(good).first(size), false, test::kStart, out);
    decoder.Finish(out);
    const bool told = !out.anomalies.empty() ||
                      (!out.transactions.empty() && !out.transactions[0].anomalies.empty());
    EXPECT_EQ(told, size != 0) << size;
  }
}

TEST(AdsDiscovery, OT08_OT12_TheSameFacts) {
  test::Conversation talk;
  talk.carrier = test::Carrier::kUdp;
  talk.server_port = 48899;
  talk.client_port = 48899;
  talk.Client(kAddRoute).Server(kRefused);
  test::CheckInvariance(talk);
}

}  // namespace
}  // namespace tapiary::capture::ads
