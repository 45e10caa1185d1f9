#include "server/ingest/flow_parts.h"

#include <fmt/core.h>

#include "server/catalog/address_filter.h"
#include "server/query/value.h"

#include "tests/server/ingest/fixture.h"

namespace tapiary::server::test {
namespace {

// The sums by time of reception are always those of the rows.
class FlowParts : public IngestFixture {
 protected:
  static capture::FlowRecord Flow(std::uint64_t number, std::uint32_t part) {
    capture::FlowRecord flow;
    flow.id = {1, number};
    flow.part = part;
    flow.orig.packets = 10 * (part + 1);
    flow.resp.bytes = number;
    return flow;
  }
  void Add(const std::vector<capture::FlowRecord>& flows, std::int64_t received_ns) {
    FlowRows rows(5, flows);
    const auto done = catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
      TAPIARY_ASSIGN(const auto wrong, rows.Add(writer, received_ns));
      EXPECT_TRUE(wrong.empty());
      return {};
    });
    EXPECT_TRUE(done) << done.error().message;
    ExpectSums();
  }
  void ExpectSums() {
    const std::string sums =
        "SELECT COUNT(*) FROM (SELECT received_ns, COUNT(*) AS n, SUM(orig_packets + "
        "resp_packets) AS p, SUM(orig_bytes + resp_bytes) AS o FROM flows GROUP BY received_ns) r ";
    const std::string match =
        "JOIN flow_batches b ON b.received_ns = r.received_ns AND b.flows = r.n AND b.packets = "
        "r.p AND b.bytes = r.o";
    EXPECT_EQ(Row(sums + match), Row(sums));
    EXPECT_EQ(Row("SELECT COUNT(*) FROM flow_batches"), Row(sums));
    for (const std::string table : {"flow_addresses", "flow_ends"}) {
      EXPECT_EQ(Row("SELECT COUNT(*) FROM flow_batches b JOIN " + table +
                    " a ON a.received_ns = b.received_ns"),
                Row("SELECT COUNT(*) FROM " + table));
    }
  }
};

// A batch is left out of a search only when none of its flows has the address, however they came
// into it.
TEST_F(FlowParts, AddressesOfABatchAreThoseOfItsFlows) {
  const auto flow = [](std::uint64_t number, std::uint32_t part) {
    capture::FlowRecord made = Flow(number, part);
    made.orig.ip = *capture::ParseIpAddress("10.0.0." + std::to_string(number));
    return made;
  };
  const auto may_have = [this](std::uint64_t number, std::int64_t received_ns) {
    const auto ip = *capture::ParseIpAddress("10.0.0." + std::to_string(number));
    return Count(
               fmt::format("flow_addresses WHERE received_ns = {} AND tapiary_may_have(filter, {})",
                           received_ns, AddressHash(ToAddressKey(ip)))) == 1;
  };
  Add({flow(1, 0), flow(2, 0)}, 100);
  Add({flow(1, 1), flow(3, 0)}, 200);
  EXPECT_TRUE(may_have(1, 100) && may_have(2, 100));
  EXPECT_FALSE(may_have(3, 100));
  EXPECT_TRUE(may_have(1, 200) && may_have(3, 200));
  EXPECT_FALSE(may_have(2, 200));
  Add({flow(4, 0)}, 200);
  EXPECT_TRUE(may_have(2, 200) && may_have(4, 200));  // two at the same time
  Add({flow(2, 1)}, 300);                             // nothing is left of the first
  EXPECT_EQ(Count("flow_addresses"), 2);
}

TEST_F(FlowParts, NewFlowsAreCounted) {
  Add({Flow(1, 0), Flow(2, 0)}, 100);
  Add({Flow(3, 0)}, 100);
  EXPECT_EQ(Row("SELECT flows FROM flow_batches"), std::vector<std::string>{"3"});
}

TEST_F(FlowParts, LaterPartMovesTheFlowToItsBatch) {
  Add({Flow(1, 0), Flow(2, 0)}, 100);
  Add({Flow(1, 1), Flow(3, 0)}, 200);
  EXPECT_EQ(Row("SELECT received_ns, part FROM flows WHERE number = 1"),
            (std::vector<std::string>{"200", "1"}));
  Add({Flow(2, 5), Flow(2, 4)}, 300);  // nothing is left of the first
  EXPECT_EQ(Row("SELECT MIN(received_ns), COUNT(*) FROM flow_batches"),
            (std::vector<std::string>{"200", "2"}));
}

TEST_F(FlowParts, EarlierPartAndRepetitionChangeNoSum) {
  Add({Flow(1, 2)}, 100);
  Add({Flow(1, 1), Flow(1, 2), Flow(1, 0)}, 200);
  EXPECT_EQ(Count("flow_batches WHERE received_ns = 100 AND flows = 1 AND packets = 30"), 1);
  EXPECT_EQ(Count("flow_batches"), 1);
}

TEST_F(FlowParts, PartsOfOneBatchJoin) {
  Add({Flow(1, 0), Flow(2, 0), Flow(1, 1), Flow(1, 2)}, 100);
  EXPECT_EQ(Row("SELECT part, orig_packets FROM flows WHERE number = 1"),
            (std::vector<std::string>{"2", "30"}));
}

}  // namespace
}  // namespace tapiary::server::test
