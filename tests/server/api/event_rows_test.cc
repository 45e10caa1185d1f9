#include "server/api/event_rows.h"

#include <gtest/gtest.h>

namespace tapiary::server {
namespace {

TEST(EventRows, ModbusFunctionOfOldAndNewConpot) {
  EXPECT_EQ(ModbusFunction(R"({"request":"b'000100000006010600280004'"})"), 6);
  EXPECT_EQ(ModbusFunction(R"({"request":"000100000006010600280004"})"), 6);
  EXPECT_EQ(ModbusFunction(R"({"data":{"request":"b'00010000000401030a0b'"}})"), 3);
  EXPECT_EQ(ModbusFunction(R"({"request":"0001","data":{"function_code":16}})"), 16);
}

TEST(EventRows, WhatIsNoModbusRequestHasNoFunction) {
  for (const char* record :
       {"", "no json", "[]", "5", "{}", R"({"request":5})", R"({"request":{"a":1}})",
        R"({"request":"b'"})", R"({"request":"b'0001000000'"})", R"({"request":"GET / HTTP/1.1"})",
        R"({"request":"b'000100000007010600280004'"})",
        R"({"request":"b'000100010006010600280004'"})", R"({"data":{"function_code":-1}})",
        R"({"data":{"function_code":1e300}})", R"({"data":{"function_code":"3"}})"}) {
    EXPECT_EQ(ModbusFunction(record), std::nullopt) << record;
  }
}

}  // namespace
}  // namespace tapiary::server
