#include "server/api/flow_item.h"

#include "capture/packet.h"
#include "capture/record_json.h"
#include "server/ingest/rows.h"
#include "tests/server/api/fixture.h"

namespace tapiary::server {
namespace {

// What the API shows of a stored flow is what the sensor's own JSON says.
class FlowItemTest : public test::ApiFixture {
 protected:
  void ExpectSame(const capture::FlowRecord& flow) {
    const std::int64_t sensor = SensorId("plant-a");
    ASSERT_TRUE(catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(FlowRows(sensor, {&flow, 1}).Add(writer, 1'000'000'000));
      return {};
    }));
    auto shown = Json("/api/v1/flows/plant-a." + flow.id.ToString());
    auto wanted = nlohmann::json::parse(capture::ToJson(flow, "plant-a"));
    wanted["id"] = "plant-a." + flow.id.ToString();
    wanted["received"] = shown["received"];
    EXPECT_EQ(shown, wanted);
  }
  static capture::FlowRecord FullFlow() {
    capture::FlowRecord flow;
    flow.id = {7, 1};
    flow.part = 2;
    flow.stream = 3;
    flow.interface = "eth\x01";
    flow.start_ns = 1'700'000'000'123'456'789;
    flow.end_ns = flow.start_ns + 1'500'000'001;
    flow.proto = 6;
    flow.ether_type = 0x800;
    flow.vlans = {10, 20};
    flow.tunnels = {"gre", "vxlan:42"};
    std::uint8_t next = 1;
    for (capture::FlowEnd* end : {&flow.orig, &flow.resp}) {
      end->port = next++;
      end->mac = {2, 0, 0, 0, 0, next};
      end->packets = 100u + next;
      end->bytes = 1000u + next;
      end->payload_bytes = 10u + next;
      end->tcp_flags = next;
      end->missed_bytes = 20u + next;
      end->retransmitted = 30u + next;
    }
    flow.orig.ip = *capture::ParseIpAddress("10.0.0.5");
    flow.resp.ip = *capture::ParseIpAddress("10.0.0.6");
    flow.delta_packets[0] = 4;
    flow.delta_bytes[1] = 5;
    flow.community_id = "1:wCb3OG7yAFWelaUydu0D+125CLM=";
    flow.service = "modbus";
    flow.service_by = "content";
    flow.role_by = capture::RoleBy::kSynAck;
    flow.tcp_state = capture::TcpState::kMidstream;
    flow.end_reason = capture::EndReason::kEvicted;
    flow.last = true;
    flow.truncated = 1;
    flow.bad_checksums = 2;
    flow.transactions = 3;
    flow.commands = 2;
    flow.duplicates = 9;
    flow.anomalies = {{"tiny", 1}, {"odd", 2}};
    flow.counters = {{"iec104.s_frames", 3}};
    flow.labels = {{"tls.sni", "a\xff\"\\"}};
    flow.noise = "shodan";
    flow.blocks = {{1, 2}, {9, 1}};
    return flow;
  }
};

TEST_F(FlowItemTest, EveryMember) {
  ExpectSame(FullFlow());
}

TEST_F(FlowItemTest, EmptyFlow) {
  capture::FlowRecord flow;
  flow.id = {7, 2};
  ExpectSame(flow);
  flow.id = {7, 3};
  flow.start_ns = capture::kTimeUnknown;
  flow.ether_type = 0x88b8;
  ExpectSame(flow);
}

TEST_F(FlowItemTest, Ipv6AndProtocolsWithoutPorts) {
  capture::FlowRecord flow = FullFlow();
  flow.id = {7, 4};
  flow.orig.ip = *capture::ParseIpAddress("2001:db8::1");
  flow.resp.ip = *capture::ParseIpAddress("2001:db8::2");
  flow.proto = 89;
  ExpectSame(flow);
  flow.id = {7, 5};
  flow.proto = 17;
  flow.community_id = "";  // of fragments
  ExpectSame(flow);
  flow.id = {7, 6};
  flow.orig.ip.version = 6;  // an IPv6 address that looks like the catalog's form of an IPv4 one
  flow.orig.ip.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1};
  ExpectSame(flow);
}

}  // namespace
}  // namespace tapiary::server
