#include "server/ingest/transaction_rows.h"

#include "tests/server/ingest/fixture.h"

namespace tapiary::server::test {
namespace {

class TransactionRowsTest : public IngestFixture {
 protected:
  void Add(const std::vector<capture::Transaction>& transactions,
           std::int64_t received_ns = kTime) {
    TransactionRows rows(5, "plant-a", transactions);
    const auto written =
        catalog_->Write([&](SqlWriter& writer) { return rows.Add(writer, received_ns); });
    ASSERT_TRUE(written) << written.error().message;
  }
  static capture::Transaction Write(std::uint64_t flow, std::uint32_t number,
                                    std::uint32_t address) {
    capture::Transaction transaction;
    transaction.flow_id = {1, flow};
    transaction.number = number;
    transaction.time_ns = 77;
    transaction.protocol = "modbus";
    transaction.operation = "write_single_register";
    transaction.command = true;
    transaction.unit = 1;
    transaction.address = address;
    return transaction;
  }
  static constexpr std::int64_t kTime = 1'000'000'000;
};

TEST_F(TransactionRowsTest, EveryColumn) {
  capture::Transaction one = Write(9, 3, 40'001);
  one.orig_ip = *capture::ParseIpAddress("10.0.0.1");
  one.orig_port = 1025;
  one.resp_port = 502;
  one.code = 6;
  one.attack_technique = "T0855";
  one.community_id = "1:x";
  Add({one});
  EXPECT_EQ(
      Row("SELECT sensor_id, epoch, flow_number, number, time_ns, protocol, operation, code, "
          "unit, address, command, technique, hex(orig_ip), orig_port, resp_port, "
          "community_id, received_ns, record->>'$.sensor' FROM transactions"),
      (std::vector<std::string>{"5", "1", "9", "3", "77", "modbus", "write_single_register", "6",
                                "1", "40001", "1", "T0855", "00000000000000000000FFFF0A000001",
                                "1025", "502", "1:x", "1000000000", "plant-a"}));
  EXPECT_EQ(Count("transactions WHERE quantity IS NULL AND resp_ip IS NULL"), 1);
}

// Of one batch the first stands, of several the one that came first; the account knows each once.
TEST_F(TransactionRowsTest, WhatIsThereStays) {
  Add({Write(9, 1, 10), Write(9, 1, 11), Write(9, 2, 12)});
  Add({Write(9, 2, 13), Write(9, 3, 14), Write(8, 2, 15)}, 2 * kTime);
  EXPECT_EQ(Count("transactions"), 4);
  EXPECT_EQ(Count("transactions WHERE flow_number = 9 AND address IN (10, 12, 14)"), 3);
  EXPECT_EQ(Count("transactions WHERE flow_number = 8 AND address = 15"), 1);
  EXPECT_EQ(Row("SELECT entries FROM stored WHERE kind = 'transactions'"),
            std::vector<std::string>{"4"});
}

TEST_F(TransactionRowsTest, NoneAreNoRows) {
  Add({});
  EXPECT_EQ(Count("transactions"), 0);
  EXPECT_EQ(Count("stored"), 0);
}

}  // namespace
}  // namespace tapiary::server::test
