#include "server/api/flow_picks.h"

#include <gtest/gtest.h>

#include "tests/server/api/fixture.h"

namespace tapiary::server {
namespace {

class FlowPicksTest : public test::ApiFixture {
 protected:
  base::Result<std::unique_ptr<FlowSelector>> Choose(std::string_view filter) {
    return ChooseFlows(*catalog_, *Filter::Parse(filter), nullptr);
  }
  // Rows of flows alone; blocks and record are JSON.
  void AddRows(int count, const std::string& blocks, const std::string& record) {
    Execute(
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?) "
        "INSERT INTO flows (sensor_id, epoch, number, part, stream, interface, start_ns, "
        "end_ns, proto, ether_type, orig_port, resp_port, orig_packets, orig_bytes, "
        "resp_packets, resp_bytes, community_id, service, transactions, commands, received_ns, "
        "blocks, record) SELECT ?, 7, i, 0, 0, 'eth0', 100, 200, 0, 35000, 0, 0, 1, 1, 1, 1, "
        "'', 'goose', 0, 0, 5, ?, ? FROM n",
        {std::int64_t{count}, SensorId("plant-a"), blocks, record});
  }
};

TEST_F(FlowPicksTest, ReadsBlocksTagsAndMacs) {
  AddRows(1, "[[3,2],[9,1]]",
          R"({"vlan":[5],"orig":{"mac":"02:00:00:00:00:01"},"resp":{"mac":"02:00:00:00:00:02"}})");
  const auto selector = Choose("goose");
  ASSERT_TRUE(selector);
  EXPECT_EQ((*selector)->from_ns(), 100);
  EXPECT_EQ((*selector)->to_ns(), 200);
  const StoredSegment segment{.sensor_id = SensorId("plant-a"), .epoch = 7};
  EXPECT_TRUE((*selector)->WantsBlock(segment, 4, {}));
  EXPECT_FALSE((*selector)->WantsBlock(segment, 5, {}));
  const auto bytes =
      capture::test::PacketBuilder().Eth().Vlan(5).EtherType(0x88b8).Data("01").Build();
  capture::Packet packet;
  packet.bytes = bytes;
  packet.time_ns = 150;
  capture::Decoded decoded;
  capture::Decode(packet, capture::LinkType::kEthernet, decoded);
  EXPECT_TRUE((*selector)->WantsPacket(segment, packet, decoded));
}

TEST_F(FlowPicksTest, BrokenRowsSelectNothing) {
  AddRows(1, "[[1],[\"x\",2],7,[-1,2]]", "{}");
  const auto selector = Choose("");
  ASSERT_TRUE(selector);
  const StoredSegment segment{.sensor_id = SensorId("plant-a"), .epoch = 7};
  for (std::uint64_t block = 0; block < 10; ++block) {
    EXPECT_FALSE((*selector)->WantsBlock(segment, block, {}));
  }
}

TEST_F(FlowPicksTest, CO12_TooManyFlowsAreRefused) {
  AddRows(static_cast<int>(kMaxDownloadFlows) + 1, "[]", "{}");
  const auto selector = Choose("goose");
  ASSERT_FALSE(selector);
  EXPECT_EQ(selector.error().code, base::ErrorCode::kTooLarge);
  EXPECT_EQ(Get("/api/v1/pcap", {{"filter", "goose"}, {"from", "1970-01-01"}}).status, 413);
}

}  // namespace
}  // namespace tapiary::server
