#include <algorithm>

#include "server/ingest/rows.h"
#include "tests/server/ingest/fixture.h"

namespace tapiary::server::test {
namespace {

class FlowRows : public IngestFixture {
 protected:
  static capture::FlowRecord Part(std::uint32_t part) {
    capture::FlowRecord flow;
    flow.id = {1, 2};
    flow.part = part;
    flow.orig.packets = 10 * (part + 1);
    flow.blocks = {{part * 2, 1}, {100 - part, 1}};
    return flow;
  }
  Added Add(const capture::FlowRecord& flow) {
    Added added = Added::kYes;
    EXPECT_TRUE(catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
      TAPIARY_ASSIGN(const auto wrong, server::FlowRows(5, {&flow, 1}).Add(writer, 1));
      if (!wrong.empty()) added = Added::kContradicts;
      return {};
    }));
    return added;
  }
};

TEST_F(FlowRows, PartsInAnyOrderGiveTheSameRow) {
  std::vector<std::uint32_t> order{0, 1, 2};
  do {
    for (const std::uint32_t part : order) Add(Part(part));
    EXPECT_EQ(Row("SELECT COUNT(*), MIN(part), MIN(orig_packets), MIN(blocks) FROM flows"),
              (std::vector<std::string>{"1", "2", "30", "[[0,1],[2,1],[4,1],[98,3]]"}));
    ASSERT_TRUE(catalog_->Write([](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(writer.Execute("DELETE FROM flows", {}));
      return {};
    }));
  } while (std::ranges::next_permutation(order).found);
}

TEST_F(FlowRows, AnotherFlowUnderTheSameNumberChangesNothing) {
  capture::FlowRecord flow = Part(3);
  flow.start_ns = 100;
  flow.proto = 6;
  flow.orig.ip = *capture::ParseIpAddress("10.0.0.1");
  flow.orig.port = 1025;
  flow.resp.ip = *capture::ParseIpAddress("10.0.0.2");
  flow.resp.port = 502;
  flow.resp.bytes = 9;
  flow.community_id = "1:abc";
  EXPECT_EQ(Add(flow), Added::kYes);
  EXPECT_EQ(Add(flow), Added::kYes);
  const auto stored = Row("SELECT * FROM flows");
  using Change = void (*)(capture::FlowRecord&);
  for (const Change change : std::initializer_list<Change>{
           [](auto& f) { f.start_ns = 99; },
           [](auto& f) { f.proto = 17; },
           [](auto& f) { f.ether_type = 0x800; },
           [](auto& f) { f.orig.ip = *capture::ParseIpAddress("10.0.0.3"); },
           [](auto& f) { f.resp.ip = {}; },
           [](auto& f) { f.orig.port = 1; },
           [](auto& f) { std::swap(f.orig, f.resp); },
           [](auto& f) { f.community_id = "1:abd"; },
           [](auto& f) { f.orig.packets -= 1; },
           [](auto& f) { f.resp.bytes = 0; },
       }) {
    capture::FlowRecord other = flow;
    other.part = UINT32_MAX;
    change(other);
    EXPECT_EQ(Add(other), Added::kContradicts);
    EXPECT_EQ(Row("SELECT * FROM flows"), stored);
  }
  for (const std::uint32_t part : {2u, 3u}) {  // older or the same, and more in it
    capture::FlowRecord grown = flow;
    grown.part = part;
    grown.resp.bytes = 10;
    EXPECT_EQ(Add(grown), Added::kContradicts);
    EXPECT_EQ(Row("SELECT * FROM flows"), stored);
  }
  flow.part = 4;
  flow.resp.bytes = 10;
  EXPECT_EQ(Add(flow), Added::kYes);
  EXPECT_EQ(Row("SELECT part, resp_bytes FROM flows"), (std::vector<std::string>{"4", "10"}));
}

TEST_F(FlowRows, EndsWithoutAddressAreToldByTheirMac) {
  capture::FlowRecord flow = Part(0);
  flow.orig.mac = {2, 0, 0, 0, 0, 1};
  EXPECT_EQ(Add(flow), Added::kYes);
  flow.part = 1;
  EXPECT_EQ(Add(flow), Added::kYes);
  flow.orig.mac[5] = 2;
  EXPECT_EQ(Add(flow), Added::kContradicts);
}

TEST_F(FlowRows, HostileBlockRunsDoNotOverflow) {
  capture::FlowRecord flow = Part(0);
  flow.blocks = {{UINT64_MAX, UINT32_MAX}, {5, 0}, {7, UINT32_MAX}, {8, UINT32_MAX}};
  Add(flow);
  EXPECT_EQ(Row("SELECT blocks FROM flows")[0], "[[7,4294967295],[8,4294967295]]");
}

}  // namespace
}  // namespace tapiary::server::test
