#include "uplink/sensor.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/support/timing.h"
#include "tests/uplink/support/spool_fixture.h"

namespace tapiary::uplink {
namespace {

SensorConfig ConfigFor(const std::string& folder) {
  SensorConfig config;
  base::ConfigTable table("test", "gives the defaults");
  AddRows(table, config);
  config.spool_path = folder + "/spool";
  return config;
}

TEST(Sensor, FileGoesIntoTheSpoolAndTheStopIsClean) {
  const TempFolder folder;
  SensorConfig config = ConfigFor(folder.path());
  config.files = {MakeCaptureFile(folder.path(), 300)};
  auto sensor = Sensor::Start(config);
  ASSERT_TRUE(sensor) << sensor.error().message;
  EXPECT_TRUE(timing::Comes([&] { return (*sensor)->finished().value(); }));
  ASSERT_TRUE((*sensor)->Stop());
  sensor->reset();

  auto spool = OpenSpool(config.Spool());
  const auto segment = spool->Next(Kind::kPackets).value();
  ASSERT_TRUE(segment);
  EXPECT_EQ(segment->packets, 300u);
  // Not the path: it says nothing to who looks at the collector.
  EXPECT_EQ(segment->interface, "file.pcapng");
  EXPECT_TRUE(TakeGaps(*spool).empty());
}

TEST(Sensor, FailedStartLeavesNoUncleanStop) {
  const TempFolder folder;
  SensorConfig config = ConfigFor(folder.path());
  config.files = {"/nowhere/x.pcap"};
  const auto sensor = Sensor::Start(config);
  ASSERT_FALSE(sensor);
  EXPECT_TRUE(sensor.error().message.starts_with("capture: "));
  auto spool = OpenSpool(config.Spool());
  EXPECT_TRUE(TakeGaps(*spool).empty());
}

TEST(Sensor, RefusedTokenFileLeavesNoUncleanStop) {
  const TempFolder folder;
  SensorConfig config = ConfigFor(folder.path());
  config.files = {MakeCaptureFile(folder.path(), 1)};
  config.url = "https://127.0.0.1:1";
  config.token_file = folder.path() + "/token";
  std::ofstream(config.token_file) << "test-token";
  ASSERT_EQ(chmod(config.token_file.c_str(), 0644), 0);
  const auto sensor = Sensor::Start(config);
  ASSERT_FALSE(sensor);
  EXPECT_TRUE(sensor.error().message.starts_with("uplink: ")) << sensor.error().message;
  auto spool = OpenSpool(config.Spool());
  EXPECT_TRUE(TakeGaps(*spool).empty());
}

}  // namespace
}  // namespace tapiary::uplink
