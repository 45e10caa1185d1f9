#include "uplink/sensor_config.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>

namespace tapiary::uplink {
namespace {

using ::testing::HasSubstr;

struct Parsed {
  SensorConfig config;
  base::Result<base::ConfigAction> action = base::ConfigAction::kDone;
  base::Result<> checked;
};

std::unique_ptr<Parsed> Parse(std::vector<const char*> arguments) {
  auto parsed = std::make_unique<Parsed>();
  base::ConfigTable table("tapiary-sensor", "test");
  AddRows(table, parsed->config);
  arguments.insert(arguments.begin(), "tapiary-sensor");
  parsed->action = table.Parse(static_cast<int>(arguments.size()), arguments.data());
  parsed->checked = Check(parsed->config);
  return parsed;
}

TEST(SensorConfig, ValuesReachTheParts) {
  const auto parsed = Parse({"--capture.interfaces",   "tap0",
                             "--capture.interfaces",   "tap1",
                             "--spool.path",           "/s",
                             "--spool.max_size",       "1GiB",
                             "--spool.segment_age",    "2s",
                             "--uplink.url",           "https://c:8443",
                             "--uplink.token_file",    "/nowhere/token",
                             "--uplink.bandwidth",     "1MiB",
                             "--meter.active_timeout", "5s",
                             "--health.interval",      "2s"});
  ASSERT_TRUE(parsed->action) << parsed->action.error().message;
  ASSERT_FALSE(parsed->checked);  // all right but for the token file
  EXPECT_THAT(parsed->checked.error().message, HasSubstr("/nowhere/token"));
  const SensorConfig& config = parsed->config;
  EXPECT_EQ(config.interfaces, (std::vector<std::string>{"tap0", "tap1"}));
  EXPECT_EQ(config.Spool().path, "/s");
  EXPECT_EQ(config.Spool().max_bytes, 1 << 30);
  EXPECT_EQ(config.Spool().segment_age_ns, 2 * base::kNanosPerSecond);
  EXPECT_EQ(config.Spool().flow_delay_ns, 5 * base::kNanosPerSecond);
  EXPECT_EQ(config.Forwarder().http.url, "https://c:8443");
  EXPECT_EQ(config.Forwarder().http.bytes_per_s, 1 << 20);
  EXPECT_EQ(config.Writer().health_ns, 2 * base::kNanosPerSecond);
  EXPECT_EQ(config.Engine(7).meter.epoch, 7u);
  EXPECT_EQ(config.Engine(7).meter.active_timeout_ns, 5 * base::kNanosPerSecond);
}

TEST(SensorConfig, LabelsAndNoise) {
  const std::string list = ::testing::TempDir() + "tapiary-noise-" + std::to_string(getpid());
  std::ofstream(list) << "192.0.2.0/24\n";
  const std::string rule = list + "=shodan,store=no";
  auto parsed =
      Parse({"--capture.files", "-", "--meter.labels", "none", "--noise.lists", rule.c_str()});
  ASSERT_TRUE(parsed->action) << parsed->action.error().message;
  EXPECT_TRUE(parsed->checked) << parsed->checked.error().message;
  EXPECT_FALSE(parsed->config.Engine(1).meter.labels);
  EXPECT_EQ(parsed->config.noise_lists, std::vector{rule});

  std::ofstream(list) << "192.0.2.0/24\nx\n";
  parsed = Parse({"--capture.files", "-", "--noise.lists", list.c_str()});
  ASSERT_FALSE(parsed->checked);
  EXPECT_THAT(parsed->checked.error().message, HasSubstr(":2: 'x'"));
  unlink(list.c_str());

  parsed = Parse({"--capture.files", "-", "--meter.labels", "p0f"});
  ASSERT_FALSE(parsed->checked);
  EXPECT_THAT(parsed->checked.error().message, HasSubstr("none or ndpi"));
  parsed = Parse({"--capture.files", "-", "--meter.labels", "ndpi"});
  EXPECT_EQ(parsed->checked.has_value(), capture::LabelsBuilt());
  EXPECT_EQ(parsed->config.Engine(1).meter.labels, true);
  EXPECT_EQ(Parse({"--capture.files", "-"})->config.Engine(1).meter.labels, capture::LabelsBuilt());
}

TEST(SensorConfig, DefaultsAreThoseOfTheDesign) {
  const auto parsed = Parse({"--capture.interfaces", "tap0"});
  const SensorConfig& config = parsed->config;
  EXPECT_EQ(config.segment_bytes, 16 << 20);
  EXPECT_EQ(config.segment_age_ns, 60 * base::kNanosPerSecond);
  EXPECT_EQ(config.block_bytes, 512 << 10);
  EXPECT_EQ(config.block_time_ns, base::kNanosPerSecond);
  EXPECT_EQ(config.sync_ns, base::kNanosPerSecond / 2);
}

TEST(SensorConfig, ContradictionsAreNamed) {
  EXPECT_THAT(Parse({})->checked.error().message, HasSubstr("capture.interfaces"));
  EXPECT_THAT(Parse({"--capture.interfaces", "a", "--capture.files", "b"})->checked.error().message,
              HasSubstr("together"));
  EXPECT_THAT(
      Parse({"--capture.interfaces", "a", "--capture.interfaces", "a"})->checked.error().message,
      HasSubstr("twice"));
  EXPECT_THAT(Parse({"--capture.interfaces", "a", "--spool.max_size", "64MiB",
                     "--spool.segment_size", "17MiB"})
                  ->checked.error()
                  .message,
              HasSubstr("four segments"));
  EXPECT_THAT(
      Parse({"--capture.interfaces", "a", "--uplink.retry_min", "2m"})->checked.error().message,
      HasSubstr("retry_min"));
  EXPECT_FALSE(Parse({"--capture.interfaces", "a", "--log.level", "loud"})->checked);
  EXPECT_FALSE(Parse({"--uplink.insecure", "true"})->action);  // there is no such thing
}

TEST(SensorConfig, WhatWouldFailAtTheStartIsNamed) {
  const auto message = [](std::vector<const char*> arguments) {
    const auto parsed = Parse(std::move(arguments));
    return parsed->checked ? std::string("accepted") : parsed->checked.error().message;
  };
  EXPECT_THAT(message({"--capture.interfaces", "tap0,tap1"}), HasSubstr("repeat the option"));
  EXPECT_THAT(message({"--capture.interfaces", "a-name-too-long0"}), HasSubstr("15 characters"));
  EXPECT_EQ(message({"--capture.interfaces", "exactly-15-long"}), "accepted");
  EXPECT_THAT(message({"--capture.interfaces", "tap0", "--capture.filter", "prot tcp"}),
              HasSubstr("filter 'prot tcp'"));
  EXPECT_THAT(message({"--capture.interfaces", "tap0", "--uplink.url", "http://c"}),
              HasSubstr("https://"));
  EXPECT_THAT(message({"--capture.interfaces", "tap0", "--uplink.url", "https://c",
                       "--uplink.ca_file", "/nowhere/ca"}),
              HasSubstr("/nowhere/ca"));
}

}  // namespace
}  // namespace tapiary::uplink
