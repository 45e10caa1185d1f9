#include "capture/ot/packed_transaction.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "capture/record_json.h"

namespace tapiary::capture {
namespace {

std::string Json(const Transaction& transaction) {
  return ToJson(transaction, {});
}

void ExpectSame(const Transaction& in) {
  const PackedTransaction packed(in);
  const Transaction out = packed.Unpack();
  EXPECT_EQ(Json(out), Json(in));
  EXPECT_EQ(out.time_ns, in.time_ns);
  EXPECT_EQ(out.values, in.values);
  EXPECT_EQ(out.detail, in.detail);
  EXPECT_EQ(out.latency_ns, in.latency_ns);
}

TEST(PackedTransaction, EmptyIsEmpty) {
  EXPECT_EQ(Json(PackedTransaction().Unpack()), Json(Transaction()));
  EXPECT_EQ(PackedTransaction().heap_bytes(), 0u);
  ExpectSame(Transaction());
}

TEST(PackedTransaction, KeepsWhatADecoderSets) {
  Transaction in;
  in.time_ns = 1'700'000'000'123'456'789;
  in.protocol = "modbus";
  in.operation = "write_multiple_registers";
  in.code = 16;
  in.unit = 0;  // there, though zero
  in.address = std::numeric_limits<std::uint64_t>::max();
  in.quantity = 2;
  in.values = {0, -1, 1, std::numeric_limits<std::int64_t>::min(),
               std::numeric_limits<std::int64_t>::max()};
  in.status = TransactionStatus::kException;
  in.exception = 0xffffffff;
  in.latency_ns = -5;
  in.command = true;
  in.attack_technique = "T0855";
  in.detail = {{"key", std::string("\0\xff any", 6)}, {"empty", ""}};
  in.anomalies = {"truncated", "pending-limit"};
  ExpectSame(in);
  in.time_ns = kTimeUnknown;
  in.code = -1;
  ExpectSame(in);
}

TEST(PackedTransaction, AnyNumbersComeBack) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 1000; ++i) {
    Transaction in;
    in.time_ns = static_cast<std::int64_t>(random() >> (random() % 64));
    in.code = static_cast<std::int32_t>(random());
    if (random() % 2 != 0) in.address = random() >> (random() % 64);
    if (random() % 2 != 0) in.latency_ns = static_cast<std::int64_t>(random());
    in.values.resize(random() % 200);
    for (std::int64_t& value : in.values) {
      value = static_cast<std::int64_t>(random()) >> (random() % 64);
    }
    in.operation = std::string(random() % 300, 'x');
    ExpectSame(in);
  }
}

TEST(PackedTransaction, IsSmall) {
  Transaction in;
  in.time_ns = 1'700'000'000'123'456'789;
  in.protocol = "modbus";
  in.operation = "write_multiple_registers";
  in.unit = 1;
  in.address = 100;
  in.quantity = 10;
  in.values.assign(10, 1234);
  in.command = true;
  in.attack_technique = "T0855";
  EXPECT_LT(PackedTransaction(in).heap_bytes(), 110u);
  EXPECT_GT(sizeof in + HeapBytes(in), 500u);
}

}  // namespace
}  // namespace tapiary::capture
