#include "server/query/field.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "capture/ot/registry.h"
#include "server/query/filter.h"

namespace tapiary::server {
namespace {

TEST(FilterField, EveryFieldIsWellFormed) {
  std::set<std::string_view> names;
  for (const FilterField& field : FilterFields()) {
    EXPECT_TRUE(names.insert(field.name).second) << field.name;
    EXPECT_EQ(FindFilterField(field.name), &field) << field.name;
    EXPECT_TRUE(field.sentence.ends_with(".") || field.sentence.ends_with("'.")) << field.name;
    EXPECT_TRUE(field.means.empty() || Filter::Parse(field.means)) << field.name;
    EXPECT_TRUE(Filter::Parse(field.name)) << field.name;  // alone: a flag, or "is there"
    bool somewhere = !field.means.empty();
    for (const FieldSql& sql : field.sql) somewhere |= !sql.absent();
    EXPECT_TRUE(somewhere) << field.name;
  }
}

TEST(FilterField, AliasesLeadToTheirField) {
  EXPECT_EQ(FindFilterField("orig.ip"), FindFilterField("ip.src"));
  EXPECT_EQ(FindFilterField("ipv6.src"), FindFilterField("ip.src"));
  EXPECT_EQ(FindFilterField("ipv6.src orig.ip"), nullptr);
  EXPECT_EQ(FindFilterField("orig"), nullptr);
  EXPECT_EQ(FindFilterField(""), nullptr);
}

TEST(FilterField, EveryOtServiceIsAWord) {
  for (const capture::OtProtocol* const protocol : capture::OtProtocols()) {
    if (protocol->service == "modbus-rtu") continue;  // its flows are modbus
    EXPECT_NE(FindFilterField(protocol->service), nullptr) << protocol->service;
  }
}

TEST(FilterField, NearestNameForMisspeltOnes) {
  EXPECT_EQ(NearestFieldName("ip.adr"), "ip.addr");
  EXPECT_EQ(NearestFieldName("IP.ADDR"), "ip.addr");
  EXPECT_EQ(NearestFieldName("modbus.funccode"), "modbus.func_code");
  EXPECT_EQ(NearestFieldName("something.else.entirely"), "");
  EXPECT_EQ(NearestFieldName(""), "");
  EXPECT_EQ(NearestFieldName(std::string(4000, 'a')), "");
}

}  // namespace
}  // namespace tapiary::server
