// Runs on the catalog, SQLite or PostgreSQL.
#include "server/query/flow_lookup.h"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/ingest/rows.h"
#include "server/query/value.h"
#include "tests/base/temp_folder.h"
#include "tests/support/catalog.h"

namespace tapiary::server {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

capture::IpAddress Address(std::uint64_t number) {
  return *capture::ParseIpAddress("10.0.0." + std::to_string(number));
}

class FlowLookup : public testing::Test {
 protected:
  // Four batches, received at 1, 2, 3 and 4 s; each has two flows of each of three originators.
  void SetUp() override {
    catalog_ = std::move(*Catalog::Open(test::TestCatalog(folder_.path() + "/c.db")));
    ASSERT_TRUE(catalog_->Write([](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(writer.Execute("INSERT INTO sensors (name, created_ns) VALUES ('a', 0)", {}));
      for (std::int64_t batch = 1; batch <= 4; ++batch) {
        std::vector<capture::FlowRecord> flows(6);
        for (std::uint64_t i = 0; i < flows.size(); ++i) {
          flows[i].id = {1, static_cast<std::uint64_t>(batch) * 10 + i};
          flows[i].orig.ip = Address(i % 3);
          flows[i].resp.ip = Address(3 + i);
        }
        TAPIARY_TRY(FlowRows(1, flows).Add(writer, batch * 1'000'000'000));
      }
      return {};
    }));
  }
  std::vector<std::int64_t> Numbers(FlowSide side, const capture::IpAddress& address,
                                    std::int64_t from_s, std::int64_t to_s) {
    SqlCondition select = FlowsOfAddress("f.number", side, ToAddressKey(address),
                                         from_s * 1'000'000'000, to_s * 1'000'000'000);
    select.text += " ORDER BY f.number";
    std::vector<std::int64_t> numbers;
    EXPECT_TRUE(catalog_->Query(select.text, select.params, [&numbers](const SqlRow& row) {
      numbers.push_back(row.Int(0));
      return true;
    }));
    return numbers;
  }

  base::TempFolder folder_;
  std::unique_ptr<Catalog> catalog_;
};

TEST_F(FlowLookup, FindsTheFlowsOfAnAddressWithinTheTimes) {
  EXPECT_THAT(Numbers(FlowSide::kOriginator, Address(1), 2, 3), ElementsAre(21, 24, 31, 34));
  EXPECT_THAT(Numbers(FlowSide::kResponder, Address(7), 2, 9), ElementsAre(24, 34, 44));
  EXPECT_THAT(Numbers(FlowSide::kResponder, Address(1), 0, 9), IsEmpty());
  EXPECT_THAT(Numbers(FlowSide::kOriginator, Address(1), 5, 9), IsEmpty());
}

// Batches of before there were lists, and those of two items at the same time.
TEST_F(FlowLookup, LooksAtAllFlowsOfABatchWithoutList) {
  ASSERT_TRUE(catalog_->Write([](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(writer.Execute("DELETE FROM flow_ends WHERE received_ns < 2500000000", {}));
    TAPIARY_TRY(writer.Execute("DELETE FROM flow_addresses WHERE received_ns < 1500000000", {}));
    std::vector<capture::FlowRecord> flows(2);
    for (std::uint64_t i = 0; i < flows.size(); ++i) {
      flows[i].id = {2, 40 + i};
      flows[i].orig.ip = Address(1 + i);
    }
    TAPIARY_TRY(FlowRows(1, flows).Add(writer, 4'000'000'000));
    return {};
  }));
  EXPECT_THAT(Numbers(FlowSide::kOriginator, Address(1), 0, 9),
              ElementsAre(11, 14, 21, 24, 31, 34, 40, 41, 44));
  EXPECT_THAT(Numbers(FlowSide::kResponder, Address(8), 0, 9), ElementsAre(15, 25, 35, 45));
}

// A later part takes its flow along, and lists of before still name it.
TEST_F(FlowLookup, FindsAFlowThatWentOnOnce) {
  ASSERT_TRUE(catalog_->Write([](SqlWriter& writer) -> base::Result<> {
    std::vector<capture::FlowRecord> flows(3);
    for (auto& flow : flows) {
      flow.id = {1, 21};
      flow.orig.ip = Address(1);
      flow.resp.ip = Address(4);
    }
    flows[0].part = 1;
    flows[1].part = 2;
    flows[2].part = 2;
    TAPIARY_TRY(FlowRows(1, flows).Add(writer, 9'000'000'000));
    return {};
  }));
  EXPECT_THAT(Numbers(FlowSide::kOriginator, Address(1), 2, 2), ElementsAre(24));
  EXPECT_THAT(Numbers(FlowSide::kOriginator, Address(1), 4, 9), ElementsAre(21, 41, 44));
}

}  // namespace
}  // namespace tapiary::server
