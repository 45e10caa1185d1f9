#include "capture/ot/registry.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

namespace tapiary::capture {
namespace {

TEST(OtRegistry, RowsAreWhole) {
  std::set<std::string_view> names;
  for (const OtProtocol* const protocol : OtProtocols()) {
    EXPECT_FALSE(protocol->service.empty());
    EXPECT_TRUE(names.insert(protocol->service).second);
    EXPECT_TRUE(protocol->tcp || protocol->udp || protocol->llc || protocol->ether_types[0] != 0);
    EXPECT_NE(protocol->recognise, nullptr);
    EXPECT_NE(protocol->make(), nullptr);
    if (!protocol->wrong_content.empty()) {
      EXPECT_TRUE(protocol->wrong_content.ends_with("-on-" + std::to_string(protocol->ports[0])))
          << protocol->wrong_content;
    }
  }
}

TEST(OtRegistry, FindsByUsualPort) {
  const OtProtocol* const modbus = UsualProtocol(6, 40000, 502);
  ASSERT_NE(modbus, nullptr);
  EXPECT_EQ(modbus->service, "modbus");
  EXPECT_EQ(UsualPortSide(*modbus, 40000, 502), 1);
  EXPECT_EQ(UsualPortSide(*modbus, 502, 802), -1);
  EXPECT_EQ(UsualProtocol(6, 0, 40000), nullptr);  // 0 in a row is no port
  EXPECT_EQ(UsualProtocol(132, 40000, 502), nullptr);
}

}  // namespace
}  // namespace tapiary::capture
