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
  void Add(const capture::FlowRecord& flow) {
    ASSERT_TRUE(catalog_->Write([&flow](SqlWriter& writer) {
      return AddFlow(writer, {5, "plant-a", 1}, flow);
    }));
  }
};

TEST_F(FlowRows, PartsInAnyOrderGiveTheSameRow) {
  std::vector<std::uint32_t> order{0, 1, 2};
  do {
    for (const std::uint32_t part : order) Add(Part(part));
    EXPECT_EQ(Row("SELECT COUNT(*), part, orig_packets, blocks, record->>'$.blocks', "
                  "record->>'$.orig.packets' FROM flows"),
              (std::vector<std::string>{"1", "2", "30", "[[0,1],[2,1],[4,1],[98,3]]",
                                        "[[0,1],[2,1],[4,1],[98,3]]", "30"}));
    ASSERT_TRUE(catalog_->Write([](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(writer.Execute("DELETE FROM flows", {}));
      return {};
    }));
  } while (std::ranges::next_permutation(order).found);
}

TEST_F(FlowRows, HostileBlockRunsDoNotOverflow) {
  capture::FlowRecord flow = Part(0);
  flow.blocks = {{UINT64_MAX, UINT32_MAX}, {5, 0}, {7, UINT32_MAX}, {8, UINT32_MAX}};
  Add(flow);
  EXPECT_EQ(Row("SELECT blocks FROM flows")[0], "[[7,4294967295],[8,4294967295]]");
}

}  // namespace
}  // namespace tapiary::server::test
