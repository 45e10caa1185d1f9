#include "server/retention/pinned.h"

#include "tests/server/retention/fixture.h"

namespace tapiary::server::test {
namespace {

class Pinned : public RetentionFixture {
 protected:
  // Rows of the kind that no pin holds.
  std::int64_t Free(DataKind kind, const std::string& table) {
    return Number("SELECT COUNT(*) FROM " + table + " r WHERE " + NotPinned(kind));
  }
};

TEST_F(Pinned, AWindowHoldsEverythingOfItsSensorThatTouchesIt) {
  const std::int64_t a = Sensor("a");
  const std::int64_t b = Sensor("b");
  for (const std::int64_t sensor : {a, b}) {
    for (const std::int64_t minutes : {0, 10, 20}) {
      AddPackets(sensor, At(0, minutes), 10);
      AddFlows(sensor, At(0, minutes), 1);
      AddTransactions(sensor, At(0, minutes), 1);
      AddEvents(sensor, At(0, minutes), 1);
    }
  }
  Pin(a, At(0, 10), At(0, 20));
  EXPECT_EQ(Free(DataKind::kPackets, "segments"), 4);
  EXPECT_EQ(Free(DataKind::kFlows, "flows"), 4);
  EXPECT_EQ(Free(DataKind::kTransactions, "transactions"), 4);
  EXPECT_EQ(Free(DataKind::kEvents, "events"), 4);
}

TEST_F(Pinned, AFlowHoldsItselfAndItsPacketsAndTransactions) {
  const std::int64_t a = Sensor("a");
  AddFlows(a, At(0), 2);
  AddPackets(a, At(0), 10);
  AddPackets(a, At(1), 10);
  AddTransactions(a, At(0), 2);
  const std::int64_t flow = Number("SELECT MIN(number) FROM flows");
  const std::int64_t other = Number("SELECT MIN(flow_number) FROM transactions");
  Execute("UPDATE transactions SET flow_number = ? WHERE flow_number = ?", {flow, other});
  Execute(
      "INSERT INTO pins (sensor_id, from_ns, to_ns, epoch, flow_number, note, actor, created_ns) "
      "VALUES (?, ?, ?, 1, ?, 'case 7', 'anna', 1)",
      {a, At(0), At(0), flow});
  EXPECT_EQ(Free(DataKind::kFlows, "flows"), 1);
  EXPECT_EQ(Free(DataKind::kPackets, "segments"), 1);
  EXPECT_EQ(Free(DataKind::kTransactions, "transactions"), 1);
}

}  // namespace
}  // namespace tapiary::server::test
