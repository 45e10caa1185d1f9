// What Wireshark reads of the plugin, and what it asks for; tests/integration/extcap_test.sh has a
// real tshark run it.
#include "cli/extcap.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tapiary::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::vector<CollectorFile> kFiles = {
    {"", {.url = "https://a:8443", .token_file = "/t"}},
    {"plant-b", {.url = "https://b", .token_file = "/t2", .ca_file = "/ca"}}};

TEST(Extcap, CollectorsAreInterfaces) {
  const std::string text = ExtcapInterfaces(kFiles);
  EXPECT_THAT(text, HasSubstr("\ninterface {value=tapiary}{display=Tapiary, https://a:8443}\n"));
  EXPECT_THAT(
      text, HasSubstr("\ninterface {value=tapiary-plant-b}{display=Tapiary plant-b, https://b}\n"));
  EXPECT_TRUE(text.starts_with("extcap {version="));
  EXPECT_THAT(text, Not(HasSubstr("/t")));  // CO-08: where the token is concerns nobody
}

TEST(Extcap, NoTextEndsAValueOrALine) {
  const std::string text =
      ExtcapInterfaces({{"x", {.url = "https://a}{value=evil}\ninterface {value=evil}"}}}) +
      ExtcapLinkTypes("a}\ndlt {number=1}");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
  EXPECT_THAT(text, Not(HasSubstr("{value=evil}")));
  EXPECT_THAT(text, Not(HasSubstr("{number=1}")));
}

TEST(Extcap, ACaptureAsksForWhatBothFiltersMatch) {
  auto query = ExtcapQuery({.interface = "tapiary-plant-b",
                            .capture_filter = "tcp || udp",
                            .fifo = "/f",
                            .filter = "ip.addr == 10.0.0.1",
                            .sensor = "s",
                            .last = "15m"},
                           kFiles);
  ASSERT_TRUE(query) << query.error().message;
  EXPECT_EQ(query->collector.url, "https://b");
  EXPECT_EQ(query->collector.ca_file, "/ca");
  EXPECT_THAT(query->filter, ElementsAre("(ip.addr == 10.0.0.1) && (tcp || udp)"));
  EXPECT_TRUE(query->follow);
  EXPECT_EQ(query->output, "/f");
  EXPECT_TRUE(CheckPcapOptions(*query));
  query = ExtcapQuery({.interface = "tapiary", .capture_filter = "udp", .fifo = "/f", .once = true},
                      kFiles);
  EXPECT_THAT(query->filter, ElementsAre("udp"));
  EXPECT_FALSE(query->follow);
  EXPECT_FALSE(ExtcapQuery({.interface = "tapiary"}, kFiles));
  EXPECT_FALSE(ExtcapQuery({.interface = "tapiary-none", .fifo = "/f"}, kFiles));
  EXPECT_FALSE(ExtcapQuery({.interface = "", .fifo = "/f"}, kFiles));
}

TEST(Extcap, AFilterIsJudgedWithoutTheCollector) {
  EXPECT_EQ(ExtcapFilterProblem({}), "");
  EXPECT_EQ(ExtcapFilterProblem({.capture_filter = "tcp.port == 502 && ip.addr == 10.0.0.0/8"}),
            "");
  EXPECT_THAT(ExtcapFilterProblem({.capture_filter = "tcp.prt == 502"}), HasSubstr("tcp.port"));
  EXPECT_THAT(ExtcapFilterProblem({.filter = "tcp &&"}), Not(testing::IsEmpty()));
  EXPECT_THAT(ExtcapFilterProblem({.capture_filter = "command"}), HasSubstr("live"));
  EXPECT_EQ(ExtcapFilterProblem({.capture_filter = "command", .once = true}), "");
}

}  // namespace
}  // namespace tapiary::cli
