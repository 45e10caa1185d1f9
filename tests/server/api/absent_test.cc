#include "server/api/absent.h"

#include "base/clock.h"
#include "tests/server/api/fixture.h"

namespace tapiary::server::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class Absent : public ApiFixture {
 protected:
  void SetUp() override {
    ApiFixture::SetUp();
    StoreModbus(30);  // 300 packets in 4 segments
  }
  void Retain(std::int64_t since_ns) {
    Execute(
        "INSERT INTO retained (sensor_id, kind, since_ns, entries, bytes, removed_ns, reason) "
        "VALUES (?, 'packets', ?, 1, 1, 1, 'age')",
        {SensorId("plant-a"), since_ns});
  }
  std::string Download(const std::string& filter, const std::string& format = "pcapng") {
    Response response = Get("/api/v1/pcap", {{"filter", filter}, {"format", format}});
    EXPECT_EQ(response.status, 200) << response.body;
    return Body(response);
  }
  std::string FlowId(int number) {
    return Json("/api/v1/flows", {{"limit", "100"}})["items"][number]["id"];
  }
};

TEST_F(Absent, WholeDownloadsSayNothing) {
  Retain(base::WallNow() - 2 * base::kNanosPerDay);  // before the window
  for (const char* filter : {"modbus", "tcp"}) {
    EXPECT_THAT(Download(filter), AllOf(Not(HasSubstr("MISSING")), Not(HasSubstr("LATE"))));
  }
}

TEST_F(Absent, PacketsOfFlowsThatRetentionRemovedAreTold) {
  Execute("DELETE FROM segments");
  const std::int64_t since_ns = base::WallNow() + base::kNanosPerMinute;
  Retain(since_ns);
  EXPECT_THAT(Download("modbus"),
              HasSubstr("MISSING: retention (age) removed what was received of sensor plant-a "
                        "before " +
                        base::FormatTime(since_ns) +
                        ": up to 300 packets of 30 of these flows are not here"));
  Response flow = Get("/api/v1/flows/" + FlowId(0) + "/pcap");
  EXPECT_THAT(Body(flow), HasSubstr("up to 10 packets of 1 of these flows"));
}

TEST_F(Absent, WhatHasALaterSegmentBehindItIsLost) {
  Execute("DELETE FROM segments WHERE first_block = (SELECT MIN(first_block) FROM segments)");
  const std::string file = Download("modbus");
  EXPECT_THAT(file, HasSubstr("of these flows of sensor plant-a never came, or were removed"));
  EXPECT_EQ(PacketsOf(file).size(), 220u);
  // A pcap has no place for that: it breaks off.
  Response classic = Get("/api/v1/pcap", {{"filter", "modbus"}, {"format", "pcap"}});
  std::vector<char> buffer(1 << 20);
  base::Result<std::size_t> read = classic.stream->Read(buffer);
  while (read && *read > 0) read = classic.stream->Read(buffer);
  EXPECT_FALSE(read);
}

TEST_F(Absent, PacketsThatMayStillComeAreLate) {
  Execute("DELETE FROM segments WHERE first_block = (SELECT MAX(first_block) FROM segments)");
  const std::string file = Download("modbus");
  EXPECT_THAT(file, AllOf(HasSubstr("LATE: up to "), Not(HasSubstr("MISSING"))));
  Download("modbus", "pcap");  // whole, as far as it goes
}

TEST_F(Absent, PacketsOfAWindowThatRetentionRemovedAreTold) {
  const std::int64_t since_ns = base::WallNow() - base::kNanosPerHour;
  Retain(since_ns);
  const auto told = HasSubstr(
      "MISSING: retention (age) removed packets of sensor plant-a that were received before " +
      base::FormatTime(since_ns));
  EXPECT_THAT(Download("tcp"), told);
  EXPECT_THAT(Download("sensor == \"plant-a\""), told);
  EXPECT_THAT(Download("sensor == \"plant-b\""), Not(HasSubstr("MISSING")));
}

}  // namespace
}  // namespace tapiary::server::test
